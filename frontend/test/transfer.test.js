import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ApiError } from "../src/api.js";
import { sleepUntilOnline } from "../src/backoff.js";
import { childOf } from "../src/signals.js";
import { SendError, codeIn } from "../src/upload/send.js";
import { standingOf } from "../src/upload/standing.js";
import { transfer } from "../src/upload/transfer.js";

const MANY_TURNS = 20_000;
const PART = 10;
const s3Error = (code) => `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>x</Message></Error>`;
const lost = () => new ApiError(0, "no_connection", "no answer");
const wrongState = () => new ApiError(409, "wrong_state", "its upload is over");
const gone = () => new ApiError(404, "not_found", "no such video");

/** Answers of S3, one for each PUT: `[status, body]`; then 200. */
let answers;
let puts;

class FakeRequest extends EventTarget {
  upload = new EventTarget();

  open(_method, url) {
    this.url = url;
  }

  setRequestHeader() {}

  getResponseHeader() {
    return `"etag of ${this.url}"`;
  }

  send() {
    puts.push(this.url);
    [this.status, this.responseText] = answers.shift() ?? [200, ""];
    queueMicrotask(() => this.dispatchEvent(new Event(this.status ? "load" : "error")));
  }

  abort() {
    this.dispatchEvent(new Event("abort"));
  }
}

beforeEach(() => {
  answers = [];
  puts = [];
  globalThis.window = new EventTarget();
  globalThis.XMLHttpRequest = FakeRequest;
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-03-01T12:00:00Z") });
});

afterEach(() => {
  mock.timers.reset();
  delete globalThis.window;
  delete globalThis.XMLHttpRequest;
});

/** What `promise` comes to, with time passing as fast as it can. */
async function outcome(promise) {
  let end = null;
  promise.then(
    (value) => (end = { value }),
    (error) => (end = { error }),
  );
  for (let turn = 0; !end; turn += 1) {
    assert.ok(turn < MANY_TURNS, "it never ended");
    mock.timers.tick(500);
    await new Promise(setImmediate);
  }
  return end;
}

/** The API as the site sees it: an upload in parts whose parts are all there, unless told otherwise. */
function fakeApi(more = {}) {
  const calls = [];
  const api = {
    newUpload: async () => ({ videoId: "new", uploadUrl: "https://s3/new", headers: {}, multipart: null }),
    newestVideos: async () => ({ videos: [], serverTime: Date.now() }),
    video: async () => ({ status: "uploading" }),
    heldParts: async () => ({ parts: [1, 2, 3].map((partNumber) => ({ partNumber, size: PART, etag: `e${partNumber}` })), nextAfter: null }),
    signParts: async (_videoId, numbers) => ({ parts: numbers.map((partNumber) => ({ partNumber, url: `https://s3/part-${partNumber}` })) }),
    completeUpload: async () => ({ isWhole: true }),
    delete: async () => {},
    ...more,
  };
  for (const [name, act] of Object.entries(api)) {
    api[name] = (...values) => {
      calls.push(name);
      return act(...values);
    };
  }
  return { ...api, calls };
}

const small = (more = {}) => ({ name: "a.mp4", type: "video/mp4", size: 30, videoId: null, plan: null, ...more });
const large = (more = {}) => small({ videoId: "known", plan: { partSize: PART, partCount: 3 }, ...more });

function send(api, record, more = {}) {
  const seen = { replaced: [], saved: 0 };
  const promise = transfer({
    api,
    record,
    file: new Blob(["x".repeat(30)]),
    save: async () => (seen.saved += 1),
    onProgress: () => {},
    onWaiting: () => {},
    onReplaced: (videoId) => seen.replaced.push(videoId),
    mayBeOthers: async () => false,
    signal: new AbortController().signal,
    ...more,
  });
  return { promise, seen };
}

test("a large upload that was completed before the page closed is done, and nothing is sent again", async () => {
  for (const status of ["uploaded", "converting", "ready"]) {
    const api = fakeApi({
      video: async () => ({ status }),
      heldParts: async () => {
        throw wrongState();
      },
    });
    assert.deepEqual(await outcome(send(api, large()).promise), { value: "known" });
    assert.deepEqual(api.calls, ["video"]);
    assert.deepEqual(puts, []);
  }
});

test("a large upload that S3 is still putting together is waited for", async () => {
  let asked = 0;
  const api = fakeApi({
    video: async () => ({ status: (asked += 1) < 40 ? "uploading" : "uploaded" }),
    heldParts: async () => {
      throw wrongState();
    },
  });
  assert.deepEqual(await outcome(send(api, large()).promise), { value: "known" });
  assert.deepEqual(puts, []);
});

