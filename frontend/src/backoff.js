// Pauses between attempts: growing, with a part left to chance, never long.
import { childOf } from "./signals.js";

const FIRST_MILLISECONDS = 400;
const LONGEST_MILLISECONDS = 20_000;

/** Milliseconds to wait after failed attempt number `attempt` (from 1); `random` is between 0 and 1. */
export function pauseBefore(attempt, random = Math.random()) {
  const whole = Math.min(LONGEST_MILLISECONDS, FIRST_MILLISECONDS * 2 ** (attempt - 1));
  return whole / 2 + (whole / 2) * random;
}

/** Waits; rejects with the signal's reason when it is aborted. */
export function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
    function done() {
      signal?.removeEventListener("abort", stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}

/** As `sleep`, but ends as soon as the connection is back. */
export async function sleepUntilOnline(milliseconds, signal) {
  const pause = childOf(signal);
  const wake = () => pause.abort();
  window.addEventListener("online", wake, { once: true });
  try {
    await sleep(milliseconds, pause.signal);
  } catch {
    if (signal?.aborted) throw signal.reason;
  } finally {
    window.removeEventListener("online", wake);
    pause.release();
  }
}
