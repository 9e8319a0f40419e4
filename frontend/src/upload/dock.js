// The panel that shows uploads, on every screen.
import { apiErrorKey } from "../api-errors.js";
import { changeIcon, icon } from "../icons.js";
import { h, rescueFocus, setAttribute, setText } from "../dom.js";
import { durationCount } from "../text/format.js";
import { bytes, duration, percent, t } from "../text/language.js";
import { ask } from "../widgets/dialog.js";
import { announce, notify } from "../widgets/notice.js";
import { chooseOne } from "./pick.js";

export class UploadDock {
  #queue;
  #element = null;
  #rows = new Map();
  #parts = null;
  #isFolded = false;
  #scheduled = false;
  #ends = new AbortController();
  #announced = new Set();

  constructor(queue) {
    this.#queue = queue;
    queue.addEventListener("changed", () => this.#drawSoon(), { signal: this.#ends.signal });
  }

  /** Builds the panel anew, in the page's present language, without what is long done. */
  show({ folded }) {
    this.#queue.clearEnded();
    this.#isFolded = folded;
    this.#element?.remove();
    this.#rows.clear();
    this.#build();
    document.body.append(this.#element);
    this.#draw();
  }

  hide() {
    this.#element?.remove();
    this.#element = null;
  }

  remove() {
    this.#ends.abort();
    this.hide();
  }

  #build() {
    const title = h("h2", { class: "dock-title", tabindex: "-1" });
    const summary = h("p", { class: "dock-summary" });
    const total = h("progress", { class: "bar", max: 1, "aria-label": t("dock.total") });
    const fold = h("button", { type: "button", class: "icon-button small", on: { click: () => this.#fold() } }, icon("down"));
    const all = h("button", { type: "button", class: "link", on: { click: () => this.#pauseOrResumeAll() } });
    const clear = h("button", { type: "button", class: "link", on: { click: () => this.#queue.clearEnded() } }, t("dock.clear"));
    const list = h("ul", { class: "dock-list", role: "list" });
    const buttons = h("div", { class: "dock-buttons" }, all, clear);
    const body = h("div", { class: "dock-body", tabindex: "0", role: "group", "aria-label": t("dock.list") }, list);
    this.#parts = { title, summary, total, fold, all, clear, list, body, buttons };
    this.#element = h(
      "section",
      { class: "dock", "aria-label": t("dock.title"), hidden: true },
      h("div", { class: "dock-top" }, h("div", { class: "dock-head" }, title, summary), fold),
      total,
      body,
      buttons,
    );
  }

  #fold() {
    this.#isFolded = !this.#isFolded;
    this.#draw();
  }

  #pauseOrResumeAll() {
    if (this.#queue.uploads.some(({ isActive }) => isActive)) this.#queue.pauseAll();
    else this.#queue.resumeAll();
  }

  #drawSoon() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #draw() {
    this.#announceEnds();
    if (!this.#element) return;
    const focused = this.#element.contains(document.activeElement) ? document.activeElement : null;
    const row = focused && this.#placeOf(focused);
    const { uploads, totals } = this.#queue;
    const { title, summary, total, fold, all, clear, body, buttons } = this.#parts;
    this.#element.hidden = !uploads.length;
    document.documentElement.classList.toggle("has-dock", uploads.length > 0);
    const someActive = uploads.some(({ isActive }) => isActive);
    const titleKey = someActive ? "dock.going" : totals.count ? "dock.left" : "dock.ended";
    setText(title, t(titleKey, { count: totals.count }));
    setText(summary, totals.count ? progressText(totals.sent, totals.size, totals.perSecond, totals.secondsLeft) : "");
    total.hidden = !totals.count;
    total.value = totals.size ? totals.sent / totals.size : 0;
    setAttribute(fold, "aria-label", t(this.#isFolded ? "dock.open" : "dock.fold"));
    setAttribute(fold, "aria-expanded", String(!this.#isFolded));
    this.#element.classList.toggle("folded", this.#isFolded);
    body.hidden = this.#isFolded;
    buttons.hidden = this.#isFolded;
    all.hidden = uploads.filter((upload) => upload.isActive || (upload.canStart && upload.file)).length < 2;
    setText(all, t(someActive ? "dock.pauseAll" : "dock.resumeAll"));
    clear.hidden = !uploads.some(({ state }) => state === "done" || state === "refused");
    this.#drawRows(uploads);
    if (focused) rescueFocus(this.#heirs(row), focused);
  }

  /** The row that an element is in, counted from 0; -1 in none. */
  #placeOf(element) {
    return [...this.#parts.list.children].findIndex((row) => row.contains(element));
  }

  /** Who gets the focus when it is lost in row `place`: what takes its place, or the title. */
  #heirs(place) {
    const rows = this.#parts.list.children;
    const row = place < 0 ? null : rows[Math.min(place, rows.length - 1)];
    return [row?.querySelector("button:not([hidden])"), this.#parts.title];
  }

  #drawRows(uploads) {
    const wanted = new Map(uploads.map((upload) => [upload.id, this.#rows.get(upload.id) ?? this.#row(upload)]));
    for (const [id, row] of this.#rows) if (!wanted.has(id)) row.element.remove();
    for (const [id, row] of wanted) {
      if (!this.#rows.has(id)) this.#parts.list.append(row.element);
      row.update();
    }
    this.#rows = wanted;
  }

  #row(upload) {
    return uploadRow(upload, this.#queue, (element) => {
      const place = this.#placeOf(element);
      return () => this.#heirs(place);
    });
  }

  /** Screen readers hear of ends, not of each percent. */
  #announceEnds() {
    for (const { id, state, record } of this.#queue.uploads) {
      if (this.#announced.has(id) || (state !== "done" && state !== "failed")) continue;
      this.#announced.add(id);
      announce(t(`dock.announce.${state}`, { name: record.name }));
    }
  }
}

/** `heirsOf(row)` answers the function that tells who gets the focus once that row is gone. */
function uploadRow(upload, queue, heirsOf) {
  const { name } = upload.record;
  const state = h("p", { class: "row-state" });
  const bar = h("progress", { class: "bar", max: 1, "aria-label": t("dock.progress", { name }) });
  const toggle = h("button", { type: "button", class: "icon-button small", "data-action": "toggle" }, icon("pause"));
  const cancel = h("button", { type: "button", class: "icon-button small", "data-action": "cancel", "aria-label": t("dock.cancel", { name }) }, icon("close"));
  const pickAgain = h("button", { type: "button", class: "button small", "data-action": "pick-again" }, t("dock.pickAgain"));
  const element = h(
    "li",
    { class: "row" },
    h("div", { class: "row-text" }, h("p", { class: "row-name", title: name, dir: "auto" }, name), state, bar, pickAgain),
    h("div", { class: "row-buttons" }, toggle, cancel),
  );

  const goOn = async () => {
    const { isOther } = await queue.resume(upload, chooseOne);
    if (isOther) notify(t("upload.otherFile", { name }), "problem");
  };
  toggle.addEventListener("click", () => (upload.isActive ? queue.pause(upload) : goOn()));
  pickAgain.addEventListener("click", goOn);
  cancel.addEventListener("click", () => cancelUpload(upload, queue, heirsOf(element)));

  function update() {
    element.dataset.state = upload.state;
    setText(state, stateText(upload));
    const isOver = ["done", "refused"].includes(upload.state);
    bar.hidden = isOver || upload.state === "failed";
    bar.value = upload.share;
    toggle.hidden = isOver || upload.state === "needs-file";
    pickAgain.hidden = upload.state !== "needs-file";
    const verb = upload.isActive ? "pause" : upload.state === "failed" ? "retry" : "play";
    changeIcon(toggle, verb);
    setAttribute(toggle, "aria-label", t(`dock.${verb}`, { name }));
  }

  return { element, update };
}

async function cancelUpload(upload, queue, heirs) {
  if (["done", "refused"].includes(upload.state)) return queue.cancel(upload);
  await ask({
    name: "cancel-upload",
    title: t("cancel.title"),
    text: t("cancel.text", { name: upload.record.name }),
    confirm: t("cancel.submit"),
    danger: true,
    act: () => queue.cancel(upload),
    explain: (error) => t(apiErrorKey(error)),
    heirs,
  });
}

function stateText(upload) {
  const { state, sent, record, rate } = upload;
  if (state === "failed" || state === "refused") return t(upload.problem);
  if (state === "sending") return progressText(sent, record.size, rate.perSecond(), upload.secondsLeft);
  return t(`upload.state.${state}`, { percent: percent(upload.share) });
}

function progressText(sent, size, perSecond, left) {
  const share = percent(size ? sent / size : 0);
  if (!perSecond || left === null) return t("dock.share", { share, sent: bytes(sent), size: bytes(size) });
  return t("dock.speed", { share, speed: bytes(perSecond), left: duration(left, "narrow"), count: durationCount(left) });
}
