// The right to play a video: URLs, and cookies that come with them and end after some hours.
import { sameOrigin } from "../origin.js";

const LOOK_MILLISECONDS = 30_000;
// Renewed with a third of its life left: films with pauses, laptops that slept.
const USED_SHARE = 2 / 3;

export class Grant {
  #api;
  #videoId;
  #signal;
  #renewAt = 0;
  #renewal = null;

  constructor(api, videoId, signal) {
    this.#api = api;
    this.#videoId = videoId;
    this.#signal = signal;
  }

  /** Asks for the URLs, sets the cookies and keeps them fresh until the signal ends. Throws ApiError. */
  async open() {
    const urls = await this.renew();
    const look = () => Date.now() >= this.#renewAt && this.renew().catch(() => {});
    const timer = setInterval(look, LOOK_MILLISECONDS);
    document.addEventListener("visibilitychange", look, { signal: this.#signal });
    window.addEventListener("online", look, { signal: this.#signal });
    this.#signal.addEventListener("abort", () => clearInterval(timer));
    return urls;
  }

  /** New cookies now; one request however many ask. */
  renew() {
    this.#renewal ??= this.#ask().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #ask() {
    const { mp4Url, hlsUrl, posterUrl, thumbnailsUrl, expiresAt } = await this.#api.playback(this.#videoId, this.#signal);
    const now = Date.now();
    this.#renewAt = now + (Date.parse(expiresAt) - now) * USED_SHARE;
    return { mp4: sameOrigin(mp4Url), hls: sameOrigin(hlsUrl), poster: sameOrigin(posterUrl), thumbnails: sameOrigin(thumbnailsUrl) };
  }
}
