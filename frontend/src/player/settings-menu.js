// Quality, speed and captions, as the browser's own choices: large on a phone, known to every screen reader.
import { h, uniqueId } from "../dom.js";
import { icon } from "../icons.js";
import { number, t } from "../text/language.js";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const AUTOMATIC = -1;

/** The button and the panel it opens. */
export function settingsMenu({ video, source, setSpeed, signal }) {
  const id = uniqueId("player-settings");
  const panel = h("div", { id, class: "player-settings", hidden: true });
  const button = h(
    "button",
    { type: "button", class: "control", "aria-label": t("player.settings"), "aria-expanded": "false", "aria-controls": id, "data-control": "settings" },
    icon("settings"),
  );

  function open(isOpen) {
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) fill();
  }

  function fill() {
    const focused = document.activeElement?.dataset?.select;
    panel.replaceChildren(...[qualityChoice(source), speedChoice(video, setSpeed), captionsChoice(video)].filter(Boolean));
    if (focused) panel.querySelector(`[data-select=${focused}]`)?.focus();
  }

  button.addEventListener("click", () => {
    open(panel.hidden);
    if (!panel.hidden) panel.querySelector("select")?.focus();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    open(false);
    button.focus();
  });
  document.addEventListener("pointerdown", (event) => !panel.hidden && !panel.contains(event.target) && !button.contains(event.target) && open(false), { signal });
  source.addEventListener("qualities", () => !panel.hidden && !panel.contains(document.activeElement) && fill(), { signal });
  return { button, panel };
}

function qualityChoice(source) {
  if (source.qualities.length < 2) return null;
  const automatic = source.playing ? t("player.automaticNow", { height: source.playing }) : t("player.automatic");
  const options = [[AUTOMATIC, automatic], ...source.qualities.map(({ id, height }) => [id, `${height}p`])];
  return choice("quality", t("player.quality"), options, source.quality, (value) => source.setQuality(Number(value)));
}

function speedChoice(video, setSpeed) {
  const options = SPEEDS.map((speed) => [speed, speed === 1 ? t("player.normalSpeed") : t("player.times", { speed: number(speed) })]);
  return choice("speed", t("player.speed"), options, video.playbackRate, (value) => setSpeed(Number(value)));
}

function captionsChoice(video) {
  const tracks = captionTracks(video);
  if (!tracks.length) return null;
  const options = [[-1, t("player.noCaptions")], ...tracks.map((track, index) => [index, track.label || track.language || t("player.captions")])];
  const current = tracks.findIndex(({ mode }) => mode === "showing");
  return choice("captions", t("player.captions"), options, current, (value) => showCaptions(video, Number(value)));
}

export const captionTracks = (video) => [...video.textTracks].filter(({ kind }) => kind === "captions" || kind === "subtitles");

/** Shows one caption track, by its place among them; -1 shows none. */
export function showCaptions(video, wanted) {
  captionTracks(video).forEach((track, index) => {
    track.mode = index === wanted ? "showing" : "disabled";
  });
}

function choice(name, label, options, current, choose) {
  const id = uniqueId(name);
  const select = h(
    "select",
    { id, "data-select": name },
    options.map(([value, text]) => h("option", { value, selected: value === current }, text)),
  );
  select.addEventListener("change", () => choose(select.value));
  return h("div", { class: "choice" }, h("label", { for: id }, label), select);
}
