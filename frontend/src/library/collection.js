// The person's videos as far as the page knows them: loaded page by page, kept up to date while they change.
import { SessionEndedError } from "../account/session-end.js";
import { sleep } from "../backoff.js";

const POLL_MILLISECONDS = 1500;
// A long queue is asked about in turns, so that it costs no more than a short one.
const POLLED_AT_A_TIME = 5;
const CHANGING = new Set(["uploaded", "converting"]);

/** Dispatches "changed" whenever `videos` or `state` is another. */
export class Collection extends EventTarget {
  #api;
  #videos = new Map();
  #deleted = new Set();
  #polled = 0;
  #expected = new Set();
  // Videos that are known to be there and were never answered: asked for until they are.
  #wanted = new Set();

  /** "loading" until the first page is there, then "partial" until the last one is, "complete"; or "failed". */
  state = "loading";
  error = null;

  constructor(api) {
    super();
    this.#api = api;
  }

  get videos() {
    return [...this.#videos.values()];
  }

  get(videoId) {
    return this.#videos.get(videoId);
  }

  /** Loads everything, then follows what changes until `signal` ends. */
  async load(signal) {
    await this.reload(signal);
    document.addEventListener("visibilitychange", () => document.hidden || this.#refreshNewest(signal), { signal });
    await this.#follow(signal);
  }

  /** Loads all pages, one after the other; what is loaded can be used meanwhile. */
  async reload(signal) {
    this.#become(this.#videos.size ? "partial" : "loading");
    try {
      let cursor = null;
      do {
        const page = await this.#api.videos(cursor, signal);
        cursor = page.nextCursor;
        this.#merge(page.videos);
        this.#become(cursor ? "partial" : "complete");
      } while (cursor);
    } catch (error) {
      if (signal?.aborted || error instanceof SessionEndedError) return;
      this.error = error;
      this.#become("failed");
    }
  }

  /** A video that somebody else of the page has news of. */
  put(video) {
    this.#merge([video]);
    this.#changed();
  }

  async refresh(videoId) {
    this.put(await this.#api.video(videoId));
  }

  /** This video has just been made: it is asked for until it is there. */
  welcome(videoId) {
    if (!this.#videos.has(videoId)) this.#wanted.add(videoId);
    // What does not answer now is asked at the next poll.
    this.refresh(videoId).catch(() => {});
  }

  /** All bytes of this video have been sent: it is about to change. */
  expect(videoId) {
    this.#expected.add(videoId);
    this.welcome(videoId);
  }

  async rename(videoId, title) {
    this.put(await this.#api.rename(videoId, title));
  }

  async retry(videoId) {
    this.put(await this.#api.retry(videoId));
    await this.refresh(videoId);
  }

  async delete(videoId) {
    await this.#api.delete(videoId);
    this.forget(videoId);
  }

  forget(videoId) {
    // An answer that was under way must not bring it back.
    this.#deleted.add(videoId);
    this.#wanted.delete(videoId);
    this.#videos.delete(videoId);
    this.#changed();
  }

  async #refreshNewest(signal) {
    try {
      this.#merge((await this.#api.videos(null, signal)).videos);
      this.#changed();
    } catch {
      // What is shown stays as it was.
    }
  }

  async #follow(signal) {
    while (!signal.aborted) {
      try {
        await sleep(POLL_MILLISECONDS, signal);
        if (!document.hidden) await this.#poll(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof SessionEndedError)) console.warn("videos were not refreshed", error);
      }
    }
  }

  async #poll(signal) {
    const changing = this.videos.filter((video) => this.#isChanging(video)).map(({ videoId }) => videoId);
    const asked = [...this.#wanted, ...changing];
    const turn = Array.from({ length: Math.min(POLLED_AT_A_TIME, asked.length) }, (_, index) => asked[(this.#polled + index) % asked.length]);
    this.#polled += turn.length;
    await Promise.all(turn.map((videoId) => this.#pollOne(videoId, signal)));
  }

  async #pollOne(videoId, signal) {
    try {
      this.put(await this.#api.video(videoId, signal));
    } catch (error) {
      if (error.code !== "not_found") throw error;
      this.forget(videoId);
    }
  }

  #isChanging({ videoId, status }) {
    return CHANGING.has(status) || (status === "uploading" && this.#expected.has(videoId));
  }

  #merge(videos) {
    for (const video of videos) {
      if (!video?.videoId || this.#deleted.has(video.videoId)) continue;
      this.#wanted.delete(video.videoId);
      this.#videos.set(video.videoId, video);
    }
  }

  #become(state) {
    this.state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("changed"));
  }
}
