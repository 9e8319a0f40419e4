// Gets a video into a <video>: adaptive by hls.js, adaptive by the browser itself, or the one MP4, whichever works first.
import { pauseBefore, sleepUntilOnline } from "../backoff.js";
import { carryCaptions } from "./captions.js";

const HLS_TYPE = "application/vnd.apple.mpegurl";
const MOST_MEDIA_REPAIRS = 2;
const MOST_RENEWALS = 3;
const AUTOMATIC = -1;
// Loaded ahead at most: nobody pays for a film that they leave after a minute.
const MOST_SECONDS_AHEAD = 60;

/**
 * Plays `urls` in `video`. Dispatches "qualities" when `qualities` are known or another is playing, and "failed" when
 * nothing can play it. `kind` is "hls.js", "native" or "mp4".
 */
export class Source extends EventTarget {
  #video;
  #urls;
  #renew;
  #signal;
  #ways;
  #hls = null;

  kind = null;
  /** `[{ id, height }]`, best first; empty where the browser chooses by itself. */
  qualities = [];
  quality = AUTOMATIC;
  playing = null;

  constructor(video, urls, { renew, signal }) {
    super();
    this.#video = video;
    this.#urls = urls;
    this.#renew = renew;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#close());
  }

  async open() {
    this.#ways = [() => this.#openHlsJs(), () => this.#openNative(), () => this.#openMp4()];
    await this.#next();
  }

  setQuality(id) {
    this.quality = id;
    if (this.#hls) this.#hls.nextLevel = id;
  }

  /** The next way that this browser has, from where playing was. */
  async #next() {
    const { currentTime, paused } = this.#video;
    this.#close();
    while (this.#ways.length) {
      if (await this.#ways.shift()()) {
        if (currentTime > 0) this.#video.currentTime = currentTime;
        if (!paused) this.#video.play().catch(() => {});
        return;
      }
    }
    this.dispatchEvent(new CustomEvent("failed"));
  }

  #close() {
    this.#hls?.destroy();
    this.#hls = null;
    this.qualities = [];
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  async #openHlsJs() {
    if (!("MediaSource" in window || "ManagedMediaSource" in window)) return false;
    const { default: Hls } = await import("hls.js");
    if (this.#signal.aborted || !Hls.isSupported()) return false;
    // Without a worker: the page's policy allows no scripts from blobs (docs/site-security.md).
    const hls = new Hls({ enableWorker: false, renderTextTracksNatively: false, capLevelToPlayerSize: true, maxMaxBufferLength: MOST_SECONDS_AHEAD });
    carryCaptions(hls, Hls.Events, this.#video, this.#signal);
    let repairs = 0;
    let renewals = 0;
    let retries = 0;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      const known = hls.levels.map(({ height }, id) => ({ id, height }));
      this.qualities = known.sort((a, b) => b.height - a.height);
      this.#tell();
    });
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => {
      this.playing = hls.levels[level]?.height ?? null;
      this.#tell();
    });
    hls.on(Hls.Events.FRAG_LOADED, () => {
      retries = 0;
      renewals = 0;
    });
    hls.on(Hls.Events.ERROR, async (_, { fatal, type, response }) => {
      if (!fatal) {
        // hls.js tries the same again by itself: with new cookies it gets through.
        if (response?.code === 403 && renewals < MOST_RENEWALS) {
          renewals += 1;
          this.#renew().catch(() => {});
        }
        return;
      }
      if (type === Hls.ErrorTypes.MEDIA_ERROR && repairs < MOST_MEDIA_REPAIRS) {
        repairs += 1;
        return hls.recoverMediaError();
      }
      if (type !== Hls.ErrorTypes.NETWORK_ERROR) return this.#next();
      if (response?.code === 403 && renewals < MOST_RENEWALS) {
        renewals += 1;
        await this.#renew().catch(() => {});
      } else if (response?.code >= 400 && response.code < 500) {
        return this.#next();
      } else {
        retries += 1;
        await sleepUntilOnline(pauseBefore(retries), this.#signal).catch(() => {});
      }
      if (this.#signal.aborted || this.#hls !== hls) return;
      if (hls.levels.length) hls.startLoad();
      else hls.loadSource(this.#urls.hls);
    });
    hls.loadSource(this.#urls.hls);
    hls.attachMedia(this.#video);
    this.#hls = hls;
    this.kind = "hls.js";
    return true;
  }

  async #openNative() {
    if (!this.#video.canPlayType(HLS_TYPE)) return false;
    return this.#openUrl("native", this.#urls.hls);
  }

  #openMp4() {
    return this.#openUrl("mp4", this.#urls.mp4);
  }

  /** Lets the browser load `url`; an error renews the cookies first, then goes on to the next way. */
  #openUrl(kind, url) {
    this.kind = kind;
    let renewals = 0;
    const failed = async () => {
      const { currentTime, paused } = this.#video;
      if (renewals >= 1) return this.#next();
      renewals += 1;
      await this.#renew().catch(() => {});
      if (this.#signal.aborted || this.kind !== kind) return;
      this.#video.addEventListener("error", failed, { once: true, signal: this.#signal });
      this.#video.src = url;
      this.#video.currentTime = currentTime;
      if (!paused) this.#video.play().catch(() => {});
    };
    this.#video.addEventListener("error", failed, { once: true, signal: this.#signal });
    this.#video.src = url;
    return true;
  }

  #tell() {
    this.dispatchEvent(new CustomEvent("qualities"));
  }
}
