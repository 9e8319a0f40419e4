import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseBefore, sleep } from "../src/backoff.js";
import { mayBeOthers } from "../src/upload/claims.js";
import { fingerprintOf } from "../src/upload/fingerprint.js";
import { MAX_FILE_BYTES, contentTypeOf, looksLikeNoVideo, refusalOf } from "../src/upload/kinds.js";
import { PartPlan } from "../src/upload/parts.js";
import { Rate, secondsLeft } from "../src/upload/rate.js";

const bytes = (...values) => new Uint8Array(values);
const MP4_HEAD = bytes(0, 0, 0, 24, 0x66, 0x74, 0x79, 0x70);

test("parts cover a file exactly, in order and without overlap", () => {
  for (const [size, partSize] of [[104857601, 16777216], [33554432, 16777216], [5497558138880, 550502400]]) {
    const plan = new PartPlan({ size, partSize, partCount: Math.ceil(size / partSize) });
    let at = 0;
    for (let number = 1; number <= plan.partCount; number += 1) {
      assert.equal(plan.start(number), at);
      assert.ok(plan.length(number) > 0 && plan.length(number) <= partSize);
      at += plan.length(number);
    }
    assert.equal(at, size);
  }
});

test("a part of a wrong length is sent again", () => {
  const plan = new PartPlan({ size: 25, partSize: 10, partCount: 3 });
  const held = [
    { partNumber: 1, size: 10, etag: "a" },
    { partNumber: 2, size: 9, etag: "b" },
    { partNumber: 3, size: 5, etag: "c" },
    { partNumber: 4, size: -5, etag: "d" },
  ];
  const sent = plan.whole(held);
  assert.deepEqual([...sent], [[1, "a"], [3, "c"]]);
  assert.deepEqual(plan.missing(sent), [2]);
  assert.equal(plan.bytesOf(sent.keys()), 15);
});

test("a video is known by its name or by what the browser says", () => {
  assert.equal(contentTypeOf("clip.MKV", ""), "video/x-matroska");
  assert.equal(contentTypeOf("tape.mxf", "application/octet-stream"), "application/mxf");
  assert.equal(contentTypeOf("no-extension", "video/x-flv"), "video/x-flv");
  assert.equal(contentTypeOf("movie.mp4.exe", ""), null);
  assert.equal(contentTypeOf("photo.jpg", "image/jpeg"), null);
});

test("what cannot be a video is refused with its reason", () => {
  assert.equal(refusalOf({ name: "a.mp4", type: "video/mp4", size: 9 }, MP4_HEAD), null);
  assert.equal(refusalOf({ name: "a.mp4", type: "video/mp4", size: 0 }, bytes()), "refusal.empty");
  assert.equal(refusalOf({ name: "a.mp4", type: "", size: MAX_FILE_BYTES }, MP4_HEAD), null);
  assert.equal(refusalOf({ name: "a.mp4", type: "", size: MAX_FILE_BYTES + 1 }, MP4_HEAD), "refusal.tooLarge");
  assert.equal(refusalOf({ name: "a.txt", type: "text/plain", size: 9 }, bytes(104, 105)), "refusal.notAVideo");
  // A document that was renamed.
  assert.equal(refusalOf({ name: "a.mp4", type: "video/mp4", size: 9 }, bytes(0x25, 0x50, 0x44, 0x46)), "refusal.notAVideo");
});

test("first bytes that are not known may be a video", () => {
  assert.equal(looksLikeNoVideo(bytes(0x1a, 0x45, 0xdf, 0xa3)), false); // Matroska
  assert.equal(looksLikeNoVideo(bytes(0x52, 0x49, 0x46, 0x46, 1, 2, 3, 4, 0x41, 0x56, 0x49, 0x20)), false); // AVI
  assert.equal(looksLikeNoVideo(bytes(0x52, 0x49, 0x46, 0x46, 1, 2, 3, 4, 0x57, 0x41, 0x56, 0x45)), true); // WAV
  assert.equal(looksLikeNoVideo(bytes()), false);
});

test("a video of the same name and size is another upload's when that says so, or may yet", () => {
  const own = { id: "own", name: "a.mp4", size: 9, videoId: null };
  const others = (...records) => mayBeOthers("v", own, [own, ...records]);
  assert.equal(others(), false);
  assert.equal(others({ ...own, id: "other", videoId: "v" }), true);
  assert.equal(others({ ...own, id: "other", videoId: null }), true);
  assert.equal(others({ ...own, id: "other", videoId: "w" }), false);
  assert.equal(others({ ...own, id: "other", name: "b.mp4" }, { ...own, id: "third", size: 8 }), false);
});

test("a rate is that of the last seconds", () => {
  const rate = new Rate();
  assert.equal(rate.perSecond(), 0);
  for (let second = 0; second <= 60; second += 1) rate.add(second < 50 ? 0 : (second - 50) * 1000, second * 1000);
  assert.equal(rate.perSecond(), 1000);
  assert.equal(secondsLeft(5000, rate.perSecond()), 5);
  assert.equal(secondsLeft(5000, 0), null);
  // A failed part takes its bytes back.
  rate.add(100, 61_000);
  assert.equal(rate.perSecond(), 0);
});

test("a fingerprint tells files apart that differ only in the middle", async () => {
  const size = 1024 * 1024;
  const one = new Uint8Array(size);
  const other = new Uint8Array(size);
  other[size / 2 + 5] = 1;
  const [a, again, b] = await Promise.all([one, one, other].map((content) => fingerprintOf(new Blob([content]))));
  assert.equal(a, again);
  assert.notEqual(a, b);
  assert.match(a, /^[0-9a-f]{64}$/);
});

test("pauses grow, differ and have an end", () => {
  const longest = Array.from({ length: 12 }, (_, index) => pauseBefore(index + 1, 1));
  assert.deepEqual(longest.slice(0, 4), [400, 800, 1600, 3200]);
  assert.equal(longest.at(-1), 20_000);
  assert.equal(pauseBefore(3, 0), 800);
});

test("a pause ends with its signal", async () => {
  const controller = new AbortController();
  const pause = sleep(60_000, controller.signal);
  controller.abort(new Error("stopped"));
  await assert.rejects(pause, /stopped/);
});
