// All uploads of this page: which goes when, and what becomes of each.
import { apiErrorKey } from "../api-errors.js";
import { SessionEndedError } from "../account/session-end.js";
import { mayBeOthers } from "./claims.js";
import { fingerprintOf } from "./fingerprint.js";
import { SNIFFED_BYTES, contentTypeOf, refusalOf } from "./kinds.js";
import { Rate, secondsLeft } from "./rate.js";
import { deleteRecord, readRecords, saveRecord } from "./records.js";
import { standingOf } from "./standing.js";
import { transfer } from "./transfer.js";

const FILES_AT_A_TIME = 2;
const ACTIVE = new Set(["waiting", "sending", "offline"]);
const STARTABLE = new Set(["paused", "failed", "needs-file", "signed-out"]);

/**
 * One upload as the page shows it. `state` is one of
 * waiting, sending, offline (waits for a connection), paused, signed-out, needs-file (the page was loaded again and the
 * browser cannot open the file by itself), done, failed (`problem` says why), refused (never begun).
 */
class Upload {
  sent = 0;
  problem = null;
  controller = null;
  release = () => {};

  constructor(record, file, state) {
    this.record = record;
    this.file = file;
    this.state = state;
    this.rate = new Rate();
  }

  get id() {
    return this.record.id;
  }

  get canStart() {
    return STARTABLE.has(this.state);
  }

  get share() {
    return this.record.size ? this.sent / this.record.size : 0;
  }

  get isActive() {
    return ACTIVE.has(this.state);
  }

  get secondsLeft() {
    return secondsLeft(this.record.size - this.sent, this.rate.perSecond());
  }
}

/** Dispatches "changed" when any upload has. */
export class UploadQueue extends EventTarget {
  #api;
  #owner;
  #collection;
  #stopped = false;
  #beforeUnload = (event) => event.preventDefault();
  #warns = false;

  uploads = [];

  constructor({ api, owner, collection }) {
    super();
    this.#api = api;
    this.#owner = owner;
    this.#collection = collection;
  }

