// One file's way into S3, from wherever it was left: what has arrived is never sent again.
import { ApiError } from "../api.js";
import { pauseBefore, sleep, sleepUntilOnline } from "../backoff.js";
import { childOf } from "../signals.js";
import { PartPlan } from "./parts.js";
import { SendError, put } from "./send.js";
import { standingOf } from "./standing.js";

// More gains nothing on one line and only ages the signed URLs.
const PARTS_AT_A_TIME = 3;
// Part URLs live an hour: they are asked for a few at a time. The API allows 100.
const URLS_PER_REQUEST = 20;
const ASSEMBLY_POLL_MILLISECONDS = 1500;
// For so long the API believes that S3 is putting parts together (ASSEMBLY_LIMIT in part_uploads.py): so do we.
const ASSEMBLY_LIMIT_MILLISECONDS = 3_600_000;
// The server's `createdAt` and its `Date` header have whole seconds.
const CLOCK_MILLISECONDS = 1000;
// Fresh URLs that S3 refuses one after the other are not a matter of time.
const MOST_REFUSALS = 4;

/** The video was deleted meanwhile, or its parts were given up: this upload cannot go on. */
export class UploadGoneError extends Error {
  name = "UploadGoneError";
  code = "not_found";
}

/**
 * Sends `file` as `record` says and resolves to the id of its video.
 *
 * `record` is `{ name, type, size, videoId, plan, announcedSince }`; what becomes of it is told by `save()` before anything
 * else happens. `onProgress(bytes)` gets the sum; `onWaiting(isWaiting)` says that the connection is being waited for,
 * `onReplaced(videoId)` that this video is gone, because the upload has begun again as another. `mayBeOthers(videoId)`
 * resolves to whether a video of the same name and size may be another upload's.
 * Lost connections and expired URLs are dealt with here, without end; ends by `signal` or for good by an error.
 */
export async function transfer({ api, file, record, save, onProgress, onWaiting, onReplaced, mayBeOthers, signal }) {
  const persist = persistence(onWaiting, signal);
  const context = { api, file, record, save, onProgress, onWaiting, onReplaced, mayBeOthers, signal, persist };
  if (record.videoId && !record.single && (await hasArrived(context))) return record.videoId;
  for (let refusals = 0; ; refusals += 1) {
    if (!record.videoId) await announce(context);
    try {
      if (record.plan) await sendParts(context);
      else await sendWhole(context);
      return record.videoId;
    } catch (error) {
      if (isOver(error)) return settled(context, ASSEMBLY_LIMIT_MILLISECONDS);
      // A single PUT cannot get another URL: it starts again as a new video, unless it is there after all.
      if (!(error instanceof SendError && error.isExpired && !record.plan) || refusals >= MOST_REFUSALS) throw error;
      if (await hasArrived(context)) return record.videoId;
    }
  }
}

/** Whether an error says that no more bytes are wanted: all have arrived, or the upload is gone. */
const isOver = (error) => (error instanceof ApiError && ["not_found", "wrong_state"].includes(error.code)) || (error instanceof SendError && error.isOver);

/** Repeats what fails for want of a connection, waiting longer each time, until it succeeds. */
function persistence(onWaiting, signal) {
  return async (act) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await act(attempt);
        onWaiting(false);
        return answer;
      } catch (error) {
        if (signal.aborted || !error.isPassing) throw error;
        onWaiting(true);
        await sleepUntilOnline(pauseBefore(attempt), signal);
      }
    }
  };
}

async function announce(context) {
  const { api, record, save, signal, persist } = context;
  let isRepeated = false;
  const answer = await persist(async () => {
    isRepeated = Boolean(record.announcedSince);
    await deleteLost(context);
    // Noted first: whatever becomes of the answer or of the page, the video that it makes is looked for.
    record.announcedSince ??= Date.now();
    await save();
    try {
      return await api.newUpload(record.name, record.type, record.size, signal);
    } catch (error) {
      // A plain no has made nothing.
      if (!isRepeated && error instanceof ApiError && !error.isLost) record.announcedSince = null;
      throw error;
    }
  });
  record.videoId = answer.videoId;
  record.plan = answer.multipart;
  if (!isRepeated) record.announcedSince = null;
  await save();
  // Held in memory only.
  record.single = answer.uploadUrl && { url: answer.uploadUrl, headers: answer.headers };
  if (!isRepeated) return;
  // The last of the lost ones may have been late.
  await persist(() => deleteLost(context));
  record.announcedSince = null;
  await save();
}

/** Deletes what announcements made whose answers were lost: nobody would ever fill those videos. */
async function deleteLost({ api, record, signal, onReplaced, mayBeOthers }) {
  if (!record.announcedSince) return;
  const { videos, serverTime } = await api.newestVideos(signal);
  // By the server's clock, whatever this device's says.
  const since = serverTime - (Date.now() - record.announcedSince) - CLOCK_MILLISECONDS;
  const isLost = (video) =>
    video.status === "uploading" && video.videoId !== record.videoId && video.fileName === record.name && video.size === record.size && Date.parse(video.createdAt) >= since;
  for (const { videoId } of videos.filter(isLost)) {
    if (await mayBeOthers(videoId)) continue;
    await deleteIfThere(api, videoId);
    onReplaced(videoId);
  }
}

async function deleteIfThere(api, videoId) {
  try {
    await api.delete(videoId);
  } catch (error) {
    if (error.code !== "not_found") throw error;
  }
}

/**
 * Whether an upload that was begun before has arrived after all. Of one that has not, what S3 holds in parts is used;
 * a single PUT starts again. Throws UploadGoneError for parts that were given up.
 */