test("a large upload is gone when its video is, when it was given up, and when no assembly comes to an end", async () => {
  const ends = [
    async () => {
      throw gone();
    },
    async () => ({ status: "failed", error: { code: "upload_abandoned" } }),
    async () => ({ status: "uploading" }),
  ];
  for (const video of ends) {
    const api = fakeApi({
      video,
      heldParts: async () => {
        throw wrongState();
      },
    });
    const { error } = await outcome(send(api, large()).promise);
    assert.equal(error?.name, "UploadGoneError");
    assert.deepEqual(puts, []);
  }
});

test("an upload whose last answer is `over` is judged by its video", async () => {
  const refusing = async () => {
    throw wrongState();
  };
  let asked = 0;
  const rejected = fakeApi({ completeUpload: refusing, video: async () => ((asked += 1) === 1 ? { status: "uploading" } : { status: "failed", error: { code: "no_video" } }) });
  assert.deepEqual(await outcome(send(rejected, large()).promise), { value: "known" });
  // The API has looked for the object: there is nothing to wait for.
  const lostParts = fakeApi({ completeUpload: refusing });
  assert.equal((await outcome(send(lostParts, large()).promise)).error?.name, "UploadGoneError");
  assert.equal(lostParts.calls.filter((name) => name === "video").length, 2);
});

test("a video that is deleted while its parts go up ends the upload as gone", async () => {
  let asked = 0;
  const api = fakeApi({
    heldParts: async () => ({ parts: [], nextAfter: null }),
    video: async () => {
      if ((asked += 1) > 1) throw gone();
      return { status: "uploading" };
    },
  });
  answers = [[404, s3Error("NoSuchUpload")], [404, s3Error("NoSuchUpload")], [404, s3Error("NoSuchUpload")]];
  assert.equal((await outcome(send(api, large()).promise)).error?.name, "UploadGoneError");
});

test("parts go up where the browser cannot combine signals, with pauses between attempts", async () => {
  const any = AbortSignal.any;
  AbortSignal.any = undefined;
  try {
    answers = [[0, ""], [503, ""], [400, s3Error("RequestTimeout")]];
    const api = fakeApi({ heldParts: async () => ({ parts: [], nextAfter: null }) });
    assert.deepEqual(await outcome(send(api, large()).promise), { value: "known" });
    assert.equal(puts.length, 6);
    let isOver = false;
    const pause = sleepUntilOnline(1000, new AbortController().signal).then(() => (isOver = true));
    await new Promise(setImmediate);
    assert.equal(isOver, false);
    mock.timers.tick(1000);
    await pause;
  } finally {
    AbortSignal.any = any;
  }
});

test("a single PUT goes on after what S3 calls passing", async () => {
  answers = [[400, s3Error("RequestTimeout")], [409, s3Error("ConditionalRequestConflict")], [409, s3Error("OperationAborted")]];
  assert.deepEqual(await outcome(send(fakeApi(), small()).promise), { value: "new" });
  assert.equal(puts.length, 4);
});

test("a single PUT that S3 refuses for good fails", async () => {
  answers = [[400, s3Error("EntityTooLarge")]];
  const { error } = await outcome(send(fakeApi(), small()).promise);
  assert.equal(error?.code, "EntityTooLarge");
});

test("a single PUT that arrived just as it was paused is there", async () => {
  answers = [[412, s3Error("PreconditionFailed")]];
  const paused = small({ videoId: "known", single: { url: "https://s3/known", headers: {} } });
  assert.deepEqual(await outcome(send(fakeApi(), paused).promise), { value: "known" });
});

test("a single PUT whose URL ended after it had arrived is not sent again", async () => {
  answers = [[0, ""], [403, s3Error("AccessDenied")]];
  const api = fakeApi({ video: async () => ({ status: "converting" }) });
  assert.deepEqual(await outcome(send(api, small()).promise), { value: "new" });
  assert.ok(!api.calls.includes("delete"));
});

/** A server that makes a video at each announcement; the first `losses` answers never arrive. */
function forgetful(losses, { clockOff = 0, others = [] } = {}) {
  const made = [...others];
  const deleted = [];
  const now = () => Date.now() + clockOff;
  const api = fakeApi({
    newUpload: async (fileName, _type, size) => {
      const videoId = `video-${made.length}`;
      made.unshift({ videoId, status: "uploading", fileName, size, createdAt: new Date(now()).toISOString() });
      if (made.length - others.length <= losses) throw lost();
      return { videoId, uploadUrl: "https://s3/new", headers: {}, multipart: null };
    },
    newestVideos: async () => ({ videos: made.filter(({ videoId }) => !deleted.includes(videoId)), serverTime: now() }),
    delete: async (videoId) => deleted.push(videoId),
  });
  return { api, deleted };
}

