import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ApiError } from "../src/api.js";
import { Collection } from "../src/library/collection.js";

const PATIENCE_TURNS = 200;

beforeEach(() => {
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  mock.timers.enable({ apis: ["setTimeout"] });
});

afterEach(() => {
  mock.timers.reset();
  delete globalThis.document;
});

/** Lets seconds pass until `condition` holds. */
async function until(condition) {
  for (let turn = 0; !condition(); turn += 1) {
    assert.ok(turn < PATIENCE_TURNS, "it never came to be");
    mock.timers.tick(500);
    await new Promise(setImmediate);
  }
}

function follow(api) {
  const collection = new Collection({ videos: async () => ({ videos: [], nextCursor: null }), ...api });
  const life = new AbortController();
  collection.load(life.signal);
  return { collection, end: () => life.abort() };
}

test("the card of a new upload appears although the first answers are lost", async () => {
  let asked = 0;
  const { collection, end } = follow({
    video: async (videoId) => {
      asked += 1;
      if (asked < 3) throw new ApiError(503, "unavailable", "");
      return { videoId, status: "uploading" };
    },
  });
  collection.welcome("new");
  await until(() => collection.get("new"));
  const known = asked;
  // An upload that goes on is followed by who sends it, not by asking.
  for (let turn = 0; turn < 20; turn += 1) {
    mock.timers.tick(1500);
    await new Promise(setImmediate);
  }
  assert.equal(asked, known);
  end();
});

test("a new video that is deleted at once is not asked for for ever", async () => {
  let asked = 0;
  const { collection, end } = follow({
    video: async () => {
      asked += 1;
      throw new ApiError(404, "not_found", "");
    },
  });
  collection.welcome("gone");
  await until(() => asked === 2);
  for (let turn = 0; turn < 20; turn += 1) {
    mock.timers.tick(1500);
    await new Promise(setImmediate);
  }
  assert.equal(asked, 2);
  end();
});

test("a sent video is followed although it was never seen while it went up", async () => {
  let asked = 0;
  const { collection, end } = follow({
    video: async (videoId) => {
      asked += 1;
      if (asked === 1) throw new ApiError(0, "no_connection", "");
      return { videoId, status: asked < 4 ? "converting" : "ready" };
    },
  });
  collection.expect("sent");
  await until(() => collection.get("sent")?.status === "ready");
  end();
});
