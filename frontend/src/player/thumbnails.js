// Pictures for moments of a video: a WebVTT file whose cues name images. Pure but for `fetchThumbnails`.
// https://www.w3.org/TR/webvtt1/

import { sameOrigin } from "../origin.js";

/** `[{ start, end, url, area }]` in seconds, in order; `area` is `{ x, y, width, height }` of a sprite, or null. */
export function parseThumbnails(text, fileUrl) {
  const cues = [];
  for (const block of text.replace(/\r\n?/g, "\n").split(/\n{2,}/)) {
    const lines = block.split("\n");
    const at = lines.findIndex((line) => line.includes("-->"));
    if (at === -1 || !lines[at + 1]) continue;
    const [start, end] = lines[at].split("-->").map(seconds);
    if (Number.isFinite(start) && end > start) cues.push({ start, end, ...imageOf(lines[at + 1].trim(), fileUrl) });
  }
  return cues.sort((a, b) => a.start - b.start);
}

/** The cue of a moment, or null. */
export function thumbnailAt(cues, moment) {
  let low = 0;
  let high = cues.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (moment < cues[middle].start) high = middle - 1;
    else if (moment >= cues[middle].end) low = middle + 1;
    else return cues[middle];
  }
  return null;
}

/** The cues of a file; none where there is none. */
export async function fetchThumbnails(url) {
  try {
    const response = await fetch(url);
    return response.ok ? parseThumbnails(await response.text(), url) : [];
  } catch {
    return [];
  }
}

function seconds(stamp) {
  const found = /(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)/.exec(stamp);
  return found ? Number(found[1] ?? 0) * 3600 + Number(found[2]) * 60 + Number(found[3]) : Number.NaN;
}

function imageOf(reference, fileUrl) {
  const [name, fragment = ""] = reference.split("#");
  const base = new URL(fileUrl, "https://site.invalid");
  const area = /^xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)$/.exec(fragment);
  const [x, y, width, height] = area ? area.slice(1).map(Number) : [];
  // Always of our own origin, whatever the file says.
  return { url: sameOrigin(new URL(name, base).href), area: area ? { x, y, width, height } : null };
}
