import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf } from "../src/player/keys.js";
import { usefulPosition, withPosition } from "../src/player/positions.js";
import { parseThumbnails, thumbnailAt } from "../src/player/thumbnails.js";

const FILE = "/media/o/v/1/thumbs.vtt";
const VTT = "WEBVTT\r\n\r\n00:00:00.000 --> 00:00:02.000\r\nthumbs.0000000.jpg\r\n\r\n2\r\n00:02.000 --> 01:00:00.500\r\nsheet.jpg#xywh=160,90,160,90\r\n";

test("a thumbnail file gives pictures by moment", () => {
  const cues = parseThumbnails(VTT, FILE);
  assert.deepEqual(cues[0], { start: 0, end: 2, url: "/media/o/v/1/thumbs.0000000.jpg", area: null });
  assert.deepEqual(cues[1], { start: 2, end: 3600.5, url: "/media/o/v/1/sheet.jpg", area: { x: 160, y: 90, width: 160, height: 90 } });
  assert.equal(thumbnailAt(cues, 1.99), cues[0]);
  assert.equal(thumbnailAt(cues, 2), cues[1]);
  assert.equal(thumbnailAt(cues, 3600.5), null);
  assert.equal(thumbnailAt([], 1), null);
});

test("a thumbnail file cannot lead to another host", () => {
  const cues = parseThumbnails("WEBVTT\n\n00:00.000 --> 00:01.000\nhttps://evil.example/x.jpg\n", FILE);
  assert.equal(cues[0].url, "/x.jpg");
});

test("broken cues are passed over", () => {
  assert.deepEqual(parseThumbnails("WEBVTT\n\nnonsense --> more\na.jpg\n\n00:05.000 --> 00:01.000\nb.jpg\n\n00:01.000 --> 00:02.000", FILE), []);
});

test("positions at the very beginning and end are not worth going back to", () => {
  assert.equal(usefulPosition(3, 100), 0);
  assert.equal(usefulPosition(50, 100), 50);
  assert.equal(usefulPosition(90, 100), 0);
  assert.equal(usefulPosition(undefined, 100), 0);
});

test("only the newest positions are kept", () => {
  let positions = {};
  for (let index = 0; index < 400; index += 1) positions = withPosition(positions, `v${index}`, index, index);
  assert.equal(Object.keys(positions).length, 300);
  assert.ok(!("v99" in positions) && "v399" in positions);
  assert.deepEqual(withPosition(positions, "v399", 7.9, 500).v399, [7, 500]);
});

test("keys do what players' keys do, and leave the rest to the browser", () => {
  const press = (key, on = "player", more = {}) => commandOf({ key, ...more }, on);
  assert.deepEqual(press(" "), ["toggle"]);
  assert.deepEqual(press("ArrowLeft"), ["skip", -5]);
  assert.deepEqual(press("L"), ["skip", 10]);
  assert.deepEqual(press("7"), ["seekShare", 0.7]);
  assert.equal(press(" ", "button"), null);
  assert.equal(press("ArrowUp", "volume"), null);
  assert.equal(press("f", "choice"), null);
  assert.equal(press("c", "player", { ctrlKey: true }), null);
  assert.equal(press("Tab"), null);
});
