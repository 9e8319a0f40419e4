// How fast bytes go, over the last seconds. Pure: the clock comes with each call.

const WINDOW_MILLISECONDS = 8000;
const FEWEST_MILLISECONDS = 500;

export class Rate {
  #samples = [];

  /** `total` bytes were sent by `now` (milliseconds). A total that shrank (a failed attempt) starts again. */
  add(total, now) {
    const last = this.#samples.at(-1);
    if (last && total < last.total) this.#samples = [];
    this.#samples.push({ total, now });
    while (this.#samples.length > 2 && this.#samples[0].now < now - WINDOW_MILLISECONDS) this.#samples.shift();
  }

  clear() {
    this.#samples = [];
  }

  /** Bytes per second, or 0 as long as nothing can be said. */
  perSecond() {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    const milliseconds = first ? last.now - first.now : 0;
    return milliseconds < FEWEST_MILLISECONDS ? 0 : ((last.total - first.total) / milliseconds) * 1000;
  }
}

/** Seconds until `left` bytes are sent, or null when it cannot be told. */
export function secondsLeft(left, perSecond) {
  return perSecond > 0 ? Math.ceil(left / perSecond) : null;
}
