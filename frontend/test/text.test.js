import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { durationCount, formatBytes, formatClock, formatDuration, formatSecret } from "../src/text/format.js";
import { bestLanguage, translate } from "../src/text/translate.js";

const HERE = import.meta.dirname;
const catalogs = Object.fromEntries(["en", "pt-BR"].map((name) => [name, JSON.parse(readFileSync(join(HERE, `../texts/${name}.json`), "utf8"))]));
const sources = readdirSync(join(HERE, "../src"), { recursive: true })
  .filter((name) => name.endsWith(".js"))
  .map((name) => [name, readFileSync(join(HERE, "../src", name), "utf8")]);
const all = sources.map(([, text]) => text).join("\n");

test("both languages say the same things, with the same blanks", () => {
  assert.deepEqual(Object.keys(catalogs.en).sort(), Object.keys(catalogs["pt-BR"]).sort());
  const blanks = (sentence) => [...sentence.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const [key, sentence] of Object.entries(catalogs.en)) {
    assert.ok(sentence.trim() && catalogs["pt-BR"][key].trim(), key);
    assert.deepEqual(blanks(catalogs["pt-BR"][key]), blanks(sentence), key);
  }
});

test("every sentence that the page asks for is in the catalog", () => {
  const asked = [...all.matchAll(/\bt\(\s*"([\w.-]+)"/g)].map((found) => found[1]);
  assert.ok(asked.length > 100);
  for (const key of asked) assert.ok(key in catalogs.en || `${key}.other` in catalogs.en, key);
});

test("no sentence is left that nobody asks for", () => {
  const families = [...all.matchAll(/`((?:[a-z][\w-]*\.)+)\$\{/gi)].map((found) => found[1]);
  for (const key of Object.keys(catalogs.en)) {
    const bare = key.replace(/\.(one|other)$/, "");
    assert.ok(all.includes(`"${bare}"`) || families.some((family) => bare.startsWith(family)), key);
  }
});

test("words of a count follow the language", () => {
  assert.equal(translate(catalogs.en, "en", "library.count", { count: 1, number: 1 }), "1 video");
  assert.equal(translate(catalogs["pt-BR"], "pt-BR", "library.count", { count: 2000, number: "2.000" }), "2.000 vídeos");
  assert.throws(() => translate(catalogs.en, "en", "no.such.sentence"), RangeError);
});

test("time left is told in singular and plural", () => {
  const left = (seconds) => translate(catalogs["pt-BR"], "pt-BR", "dock.speed", { left: formatDuration(seconds, "pt-BR", "narrow"), count: durationCount(seconds) });
  assert.match(left(60), / falta 1\s?min$/);
  assert.match(left(75), / falta 1\s?min/);
  assert.match(left(150), / faltam 2\s?min/);
  assert.match(left(30), / faltam 30\s?s$/);
});

test("what is filled in is never read as a blank", () => {
  assert.equal(translate({ a: "{title}!" }, "en", "a", { title: "{size} $& <b>" }), "{size} $& <b>!");
});

test("the browser's first known language wins", () => {
  const offered = ["pt-BR", "en"];
  assert.equal(bestLanguage(["fr-FR", "en-GB", "pt-PT"], offered), "en");
  assert.equal(bestLanguage(["pt-PT"], offered), "pt-BR");
  assert.equal(bestLanguage(["ja"], offered), "pt-BR");
});

test("sizes, positions and lengths read as people write them", () => {
  assert.equal(formatBytes(0, "en"), "0 byte");
  assert.equal(formatBytes(1_536_000, "en"), "1.5 MB");
  assert.equal(formatBytes(5_497_558_138_880, "pt-BR"), "5,5 TB");
  assert.equal(formatClock(75.9), "1:15");
  assert.equal(formatClock(3675), "1:01:15");
  assert.equal(formatClock(Number.NaN), "0:00");
  assert.equal(formatDuration(3675, "en"), "1 hour 1 minute");
  assert.equal(formatDuration(0, "pt-BR"), "0 segundo");
  assert.equal(formatSecret("ABCDEFGHIJ"), "ABCD EFGH IJ");
});

test("nothing in the site's code turns text into markup or code", () => {
  const forbidden = /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTMLUnsafe|eval|new Function|javascript:)\b/;
  for (const [name, text] of sources) assert.doesNotMatch(text, forbidden, name);
});