  /** Takes up what an earlier load of the page left. */
  async restore() {
    for (const record of await readRecords(this.#owner)) {
      const release = await hold(record.id);
      // Another tab is at it.
      if (!release) continue;
      const file = await reopen(record.handle);
      const upload = new Upload(record, file, !file ? "needs-file" : record.isPaused ? "paused" : "waiting");
      upload.sent = record.sent ?? 0;
      upload.release = release;
      this.uploads.push(upload);
      if (!upload.isActive) this.#endIfWhole(upload);
    }
    this.#advance();
  }

  /**
   * Adds `[{ file, handle }]`; what cannot be a video is refused, or left out when `quietly` (a folder's other files).
   * Resolves to how many may be videos.
   */
  async add(chosen, { quietly = false } = {}) {
    let taken = 0;
    for (const { file, handle } of chosen) {
      const refusal = await this.#take(file, handle);
      if (!refusal) taken += 1;
      else if (!quietly) this.#refuse(file, refusal);
    }
    return taken;
  }

  pause(upload) {
    if (!upload.isActive) return;
    upload.state = "paused";
    upload.controller?.abort();
    this.#save(upload, { isPaused: true });
    this.#advance();
  }

  /** Goes on; `pickAgain()` resolves to `{ file, handle }` or null where the file has to be picked again. */
  async resume(upload, pickAgain) {
    if (!upload.canStart) return { started: false };
    if (!upload.file) {
      const found = (await askForFile(upload.record.handle)) ?? (await pickAgain());
      if (!found) return { started: false };
      if ((await fingerprintOf(found.file)) !== upload.record.fingerprint) return { started: false, isOther: true };
      upload.file = found.file;
      upload.record.handle = found.handle;
    }
    upload.problem = null;
    upload.state = "waiting";
    this.#save(upload, { isPaused: false });
    this.#advance();
    return { started: true };
  }

  /** Gives an upload up: its parts and its video go too. */
  async cancel(upload) {
    upload.controller?.abort();
    this.#remove(upload);
    if (!upload.record.videoId || upload.state === "done") return;
    try {
      await this.#collection.delete(upload.record.videoId);
    } catch (error) {
      if (error.code !== "not_found") throw error;
    }
  }

  /** The upload that fills this video, or null. */
  uploadOf(videoId) {
    return this.uploads.find(({ record }) => record.videoId === videoId) ?? null;
  }

  /** The video is about to be deleted elsewhere on the page. */
  async forgetVideo(videoId) {
    const upload = this.uploadOf(videoId);
    if (!upload) return;
    upload.controller?.abort();
    this.#remove(upload);
  }

  pauseAll() {
    for (const upload of this.uploads) this.pause(upload);
  }

  /** Starts whatever can go on without asking. */
  resumeAll() {
    for (const upload of this.uploads) if (upload.canStart && upload.file) this.resume(upload, async () => null);
  }

  clearEnded() {
    for (const upload of this.uploads.filter(({ state }) => state === "done" || state === "refused")) this.#remove(upload);
  }

  /** The person has signed in again. */
  wake() {
    for (const upload of this.uploads) if (upload.state === "signed-out") upload.state = "waiting";
    this.#advance();
  }

  /** The page forgets its uploads; the browser keeps their records. */
  stop() {
    this.#stopped = true;
    for (const upload of this.uploads) {
      upload.controller?.abort();
      upload.release();
    }
    this.uploads = [];
    this.#changed();
  }

  /** Of everything that is going up: `{ count, sent, size, perSecond, secondsLeft }`. */
  get totals() {
    const going = this.uploads.filter(({ state }) => state !== "refused" && state !== "failed");
    const add = (pick) => going.reduce((total, upload) => total + pick(upload), 0);
    const perSecond = this.uploads.filter(({ state }) => state === "sending").reduce((total, { rate }) => total + rate.perSecond(), 0);
    const sent = add((upload) => upload.sent);
    const size = add((upload) => upload.record.size);
    return { count: going.filter(({ state }) => state !== "done").length, sent, size, perSecond, secondsLeft: secondsLeft(size - sent, perSecond) };
  }

  /** Accepts a file, or answers why it is refused. */
  async #take(file, handle) {
    try {
      const refusal = await whyRefused(file);
      if (!refusal) await this.#accept(file, handle);
      return refusal;
    } catch (error) {
      // Moved since, forbidden, or a stand-in for what lies in a cloud. The files after it are not to blame.
      console.warn("a file could not be read", error);
      return "refusal.unreadable";
    }
  }

