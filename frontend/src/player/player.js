// The player: one <video> and its controls. Controls are our own, because a strict Content-Security-Policy forbids the
// inline styles that ready-made ones bring (docs/decisions/player-controls-of-our-own.md).
import { h, setAttribute, setText } from "../dom.js";
import { changeIcon, icon } from "../icons.js";
import { remember, remembered } from "../preferences.js";
import { formatClock } from "../text/format.js";
import { t } from "../text/language.js";
import { announce } from "../widgets/notice.js";
import { commandOf } from "./keys.js";
import { savePosition, savedPosition } from "./positions.js";
import { seekBar } from "./seek-bar.js";
import { SPEEDS, captionTracks, settingsMenu, showCaptions } from "./settings-menu.js";
import { Source } from "./source.js";

const CONTROLS_MILLISECONDS = 3000;
const SAVE_SECONDS = 5;

/** An element that plays `urls` (see `Grant`), until `signal` ends. `renew()` gets new cookies. */
export function createPlayer({ videoId, title, urls, renew, signal }) {
  const video = h("video", { class: "player-video", playsinline: true, preload: "auto", poster: urls.poster, "aria-label": title });
  const source = new Source(video, urls, { renew, signal });
  const problem = h("p", { class: "player-problem", role: "alert", hidden: true });
  const bigPlay = h("button", { type: "button", class: "big-play", tabindex: "-1", "aria-hidden": true }, icon("play"));
  const element = h("section", { class: "player", tabindex: "-1", "data-autofocus": true, "aria-label": t("player.label", { title }) });
  const commands = makeCommands(element, video);
  const { bar, panel } = controls({ element, video, source, commands, urls, signal });
  element.append(video, h("div", { class: "spinner", "aria-hidden": true }), bigPlay, problem, panel, bar);

  on("play", () => element.classList.add("started"));
  for (const type of ["play", "pause", "ended"]) on(type, () => (element.dataset.state = video.paused ? "paused" : "playing"));
  for (const type of ["waiting", "seeking"]) on(type, () => element.classList.add("waiting"));
  for (const type of ["playing", "seeked", "canplay", "pause"]) on(type, () => element.classList.remove("waiting"));
  on("volumechange", () => {
    remember("volume", String(video.volume));
    remember("muted", String(video.muted));
  });
  function on(type, listener) {
    video.addEventListener(type, listener, { signal });
  }

  bigPlay.addEventListener("click", () => {
    commands.toggle();
    // The button goes away; the keys go on working.
    element.focus({ preventScroll: true });
  });
  element.addEventListener("keydown", (event) => {
    const command = commandOf(event, focusOf(event.target));
    if (!command) return;
    event.preventDefault();
    commands[command[0]](command[1]);
    wake();
  });
  source.addEventListener("failed", () => {
    setText(problem, t("player.cannotPlay"));
    problem.hidden = false;
  });
  const wake = hideControlsWhenIdle(element, video, signal);
  playByPointer(element, video, commands, wake);
  restore(video, videoId, signal);
  tellSystem(title, urls.poster, commands, signal);
  element.dataset.state = "paused";
  source.open().then(() => (element.dataset.source = source.kind ?? ""));
  return element;
}

function focusOf(target) {
  if (target.matches("select")) return "choice";
  if (target.matches("button")) return "button";
  return target.dataset.control ?? "player";
}

function makeCommands(element, video) {
  const commands = {
    toggle: () => (video.paused ? video.play().catch(() => {}) : video.pause()),
    skip: (seconds) => (video.currentTime = Math.max(0, Math.min(video.duration || 0, video.currentTime + seconds))),
    seekShare: (share) => (video.currentTime = share * (video.duration || 0)),
    volume: (change) => {
      video.muted = false;
      video.volume = Math.min(1, Math.max(0, video.volume + change));
    },
    mute: () => (video.muted = !video.muted),
    setSpeed: (speed) => {
      video.playbackRate = speed;
      remember("speed", String(speed));
    },
    speed: (step) => {
      const at = SPEEDS.indexOf(video.playbackRate);
      commands.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + step))] ?? 1);
      announce(t("player.times", { speed: video.playbackRate }));
    },
    captions: () => showCaptions(video, captionTracks(video).some(({ mode }) => mode === "showing") ? -1 : 0),
    fullscreen: () => {
      if (document.fullscreenElement) return document.exitFullscreen();
      // Phones of Apple's have full screen for the <video> alone.
      return element.requestFullscreen ? element.requestFullscreen() : video.webkitEnterFullscreen?.();
    },
    pip: () => {
      if (!document.pictureInPictureEnabled) return;
      return document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture().catch(() => {});
    },
  };
  return commands;
}

