// Where a person left each video, kept by the browser. Pure but for the two functions that read and write.
import { remember, remembered } from "../preferences.js";

const KEY = "positions";
const MOST_VIDEOS = 300;
// Not worth going back to: just begun, or as good as over.
const BEGUN_SECONDS = 5;
const OVER_SECONDS = 15;

/** The map with one more position; the oldest ones fall out. Maps are plain objects: id → [seconds, when]. */
export function withPosition(positions, videoId, seconds, now) {
  const { [videoId]: _, ...rest } = positions;
  const entries = [...Object.entries(rest), [videoId, [Math.floor(seconds), now]]];
  return Object.fromEntries(entries.sort(([, a], [, b]) => a[1] - b[1]).slice(-MOST_VIDEOS));
}

/** Where to go on: 0 when hardly begun or nearly over. */
export function usefulPosition(seconds, duration) {
  if (!Number.isFinite(seconds) || seconds < BEGUN_SECONDS) return 0;
  return Number.isFinite(duration) && seconds > duration - OVER_SECONDS ? 0 : seconds;
}

export function savePosition(videoId, seconds) {
  remember(KEY, JSON.stringify(withPosition(read(), videoId, seconds, Date.now())));
}

export function savedPosition(videoId, duration) {
  return usefulPosition(read()[videoId]?.[0], duration);
}

function read() {
  try {
    const positions = JSON.parse(remembered(KEY));
    return positions && typeof positions === "object" ? positions : {};
  } catch {
    return {};
  }
}
