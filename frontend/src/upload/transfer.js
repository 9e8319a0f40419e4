// One file's way into S3, from wherever it was left: what has arrived is never sent again.
import { ApiError } from "../api.js";
import { pauseBefore, sleep, sleepUntilOnline } from "../backoff.js";
import { PartPlan } from "./parts.js";
import { SendError, put } from "./send.js";

// More gains nothing on one line and only ages the signed URLs.
const PARTS_AT_A_TIME = 3;
// Part URLs live an hour: they are asked for a few at a time. The API allows 100.
const URLS_PER_REQUEST = 20;
const ASSEMBLY_POLL_MILLISECONDS = 1500;
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
 * `record` is `{ name, type, size, videoId, plan }`; what becomes of it is told by `save()` before anything else
 * happens. `onProgress(bytes)` gets the sum; `onWaiting(isWaiting)` says that the connection is being waited for,
 * `onReplaced(videoId)` that this video is gone, because the upload has begun again as another.
 * Lost connections and expired URLs are dealt with here, without end; ends by `signal` or for good by an error.
 */
export async function transfer({ api, file, record, save, onProgress, onWaiting, onReplaced, signal }) {
  const persist = persistence(onWaiting, signal);
  const context = { api, file, record, save, onProgress, onWaiting, onReplaced, signal, persist };
  if (record.videoId && !record.plan && (await hasArrived(context))) return record.videoId;
  for (let refusals = 0; ; refusals += 1) {
    if (!record.videoId) await announce(context);
    try {
      if (record.plan) await sendParts(context);
      else await sendWhole(context);
      return record.videoId;
    } catch (error) {
      // A single PUT cannot get another URL: it starts again as a new video.
      if (!(error instanceof SendError && error.isExpired && !record.plan) || refusals >= MOST_REFUSALS) throw gone(error);
      await startAgain(context);
    }
  }
}

const gone = (error) => (error instanceof ApiError && ["not_found", "wrong_state"].includes(error.code) ? new UploadGoneError() : error);

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

async function announce({ api, record, save, signal, persist }) {
  const answer = await persist(() => api.newUpload(record.name, record.type, record.size, signal));
  record.videoId = answer.videoId;
  record.plan = answer.multipart;
  await save();
  // Held in memory only.
  record.single = answer.uploadUrl && { url: answer.uploadUrl, headers: answer.headers };
}

/** Whether a PUT whose answer was lost has arrived after all; one that has not starts again. */
async function hasArrived(context) {
  const { api, record, signal, persist } = context;
  if (record.single) return false;
  try {
    const video = await persist(() => api.video(record.videoId, signal));
    if (video.status !== "uploading") return true;
    await startAgain(context);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    record.videoId = null;
  }
  return false;
}

async function startAgain({ api, record, save, onReplaced, persist }) {
  const former = record.videoId;
  record.videoId = null;
  record.single = null;
  await save();
  await persist(() => api.delete(former));
  onReplaced(former);
}

async function sendWhole({ file, record, onProgress, signal, persist }) {
  const { url, headers } = record.single;
  await persist(async (attempt) => {
    try {
      await put(url, file, { headers, onProgress, signal });
    } catch (error) {
      // `If-None-Match: *`: an attempt whose answer was lost did arrive.
      if (attempt > 1 && error instanceof SendError && error.status === 412) return;
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
  const failed = new AbortController();
  const inner = { ...context, signal: AbortSignal.any([context.signal, failed.signal]) };
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