async function hasArrived(context) {
  const { record } = context;
  const standing = await standingNow(context);
  if (standing === "whole") return true;
  if (record.plan && standing === "gone") throw new UploadGoneError();
  if (!record.plan) await startAgain(context);
  return false;
}

/** Resolves to the video's id once all of it has arrived. While it only may be assembled, waits `patience` milliseconds. */
async function settled(context, patience) {
  for (let waited = 0; ; waited += ASSEMBLY_POLL_MILLISECONDS) {
    const standing = await standingNow(context);
    if (standing === "whole") return context.record.videoId;
    if (standing === "gone" || waited >= patience) throw new UploadGoneError();
    await sleep(ASSEMBLY_POLL_MILLISECONDS, context.signal);
  }
}

async function standingNow({ api, record, signal, persist }) {
  try {
    return standingOf(await persist(() => api.video(record.videoId, signal)));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    return "gone";
  }
}

async function startAgain({ api, record, save, onReplaced, persist }) {
  const former = record.videoId;
  record.videoId = null;
  record.single = null;
  await save();
  await persist(() => deleteIfThere(api, former));
  onReplaced(former);
}

async function sendWhole({ file, record, onProgress, signal, persist }) {
  const { url, headers } = record.single;
  await persist(async () => {
    try {
      await put(url, file, { headers, onProgress, signal });
    } catch (error) {
      if (error instanceof SendError && error.isThere) return;
      onProgress(0);
      throw error;
    }
  });
}

async function sendParts(context) {
  const { api, record, signal, persist } = context;
  const plan = new PartPlan({ size: record.size, ...record.plan });
  for (let round = 1; ; round += 1) {
    const sent = plan.whole(await allHeld(context));
    await sendMissing(context, plan, sent);
    const parts = [...sent].sort(([a], [b]) => a - b).map(([partNumber, etag]) => ({ partNumber, etag }));
    try {
      return await persist(() => assemble(api, record.videoId, parts, signal));
    } catch (error) {
      // Who answers `complete` has looked for the object: nothing is being put together any more.
      if (isOver(error)) return settled(context, 0);
      // S3 does not hold what we believe it does: look again, once.
      if (!(error instanceof ApiError) || error.status !== 400 || round > 1) throw error;
    }
  }
}

async function allHeld({ api, record, signal, persist }) {
  const held = [];
  for (let after = 0; after !== null; ) {
    const page = await persist(() => api.heldParts(record.videoId, after, signal));
    held.push(...page.parts);
    after = page.nextAfter;
  }
  return held;
}

async function assemble(api, videoId, parts, signal) {
  while (!(await api.completeUpload(videoId, parts, signal)).isWhole) await sleep(ASSEMBLY_POLL_MILLISECONDS, signal);
}

/** Sends the parts that are not in `sent` and adds them to it. */
async function sendMissing(context, plan, sent) {
  const missing = plan.missing(sent);
  const failed = childOf(context.signal);
  const inner = { ...context, signal: failed.signal };
  inner.persist = persistence(context.onWaiting, inner.signal);
  const urls = new UrlSupply(inner, missing);
  const loaded = new Map();
  const report = () => context.onProgress(plan.bytesOf(sent.keys()) + sum(loaded.values()));
  report();
  const queue = [...missing];
  const worker = async () => {
    while (queue.length) {
      const number = queue.shift();
      const etag = await sendPart(inner, plan, urls, number, (bytes) => report(loaded.set(number, bytes)));
      loaded.delete(number);
      sent.set(number, etag);
      report();
    }
  };
  try {
    await Promise.all(Array.from({ length: PARTS_AT_A_TIME }, worker));
  } catch (error) {
    failed.abort(error);
    throw error;
  } finally {
    failed.release();
  }
}

async function sendPart({ file, signal, persist }, plan, urls, number, onProgress) {
  const start = plan.start(number);
  const body = file.slice(start, start + plan.length(number));
  for (let refusals = 0; ; refusals += 1) {
    try {
      return await persist(async (attempt) => {
        const url = await urls.url(number, { again: refusals > 0 || attempt > 1 });
        try {
          return await put(url, body, { onProgress, signal });
        } catch (error) {
          onProgress(0);
          throw error;
        }
      });
    } catch (error) {
      if (!(error instanceof SendError) || !error.isExpired || refusals >= MOST_REFUSALS) throw error;
      await sleep(pauseBefore(refusals + 1), signal);
    }
  }
}

/** Hands out part URLs, a few asked for at a time in the order they are needed. */
class UrlSupply {
  #context;
  #numbers;
  #urls = new Map();
  #asking = Promise.resolve();

  constructor(context, numbers) {
    this.#context = context;
    this.#numbers = numbers;
  }

  /** `again`: the one handed out before did not work. */
  url(number, { again }) {
    const next = this.#asking.then(() => this.#next(number, again));
    this.#asking = next.catch(() => {});
    return next;
  }

  async #next(number, again) {
    if (again || !this.#urls.has(number)) await this.#ask(number, again);
    const url = this.#urls.get(number);
    this.#urls.delete(number);
    return url;
  }

  async #ask(number, again) {
    const { api, record, signal } = this.#context;
    const start = this.#numbers.indexOf(number);
    const numbers = again ? [number] : this.#numbers.slice(start, start + URLS_PER_REQUEST);
    const { parts } = await api.signParts(record.videoId, numbers, signal);
    for (const { partNumber, url } of parts) this.#urls.set(partNumber, url);
  }
}

function sum(numbers) {
  let total = 0;
  for (const each of numbers) total += each;
  return total;
}