test("announcements whose answers were lost leave no videos behind", async () => {
  for (const clockOff of [0, -7_200_000, 7_200_000]) {
    const { api, deleted } = forgetful(2, { clockOff });
    const { promise, seen } = send(api, small());
    assert.deepEqual(await outcome(promise), { value: "video-2" });
    assert.deepEqual(deleted, ["video-0", "video-1"]);
    assert.deepEqual(seen.replaced, deleted);
  }
});

test("of lost announcements only what this upload made is deleted", async () => {
  const video = (videoId, more) => ({ videoId, status: "uploading", fileName: "a.mp4", size: 30, createdAt: new Date(Date.now()).toISOString(), ...more });
  const others = [
    video("older", { createdAt: new Date(Date.now() - 60_000).toISOString() }),
    video("other-size", { size: 31 }),
    video("other-name", { fileName: "b.mp4" }),
    video("arrived", { status: "converting" }),
    video("of-another-tab"),
  ];
  const { api, deleted } = forgetful(1, { others });
  await outcome(send(api, small(), { mayBeOthers: async (videoId) => videoId === "of-another-tab" }).promise);
  assert.deepEqual(deleted, ["video-5"]);
});

test("an announcement under way when the page closed is looked for by the next one", async () => {
  const { api, deleted } = forgetful(0);
  const record = small();
  let kept = null;
  const save = async () => {
    const { single, ...rest } = record;
    kept = structuredClone(rest);
  };
  const made = new Promise((resolve) => {
    const answering = api.newUpload;
    const closed = { ...api, newUpload: async (...values) => (await answering(...values), resolve(), new Promise(() => {})) };
    send(closed, record, { save });
  });
  await made;
  mock.timers.tick(5000);
  assert.deepEqual(await outcome(send(api, kept).promise), { value: "video-1" });
  assert.deepEqual(deleted, ["video-0"]);
  assert.equal(kept.announcedSince, null);
});

test("too many requests lose nothing", async () => {
  let asked = 0;
  const api = fakeApi({
    newUpload: async () => {
      if ((asked += 1) === 1) throw new ApiError(429, "too_many_requests", "");
      return { videoId: "new", uploadUrl: "https://s3/new", headers: {}, multipart: null };
    },
  });
  assert.deepEqual(await outcome(send(api, small()).promise), { value: "new" });
  assert.ok(!api.calls.includes("newestVideos"));
});

test("an upload stands as its video says", () => {
  assert.equal(standingOf({ status: "uploading" }), "open");
  for (const status of ["uploaded", "converting", "ready"]) assert.equal(standingOf({ status }), "whole");
  assert.equal(standingOf({ status: "failed", error: { code: "no_video" } }), "whole");
  assert.equal(standingOf({ status: "failed", error: { code: "upload_abandoned" } }), "gone");
});

test("S3's code is read from its answer, and from nothing else", () => {
  assert.equal(codeIn(s3Error("RequestTimeout")), "RequestTimeout");
  for (const answer of ["", null, "<html>no</html>", "<Code>a b</Code>"]) assert.equal(codeIn(answer), "");
  assert.equal(new SendError(400, "RequestTimeout").isPassing, true);
  assert.equal(new SendError(400).isPassing, false);
  assert.equal(new SendError(502).isPassing, true);
});

test("a pause ends when the connection is back, and with its signal", async () => {
  const pause = sleepUntilOnline(60_000, new AbortController().signal);
  window.dispatchEvent(new Event("online"));
  await pause;
  const stopped = new AbortController();
  const other = sleepUntilOnline(60_000, stopped.signal);
  stopped.abort(new Error("stopped"));
  await assert.rejects(other, /stopped/);
  await assert.rejects(sleepUntilOnline(60_000, stopped.signal), /stopped/);
});

test("a child signal follows its parent until it lets go", () => {
  const parent = new AbortController();
  const [kept, released, own] = [childOf(parent.signal), childOf(parent.signal), childOf(undefined)];
  released.release();
  own.abort(new Error("own"));
  parent.abort(new Error("parent"));
  assert.match(kept.signal.reason.message, /parent/);
  assert.equal(released.signal.aborted, false);
  assert.match(own.signal.reason.message, /own/);
  assert.match(childOf(parent.signal).signal.reason.message, /parent/);
});
