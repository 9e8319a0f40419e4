// One video in the library.
import { h, setAttribute, setText } from "../dom.js";
import { changeIcon, icon } from "../icons.js";
import { failureKey } from "../api-errors.js";
import { sameOrigin } from "../origin.js";
import { watchRoute } from "../routes.js";
import { formatClock } from "../text/format.js";
import { bytes, day, duration, percent, t } from "../text/language.js";
import { menuButton } from "../widgets/menu.js";

const MILLISECONDS = 1000;

/**
 * A card. `actions(video)` are those of its menu; `uploadOf(videoId)` is the upload of this page that fills it, if any;
 * `onLostPoster(videoId)` is called when its picture does not load.
 */
export function makeCard(first, { actions, uploadOf, onLostPoster }) {
  let video = first;
  const picture = h("img", { class: "poster-image", alt: "", loading: "lazy", decoding: "async", hidden: true });
  const length = h("span", { class: "duration", hidden: true });
  const state = h("p", { class: "state" });
  const bar = h("progress", { class: "bar", max: 100 });
  const sign = icon("film");
  const waiting = h("div", { class: "poster-state" }, sign, state, bar);
  const title = h("a", { class: "card-link", dir: "auto" });
  const meta = h("p", { class: "card-meta" });
  const menu = menuButton({ label: "", className: "card-menu", content: icon("more"), actions: () => actions(video) });
  const element = h(
    "li",
    { class: "card" },
    h("div", { class: "poster" }, waiting, picture, length),
    h("div", { class: "card-row" }, h("div", { class: "card-text" }, h("h2", { class: "card-title" }, title), meta), menu),
  );
  picture.addEventListener("load", () => picture.classList.add("loaded"));
  picture.addEventListener("error", () => {
    picture.hidden = true;
    onLostPoster(video.videoId);
  });

  function update(newest) {
    video = newest;
    const isReady = video.status === "ready";
    element.dataset.videoId = video.videoId;
    element.dataset.status = video.status;
    setText(title, video.title);
    title.title = video.title;
    setAttribute(title, "href", watchRoute(video.videoId));
    setText(meta, describe(video));
    setAttribute(menu, "aria-label", t("card.menu", { title: video.title }));
    showPicture(isReady ? video.posterUrl : null);
    showLength(isReady ? video.durationMs : null);
    waiting.classList.toggle("failed", video.status === "failed");
    changeIcon(sign, video.status === "failed" ? "alert" : "film");
    showWaiting(video.status === "uploading" ? uploadOf(video.videoId) : null);
  }

  function showWaiting(upload) {
    setText(state, upload ? uploadText(upload) : stateText(video));
    bar.hidden = !upload && video.status !== "converting";
    bar.value = upload ? upload.share * 100 : video.progress;
    setAttribute(bar, "aria-label", t(upload ? "dock.progress" : "card.progress", upload ? { name: video.title } : { title: video.title }));
  }

  function showPicture(url) {
    const source = url && sameOrigin(url);
    // A picture keeps its first signed URL: another one would only load the same again.
    if (source && pathOf(source) !== pathOf(picture.getAttribute("src"))) {
      picture.src = source;
      picture.hidden = false;
    } else if (source && picture.hidden && source !== picture.getAttribute("src")) {
      picture.src = source;
      picture.hidden = false;
    }
    if (!source) picture.hidden = true;
  }

  function showLength(milliseconds) {
    length.hidden = milliseconds === null;
    if (milliseconds === null) return;
    setText(length, formatClock(milliseconds / MILLISECONDS));
    setAttribute(length, "aria-label", duration(milliseconds / MILLISECONDS));
    setAttribute(length, "role", "img");
  }

  return { element, update };
}

const pathOf = (url) => url?.split("?")[0] ?? null;

function describe(video) {
  return t("card.meta", { date: day(video.createdAt), size: bytes(video.size) });
}

/** The states of an upload that a card tells of; what went wrong is told where uploads are listed. */
const TOLD = new Set(["waiting", "sending", "offline", "paused", "signed-out"]);

function uploadText({ state, share }) {
  return TOLD.has(state) ? t(`card.upload.${state}`, { percent: percent(share) }) : t("state.uploading");
}

/** What a video that cannot be played yet is waiting for, in words. */
export function stateText(video) {
  if (video.status === "converting") return t("state.converting", { percent: percent(video.progress / 100) });
  if (video.status === "failed") return t(failureKey(video.error));
  return t(`state.${video.status}`);
}
