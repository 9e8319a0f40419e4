import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ApiError } from "../src/api.js";
import { Source } from "../src/player/source.js";

const MANY_TURNS = 2000;
const NETWORK = 2;
const NOT_SUPPORTED = 4;
const URLS = { hls: "/video.m3u8", mp4: "/video.mp4" };
const noHlsJs = async () => {
  throw new TypeError("Failed to fetch dynamically imported module");
};

let ownNavigator;

beforeEach(() => {
  ownNavigator = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
  globalThis.window = Object.assign(new EventTarget(), { MediaSource: class {} });
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(console, "warn", () => {});
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  delete globalThis.window;
  delete globalThis.navigator;
  if (ownNavigator) Object.defineProperty(globalThis, "navigator", ownNavigator);
});

class FakeVideo extends EventTarget {
  loaded = [];
  currentTime = 0;
  paused = true;
  error = null;

  constructor({ playsHls = false } = {}) {
    super();
    this.playsHls = playsHls;
  }

  set src(url) {
    this.loaded.push(url);
    this.currentTime = 0;
    this.error = null;
  }

  canPlayType() {
    return this.playsHls ? "maybe" : "";
  }

  removeAttribute() {}

  load() {}

  async play() {
    this.paused = false;
  }

  fail(code) {
    this.error = { code };
    this.dispatchEvent(new Event("error"));
  }
}

async function until(condition) {
  for (let turn = 0; !condition(); turn += 1) {
    assert.ok(turn < MANY_TURNS, "it never came to be");
    mock.timers.tick(500);
    await new Promise(setImmediate);
  }
}

async function open(video, { renew = async () => {}, loadHls = noHlsJs } = {}) {
  const life = new AbortController();
  const source = new Source(video, URLS, { renew, signal: life.signal, loadHls });
  const seen = { failed: false, end: () => life.abort() };
  source.addEventListener("failed", () => (seen.failed = true));
  await source.open();
  return { source, seen };
}

test("a library that does not load leaves the browser's own ways", async () => {
  const native = await open(new FakeVideo({ playsHls: true }));
  assert.equal(native.source.kind, "native");
  const mp4 = await open(new FakeVideo());
  assert.equal(mp4.source.kind, "mp4");
});

test("a line that breaks again and again only delays a film, which goes on where it was", async () => {
  const video = new FakeVideo();
  let renewed = 0;
  const { source, seen } = await open(video, { renew: async () => (renewed += 1) });
  video.paused = false;
  for (let cut = 1; cut <= 10; cut += 1) {
    video.currentTime = 40 + cut;
    video.fail(NETWORK);
    await until(() => video.loaded.length === cut + 1);
    await until(() => video.currentTime === 40 + cut);
  }
  assert.equal(source.kind, "mp4");
  assert.equal(seen.failed, false);
  assert.equal(video.paused, false);
  assert.equal(renewed, 10);
});

test("a film is not loaded again before the API answers", async () => {
  const video = new FakeVideo();
  let answers = false;
  let asked = 0;
  const renew = async () => {
    asked += 1;
    if (!answers) throw new ApiError(0, "no_connection", "");
  };
  const { seen } = await open(video, { renew });
  // What a browser says of an address that does not answer at the first load.
  video.fail(NOT_SUPPORTED);
  await until(() => asked > 5);
  assert.equal(video.loaded.length, 1);
  answers = true;
  await until(() => video.loaded.length === 2);
  assert.equal(seen.failed, false);
});

test("an error that new cookies do not mend leads to the next way, and at last to a message", async () => {
  const video = new FakeVideo({ playsHls: true });
  const { source, seen } = await open(video);
  video.fail(NOT_SUPPORTED);
  await until(() => video.loaded.length === 2);
  video.fail(NOT_SUPPORTED);
  await until(() => source.kind === "mp4");
  for (const loads of [4, null]) {
    video.fail(NOT_SUPPORTED);
    await until(() => (loads ? video.loaded.length === loads : seen.failed));
  }
  assert.deepEqual(video.loaded, [URLS.hls, URLS.hls, URLS.mp4, URLS.mp4]);
});

test("cookies are renewed as often as they end while a film plays", async () => {
  const video = new FakeVideo();
  const { seen } = await open(video);
  for (let time = 1; time <= 3; time += 1) {
    video.fail(NOT_SUPPORTED);
    await until(() => video.loaded.length === time + 1);
    video.dispatchEvent(new Event("playing"));
  }
  assert.equal(seen.failed, false);
});

test("nothing is loaded once the screen is left", async () => {
  const video = new FakeVideo();
  const { seen } = await open(video);
  video.fail(NETWORK);
  seen.end();
  for (let turn = 0; turn < 100; turn += 1) {
    mock.timers.tick(500);
    await new Promise(setImmediate);
  }
  assert.equal(video.loaded.length, 1);
});
