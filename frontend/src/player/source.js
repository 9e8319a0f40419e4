// Gets a video into a <video>: adaptive by hls.js, adaptive by the browser itself, or the one MP4, whichever works first.
import { pauseBefore, sleepUntilOnline } from "../backoff.js";
import { childOf } from "../signals.js";
import { carryCaptions } from "./captions.js";

const HLS_TYPE = "application/vnd.apple.mpegurl";
const MOST_MEDIA_REPAIRS = 2;
const MOST_RENEWALS = 3;
// The browser does not say whether it was refused: once with new cookies tells.
const MOST_URL_RENEWALS = 1;
// https://html.spec.whatwg.org/multipage/media.html#dom-mediaerror-media_err_network
const MEDIA_ERR_NETWORK = 2;
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
  #loadHls;
  #hls = null;
  // Ends with the way that is open, so that its listeners do not hear of the next one's troubles.
  #way = childOf(null);

  kind = null;
  /** `[{ id, height }]`, best first; empty where the browser chooses by itself. */
  qualities = [];
  quality = AUTOMATIC;
  playing = null;

  constructor(video, urls, { renew, signal, loadHls = () => import("hls.js") }) {
    super();
    this.#video = video;
    this.#urls = urls;
    this.#renew = renew;
    this.#signal = signal;
    this.#loadHls = loadHls;
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
    this.#way.abort();
    this.#way.release();
    this.#hls?.destroy();
    this.#hls = null;
    this.qualities = [];
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  async #openHlsJs() {
    if (!("MediaSource" in window || "ManagedMediaSource" in window)) return false;
    const Hls = await this.#hlsJs();
    if (this.#signal.aborted || !Hls?.isSupported()) return false;
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

  /** The library, or null when it does not load: no connection for a moment, or a new release has replaced it. */
  async #hlsJs() {
    try {
      return (await this.#loadHls()).default;
    } catch (error) {
      console.warn("hls.js did not load", error);
      return null;
    }
  }

  async #openNative() {
    if (!this.#video.canPlayType(HLS_TYPE)) return false;
    return this.#openUrl("native", this.#urls.hls);
  }

  #openMp4() {
    return this.#openUrl("mp4", this.#urls.mp4);
  }

  /**
   * Lets the browser load `url`. A lost line is waited for, without end; any other error gets new cookies once between
   * two times that it plays, then the next way.
   */
  #openUrl(kind, url) {
    this.kind = kind;
    this.#way = childOf(this.#signal);
    const { signal } = this.#way;
    let renewals = 0;
    let retries = 0;
    const load = () => {
      this.#video.addEventListener("error", failed, { once: true, signal });
      this.#video.src = url;
    };
    const failed = async () => {
      const { currentTime, paused, error } = this.#video;
      let isLost = !navigator.onLine || error?.code === MEDIA_ERR_NETWORK;
      if (!isLost && renewals >= MOST_URL_RENEWALS) return this.#next();
      if (!isLost) renewals += 1;
      do {
        if (isLost) await sleepUntilOnline(pauseBefore((retries += 1)), signal).catch(() => {});
        isLost = await this.#isLineLost();
      } while (isLost && !signal.aborted);
      if (signal.aborted) return;
      load();
      this.#video.currentTime = currentTime;
      if (!paused) this.#video.play().catch(() => {});
    };
    this.#video.addEventListener(
      "playing",
      () => {
        renewals = 0;
        retries = 0;
      },
      { signal },
    );
    load();
    return true;
  }

  /** Asks for new cookies; whether nothing answered. What is refused tells by itself at the next load. */
  async #isLineLost() {
    try {
      await this.#renew();
      return false;
    } catch (error) {
      return error?.isPassing === true;
    }
  }

  #tell() {
    this.dispatchEvent(new CustomEvent("qualities"));
  }
}