function controls({ element, video, source, commands, urls, signal }) {
  const play = control("play", "play", commands.toggle);
  const mute = control("mute", "volume", commands.mute);
  const volume = h("input", { type: "range", class: "volume", min: 0, max: 1, step: 0.05, "aria-label": t("player.volume"), "data-control": "volume" });
  const time = h("p", { class: "player-time" });
  const captions = control("captions", "captions", commands.captions);
  const pip = control("pip", "pip", commands.pip);
  const full = control("fullscreen", "fullscreen", commands.fullscreen);
  const { button: settings, panel } = settingsMenu({ video, source, setSpeed: commands.setSpeed, signal });
  const row = h("div", { class: "controls-row" }, play, mute, volume, time, h("span", { class: "spring" }), captions, settings, pip, full);
  const bar = h("div", { class: "controls" }, seekBar(video, urls.thumbnails, signal), row);

  volume.addEventListener("input", () => {
    video.muted = false;
    video.volume = Number(volume.value);
  });

  const update = () => {
    show(play, video.paused ? "play" : "pause", t(video.paused ? "player.play" : "player.pause"));
    show(mute, video.muted || video.volume === 0 ? "muted" : "volume", t(video.muted ? "player.unmute" : "player.mute"));
    volume.value = String(video.muted ? 0 : video.volume);
    volume.style.setProperty("--share", volume.value);
    setText(time, `${formatClock(video.currentTime)} / ${formatClock(video.duration)}`);
    const tracks = captionTracks(video);
    captions.hidden = !tracks.length;
    show(captions, "captions", t("player.captions"));
    captions.setAttribute("aria-pressed", String(tracks.some(({ mode }) => mode === "showing")));
    pip.hidden = !document.pictureInPictureEnabled;
    show(pip, "pip", t("player.pip"));
    const isFull = document.fullscreenElement === element;
    show(full, isFull ? "fullscreenExit" : "fullscreen", t(isFull ? "player.leaveFullscreen" : "player.fullscreen"));
  };
  for (const type of ["play", "pause", "volumechange", "timeupdate", "durationchange", "ended", "seeked"]) video.addEventListener(type, update, { signal });
  for (const type of ["addtrack", "removetrack", "change"]) video.textTracks.addEventListener(type, update, { signal });
  document.addEventListener("fullscreenchange", update, { signal });
  update();
  return { bar, panel };
}

function control(name, picture, act) {
  return h("button", { type: "button", class: "control", "data-control": name, on: { click: () => act() } }, icon(picture));
}

function show(button, picture, label) {
  changeIcon(button, picture);
  setAttribute(button, "aria-label", label);
  setAttribute(button, "title", label);
}

/** Shows the controls, and hides them again while playing when nobody seems to want them. */
function hideControlsWhenIdle(element, video, signal) {
  let timer = 0;
  const wake = () => {
    clearTimeout(timer);
    element.classList.remove("idle");
    timer = setTimeout(() => element.classList.toggle("idle", mayHide()), CONTROLS_MILLISECONDS);
  };
  const mayHide = () => !video.paused && !element.querySelector(".controls :focus-visible, .player-settings:not([hidden])");
  for (const type of ["pointermove", "focusin"]) element.addEventListener(type, wake);
  for (const type of ["play", "pause"]) video.addEventListener(type, wake, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  return wake;
}

/** A click plays or pauses; a finger first brings the controls. */
function playByPointer(element, video, commands, wake) {
  video.addEventListener("click", (event) => {
    const isTouch = event.pointerType === "touch";
    if (isTouch && !video.paused && element.classList.contains("idle")) return wake();
    if (isTouch && !video.paused) return element.classList.add("idle");
    commands.toggle();
    element.focus({ preventScroll: true });
  });
  video.addEventListener("dblclick", commands.fullscreen);
}

/** Volume, speed and position as they were left, and kept from now on. */
function restore(video, videoId, signal) {
  video.volume = Math.min(1, Math.max(0, Number(remembered("volume") ?? 1) || 0));
  video.muted = remembered("muted") === "true";
  const speed = Number(remembered("speed"));
  video.addEventListener(
    "loadedmetadata",
    () => {
      video.playbackRate = SPEEDS.includes(speed) ? speed : 1;
      const position = savedPosition(videoId, video.duration);
      if (position && video.currentTime === 0) video.currentTime = position;
    },
    { signal },
  );
  let saved = 0;
  const save = () => {
    if (video.readyState === 0) return;
    saved = video.currentTime;
    savePosition(videoId, video.currentTime);
  };
  video.addEventListener("timeupdate", () => Math.abs(video.currentTime - saved) >= SAVE_SECONDS && save(), { signal });
  for (const type of ["pause", "ended"]) video.addEventListener(type, save, { signal });
  window.addEventListener("pagehide", save, { signal });
}

/** The system's own media keys and lock screen. */
function tellSystem(title, poster, commands, signal) {
  if (!("mediaSession" in navigator)) return;
  const session = navigator.mediaSession;
  session.metadata = new MediaMetadata({ title, artwork: [{ src: poster }] });
  const handlers = { play: commands.toggle, pause: commands.toggle, seekbackward: () => commands.skip(-10), seekforward: () => commands.skip(10) };
  for (const [action, handler] of Object.entries(handlers)) session.setActionHandler(action, handler);
  signal.addEventListener("abort", () => {
    session.metadata = null;
    for (const action of Object.keys(handlers)) session.setActionHandler(action, null);
  });
}
