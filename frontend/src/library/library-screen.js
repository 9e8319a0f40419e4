// The library: everything the person has, found and sorted.
import { apiErrorKey } from "../api-errors.js";
import { h, setText, uniqueId } from "../dom.js";
import { icon } from "../icons.js";
import { remember, remembered } from "../preferences.js";
import { currentLanguage, number, t } from "../text/language.js";
import { canChooseFolder, chooseFiles, chooseFolder } from "../upload/pick.js";
import { videoActions } from "./actions.js";
import { makeCard } from "./card.js";
import { Grid } from "./grid.js";
import { ORDERS, arrange } from "./order.js";

const SKELETONS = 8;

// What was searched and where one was, for whoever comes back from a video.
const place = { search: "", top: 0 };

export function showLibrary(main, { collection, queue, take, signal }) {
  const search = searchField();
  const order = orderSelect();
  const count = h("p", { class: "count", role: "status" });
  const list = h("ul", { class: "cards", role: "list", "aria-label": t("library.title") });
  const host = h("div", { class: "grid-host" }, list);
  const aside = h("div", { class: "library-aside" });
  const tools = h("div", { class: "tools" }, search.element, order.element);
  main.replaceChildren(h("div", { class: "library" }, h("div", { class: "library-top" }, h("h1", { tabindex: "-1" }, t("library.title")), count), tools, aside, host));

  const lost = new Set();
  const grid = new Grid(host, list, {
    keyOf: (video) => video.videoId,
    makeCard: (video) => makeCard(video, { actions: (current) => videoActions(current, { collection, queue }), uploadOf: (videoId) => queue.uploadOf(videoId), onLostPoster }),
    signal,
  });

  function onLostPoster(videoId) {
    // Its signed URL has ended: the next answer has a new one. Once, lest a missing picture be asked for for ever.
    if (lost.has(videoId)) return;
    lost.add(videoId);
    collection.refresh(videoId).catch(() => {});
  }

  let scheduled = false;
  function redrawSoon() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      if (!signal.aborted) redraw();
    });
  }

  function redraw() {
    const all = collection.videos;
    const shown = arrange(all, { search: place.search, order: order.value, language: currentLanguage() });
    tools.hidden = !all.length;
    setText(count, countText(shown.length, all.length));
    showAside(all.length, shown.length);
    grid.show(shown);
  }

  function countText(shown, all) {
    if (!all) return "";
    const key = place.search ? "library.found" : collection.state === "partial" ? "library.countSoFar" : "library.count";
    return t(key, { count: shown, number: number(shown) });
  }

  let asideNow = null;
  function showAside(all, shown) {
    const wanted = collection.state === "failed" ? "failed" : all ? (shown ? "none" : "nothingFound") : collection.state === "loading" ? "loading" : "empty";
    if (wanted === asideNow) return;
    asideNow = wanted;
    main.querySelector(".library").dataset.state = wanted;
    aside.replaceChildren(...ASIDES[wanted]());
  }

  const ASIDES = {
    none: () => [],
    loading: () => [h("p", { class: "visually-hidden", role: "status" }, t("library.loading")), skeletons()],
    empty: () => [emptyLibrary(take)],
    nothingFound: () => [h("div", { class: "empty small" }, icon("search"), h("p", {}, t("library.nothingFound")))],
    failed: () => [
      h(
        "div",
        { class: "panel problem-panel", role: "alert" },
        icon("alert"),
        h("p", {}, t(apiErrorKey(collection.error))),
        h("button", { type: "button", class: "button", on: { click: () => collection.reload() } }, t("library.again")),
      ),
    ],
  };

  search.input.addEventListener("input", () => {
    place.search = search.input.value;
    redraw();
  });
  order.select.addEventListener("change", () => {
    remember("order", order.value);
    redraw();
  });
  window.addEventListener("scroll", () => (place.top = scrollY), { passive: true, signal });
  collection.addEventListener("changed", redrawSoon, { signal });
  queue.addEventListener("changed", () => grid.refresh(), { signal });
  const top = place.top;
  redraw();
  scrollTo(0, top);
}

function searchField() {
  const id = uniqueId("search");
  const input = h("input", { id, type: "search", value: place.search, placeholder: t("library.search"), autocomplete: "off", "data-field": "search" });
  return { input, element: h("div", { class: "search" }, h("label", { for: id, class: "visually-hidden" }, t("library.search")), icon("search"), input) };
}

function orderSelect() {
  const id = uniqueId("order");
  const known = ORDERS.includes(remembered("order")) ? remembered("order") : ORDERS[0];
  const options = ORDERS.map((value) => h("option", { value, selected: value === known }, t(`order.${value}`)));
  const select = h("select", { id, "data-select": "order" }, options);
  return {
    select,
    get value() {
      return select.value;
    },
    element: h("div", { class: "choice order" }, h("label", { for: id, class: "visually-hidden" }, t("library.order")), select, icon("sort")),
  };
}

function skeletons() {
  const one = () => h("div", { class: "card skeleton" }, h("div", { class: "poster" }), h("div", { class: "line" }), h("div", { class: "line short" }));
  return h("div", { class: "cards", "aria-hidden": true }, Array.from({ length: SKELETONS }, one));
}

function emptyLibrary(take) {
  return h(
    "div",
    { class: "empty drop-hint" },
    h("span", { class: "empty-mark" }, icon("upload")),
    h("h2", {}, t("library.emptyTitle")),
    h("p", {}, t("library.empty")),
    h(
      "div",
      { class: "button-row" },
      h("button", { type: "button", class: "button primary", "data-action": "upload", on: { click: () => chooseFiles(take) } }, icon("upload"), t("upload.choose")),
      canChooseFolder() && h("button", { type: "button", class: "button", "data-action": "upload-folder", on: { click: () => chooseFolder(take) } }, icon("folder"), t("upload.folder")),
    ),
  );
}
