import assert from "node:assert/strict";
import { test } from "node:test";
import { ORDERS, arrange, plain } from "../src/library/order.js";
import { sameOrigin } from "../src/origin.js";
import { parseRoute, watchRoute } from "../src/routes.js";

const video = (title, more = {}) => ({ videoId: title, title, fileName: `${title}.mp4`, createdAt: "2026-01-01T00:00:00Z", size: 1, durationMs: null, ...more });
const titles = (videos) => videos.map(({ title }) => title);

test("search finds words in any order, without case and accents", () => {
  const videos = [video("Aniversário da Vovó"), video("Praia")];
  assert.deepEqual(titles(arrange(videos, { search: "VOVO aniversario" })), ["Aniversário da Vovó"]);
  assert.deepEqual(titles(arrange(videos, { search: "  " })), titles(videos));
  assert.deepEqual(arrange(videos, { search: "nada" }), []);
  assert.equal(plain("ÇÃO"), "cao");
});

test("titles sort as people count", () => {
  const videos = ["Parte 10", "parte 2", "Água"].map((title) => video(title));
  assert.deepEqual(titles(arrange(videos, { order: "title", language: "pt-BR" })), ["Água", "parte 2", "Parte 10"]);
});

test("every order sorts, and leaves the list itself alone", () => {
  const videos = [
    video("a", { createdAt: "2026-01-02T00:00:00Z", size: 5, durationMs: 1 }),
    video("b", { createdAt: "2026-01-03T00:00:00Z", size: 3, durationMs: null }),
    video("c", { createdAt: "2026-01-01T00:00:00Z", size: 9, durationMs: 7 }),
  ];
  const wanted = { newest: "bac", oldest: "cab", title: "abc", longest: "cab", largest: "cab" };
  for (const order of ORDERS) assert.equal(titles(arrange(videos, { order })).join(""), wanted[order], order);
  assert.equal(titles(videos).join(""), "abc");
});

test("addresses lead to screens, unknown ones to the library", () => {
  assert.deepEqual(parseRoute(watchRoute("abc123")), { screen: "watch", videoId: "abc123" });
  for (const hash of ["", "#/videos", "#/watch/", "#/watch/a%20b", "#/nothing"]) assert.equal(parseRoute(hash).screen, "videos");
  assert.equal(parseRoute("#/account").screen, "account");
});

test("a URL of the delivery is asked for at the page's own origin", () => {
  assert.equal(sameOrigin("https://cdn.example/media/a/b.jpg?Policy=x&Signature=y"), "/media/a/b.jpg?Policy=x&Signature=y");
  assert.equal(sameOrigin("javascript:alert(1)//"), "alert(1)//");
});