  async #accept(file, handle) {
    const fingerprint = await fingerprintOf(file);
    const known = this.uploads.find(({ record, state }) => record.fingerprint === fingerprint && state === "needs-file");
    if (known) return this.resume(known, async () => ({ file, handle }));
    if (this.uploads.some(({ record, state }) => record.fingerprint === fingerprint && ACTIVE.has(state))) return;
    const record = {
      id: crypto.randomUUID(),
      owner: this.#owner,
      name: file.name,
      size: file.size,
      type: contentTypeOf(file.name, file.type),
      fingerprint,
      handle,
      videoId: null,
      plan: null,
      isPaused: false,
      addedAt: Date.now(),
    };
    const upload = new Upload(record, file, "waiting");
    upload.release = (await hold(record.id)) ?? (() => {});
    this.uploads.push(upload);
    await this.#save(upload, {});
    this.#advance();
  }

  #refuse(file, problem) {
    const upload = new Upload({ id: crypto.randomUUID(), name: file.name, size: file.size }, file, "refused");
    upload.problem = problem;
    this.uploads.push(upload);
    this.#changed();
  }

  #remove(upload) {
    this.uploads = this.uploads.filter((each) => each !== upload);
    upload.release();
    deleteRecord(upload.id);
    this.#advance();
  }

  #advance() {
    if (this.#stopped) return;
    const running = this.uploads.filter(({ controller }) => controller).length;
    const next = this.uploads.filter(({ state, controller }) => state === "waiting" && !controller);
    for (const upload of next.slice(0, Math.max(0, FILES_AT_A_TIME - running))) this.#run(upload);
    this.#changed();
  }

  async #run(upload) {
    const controller = new AbortController();
    upload.controller = controller;
    upload.state = "sending";
    upload.rate.clear();
    try {
      const videoId = await transfer({
        api: this.#api,
        file: upload.file,
        record: upload.record,
        signal: controller.signal,
        save: () => this.#saveAnnounced(upload),
        onProgress: (bytes) => this.#progress(upload, bytes),
        onWaiting: (isWaiting) => this.#become(upload, isWaiting ? "offline" : "sending"),
        onReplaced: (videoId) => this.#collection.forget(videoId),
        mayBeOthers: (videoId) => this.#mayBeOthers(upload, videoId),
      });
      await this.#end(upload, videoId);
    } catch (error) {
      if (!controller.signal.aborted) this.#fail(upload, error);
    } finally {
      upload.controller = null;
      this.#advance();
    }
  }

  async #end(upload, videoId) {
    upload.sent = upload.record.size;
    upload.state = "done";
    upload.release();
    await deleteRecord(upload.id);
    this.#collection.expect(videoId);
  }

  /** The page may have been closed when all was sent and only the answer was missing: then nobody needs the file again. */
  async #endIfWhole(upload) {
    const { videoId } = upload.record;
    if (!videoId) return;
    try {
      const video = await this.#api.video(videoId);
      if (standingOf(video) !== "whole" || !upload.canStart) return;
      await this.#end(upload, videoId);
      this.#changed();
    } catch {
      // Whoever goes on with it asks again.
    }
  }

  /** Also with what other tabs are at. */
  async #mayBeOthers({ record }, videoId) {
    const inTabs = await readRecords(this.#owner);
    return mayBeOthers(videoId, record, [...this.uploads.map((upload) => upload.record), ...inTabs]);
  }

  async #saveAnnounced(upload) {
    await this.#save(upload, {});
    if (upload.record.videoId) this.#collection.welcome(upload.record.videoId);
  }

  #progress(upload, bytes) {
    // Bytes that go are a connection, long before a whole part has arrived.
    if (bytes > upload.sent) this.#become(upload, "sending");
    upload.sent = bytes;
    upload.rate.add(bytes, performance.now());
    this.#changed();
  }

  #become(upload, state) {
    if (upload.state === state || !upload.isActive) return;
    upload.state = state;
    this.#changed();
  }

  #fail(upload, error) {
    if (error instanceof SessionEndedError || error.code === "unauthorized") {
      upload.state = "signed-out";
      return;
    }
    upload.state = "failed";
    if (error.name === "NotReadableError" || error.name === "NotFoundError") {
      // The file was moved or changed while it was read.
      upload.file = null;
      upload.state = "needs-file";
      return;
    }
    upload.problem = error.name === "UploadGoneError" ? "upload.gone" : error.name === "SendError" ? "upload.storageRefused" : apiErrorKey(error);
    if (error.name === "UploadGoneError") Object.assign(upload.record, { videoId: null, plan: null, single: null });
  }

  async #save(upload, changes) {
    Object.assign(upload.record, changes, { sent: upload.sent });
    // What was given up while it was being noted does not come back.
    if (!this.uploads.includes(upload)) return;
    // The signed URL stays in memory.
    const { single, ...kept } = upload.record;
    await saveRecord(kept);
  }

  #changed() {
    const warns = this.uploads.some(({ isActive }) => isActive);
    if (warns !== this.#warns) {
      this.#warns = warns;
      if (warns) window.addEventListener("beforeunload", this.#beforeUnload);
      else window.removeEventListener("beforeunload", this.#beforeUnload);
    }
    this.dispatchEvent(new CustomEvent("changed"));
  }
}

async function whyRefused(file) {
  const head = new Uint8Array(await file.slice(0, SNIFFED_BYTES).arrayBuffer());
  return refusalOf(file, head);
}

/** A lock that other tabs see, as the function that lets it go; null when another tab has it. */
function hold(id) {
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    navigator.locks.request(`sstech-video-upload-${id}`, { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(null);
      return new Promise((release) => resolve(release));
    });
  });
}

/** The file behind a handle, when the browser may open it without asking. */
async function reopen(handle) {
  try {
    return handle && (await handle.queryPermission({ mode: "read" })) === "granted" ? await handle.getFile() : null;
  } catch {
    return null;
  }
}

async function askForFile(handle) {
  try {
    if (!handle || (await handle.requestPermission({ mode: "read" })) !== "granted") return null;
    return { file: await handle.getFile(), handle };
  } catch {
    return null;
  }
}
