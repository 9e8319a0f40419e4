// The line of a video's time: played, loaded, and a picture of where one is about to go.
import { h, setAttribute, setText } from "../dom.js";
import { formatClock } from "../text/format.js";
import { duration as inWords, t } from "../text/language.js";
import { fetchThumbnails, thumbnailAt } from "./thumbnails.js";

// Finer than a frame of any film.
const STEPS = 10_000;

export function seekBar(video, thumbnailsUrl, signal) {
  const range = h("input", { type: "range", class: "seek-range", min: 0, max: STEPS, step: 1, value: 0, "aria-label": t("player.seek"), "data-control": "seek" });
  const picture = h("img", { class: "preview-image", alt: "", hidden: true });
  const moment = h("span", { class: "preview-time" });
  const preview = h("div", { class: "preview", hidden: true, "aria-hidden": true }, picture, moment);
  const element = h("div", { class: "seek" }, preview, range);
  let cues = null;
  let isHeld = false;
  let shown = 0;

  const length = () => (Number.isFinite(video.duration) ? video.duration : 0);

  function update() {
    const seconds = length();
    const share = seconds ? video.currentTime / seconds : 0;
    if (!isHeld) range.value = String(Math.round(share * STEPS));
    element.style.setProperty("--played", String(isHeld ? range.value / STEPS : share));
    element.style.setProperty("--loaded", String(seconds ? loadedUntil(video) / seconds : 0));
    setAttribute(range, "aria-valuetext", t("player.position", { position: inWords(video.currentTime), length: inWords(seconds) }));
  }

  function showPreview(share) {
    const seconds = share * length();
    shown = share;
    cues ??= fetchThumbnails(thumbnailsUrl).then((found) => {
      cues = found;
      if (!preview.hidden) showPreview(shown);
    });
    setText(moment, formatClock(seconds));
    const cue = Array.isArray(cues) ? thumbnailAt(cues, seconds) : null;
    picture.hidden = !cue;
    if (cue && picture.getAttribute("src") !== cue.url) picture.src = cue.url;
    crop(picture, cue?.area ?? null);
    preview.hidden = false;
    const room = element.clientWidth;
    const half = preview.offsetWidth / 2;
    preview.style.setProperty("left", `${Math.min(Math.max(half, share * room), room - half)}px`);
  }

  const shareAt = (event) => {
    const { left, width } = range.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width));
  };
  const hide = () => (preview.hidden = true);

  range.addEventListener("input", () => {
    isHeld = true;
    showPreview(range.value / STEPS);
    update();
  });
  range.addEventListener("change", () => {
    video.currentTime = (range.value / STEPS) * length();
    isHeld = false;
    hide();
    update();
  });
  range.addEventListener("pointermove", (event) => showPreview(shareAt(event)));
  range.addEventListener("pointerleave", hide);
  range.addEventListener("blur", hide);
  for (const type of ["timeupdate", "progress", "durationchange", "seeked"]) video.addEventListener(type, update, { signal });
  return element;
}

function loadedUntil({ buffered, currentTime }) {
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime && currentTime <= buffered.end(index)) return buffered.end(index);
  }
  return currentTime;
}

/** Shows only one area of a sprite. */
function crop(picture, area) {
  picture.style.setProperty("object-fit", area ? "none" : "");
  picture.style.setProperty("object-position", area ? `${-area.x}px ${-area.y}px` : "");
  picture.style.setProperty("width", area ? `${area.width}px` : "");
  picture.style.setProperty("height", area ? `${area.height}px` : "");
}
