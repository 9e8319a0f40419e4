// One video: the player when it is ready, what it waits for until then.
import { apiErrorKey } from "../api-errors.js";
import { h, setAttribute, setText } from "../dom.js";
import { icon } from "../icons.js";
import { deleteVideo, renameVideo, videoActions } from "../library/actions.js";
import { stateText } from "../library/card.js";
import { backLink } from "../shell.js";
import { bytes, day, duration, t } from "../text/language.js";
import { Grant } from "./grant.js";
import { createPlayer } from "./player.js";

export async function showWatch(main, workspace) {
  const { api, collection, queue, videoId, signal } = workspace;
  main.replaceChildren(h("div", { class: "watch" }, backLink(), h("div", { class: "stage" }, h("div", { class: "player placeholder" }))));
  let video;
  try {
    video = collection.get(videoId) ?? (await api.video(videoId, signal));
    if (!collection.get(videoId)) collection.put(video);
  } catch (error) {
    if (!signal.aborted) showProblem(main, error);
    return;
  }
  if (signal.aborted) return;

  const stage = h("div", { class: "stage" });
  const title = h("h1", { tabindex: "-1", dir: "auto" });
  const whole = h("button", { type: "button", class: "link", "aria-expanded": "false", hidden: true, on: { click: showWhole } }, t("watch.wholeTitle"));
  const facts = h("p", { class: "facts" });
  const buttons = h("div", { class: "button-row" });
  main.replaceChildren(h("div", { class: "watch" }, backLink(), stage, h("div", { class: "watch-text" }, title, whole, facts, buttons)));
  let shown = null;

  function update() {
    video = collection.get(videoId);
    if (!video) {
      location.hash = "#/videos";
      return;
    }
    setText(title, video.title);
    fitTitle();
    document.title = `${video.title} · SStech Video`;
    setText(facts, describe(video));
    if (video.width && video.height) stage.style.setProperty("--ratio", String(video.width / video.height));
    if (shown === video.status) return refreshWaiting(stage, video);
    shown = video.status;
    buttons.replaceChildren(...actionButtons());
    if (video.status === "ready") openPlayer();
    else stage.replaceChildren(waiting(video));
  }

  function showWhole() {
    const isWhole = title.classList.toggle("whole");
    whole.setAttribute("aria-expanded", String(isWhole));
    setText(whole, t(isWhole ? "watch.shortTitle" : "watch.wholeTitle"));
  }

  /** A title too long for its place can be opened. */
  function fitTitle() {
    if (!title.classList.contains("whole")) whole.hidden = title.scrollHeight <= title.clientHeight + 1;
  }

  function actionButtons() {
    const other = videoActions(video, workspace).find(({ name }) => name === "retry");
    const button = (name, label, picture, act, kind = "") => h("button", { type: "button", class: `button ${kind}`, "data-action": name, on: { click: act } }, icon(picture), label);
    return [
      other && button("retry", other.label, "retry", other.act, "primary"),
      button("rename", t("action.rename"), "edit", () => renameVideo(collection.get(videoId), collection)),
      button("delete", t("action.delete"), "trash", () => deleteVideo(collection.get(videoId), collection, queue), "danger"),
    ].filter(Boolean);
  }

  async function openPlayer() {
    const grant = new Grant(api, videoId, signal);
    try {
      const urls = await grant.open();
      if (signal.aborted) return;
      const player = createPlayer({ videoId, title: video.title, urls, renew: () => grant.renew(), signal });
      stage.replaceChildren(player);
      player.focus({ preventScroll: true });
    } catch (error) {
      if (!signal.aborted) stage.replaceChildren(h("div", { class: "player placeholder" }, h("p", { class: "player-problem", role: "alert" }, t(apiErrorKey(error)))));
    }
  }

  collection.addEventListener("changed", update, { signal });
  update();
  const resized = new ResizeObserver(fitTitle);
  resized.observe(title);
  signal.addEventListener("abort", () => resized.disconnect());
}

function waiting(video) {
  return h(
    "div",
    { class: "player placeholder" },
    h(
      "div",
      { class: "waiting-text" },
      icon(video.status === "failed" ? "alert" : "film"),
      h("p", { class: "state", role: "status" }, stateText(video)),
      h("progress", { class: "bar", max: 100, value: video.progress, "aria-label": t("card.progress", { title: video.title }), hidden: video.status !== "converting" }),
    ),
  );
}

function refreshWaiting(stage, video) {
  const state = stage.querySelector(".state");
  if (!state) return;
  setText(state, stateText(video));
  setAttribute(stage.querySelector("progress"), "value", video.progress);
}

function describe(video) {
  const facts = [day(video.createdAt), bytes(video.size)];
  if (video.durationMs) facts.push(duration(video.durationMs / 1000, "short"));
  if (video.width && video.height) facts.push(`${video.width}\u00a0×\u00a0${video.height}`);
  return facts.join(" · ");
}

function showProblem(main, error) {
  main.replaceChildren(
    h(
      "div",
      { class: "empty" },
      icon("alert"),
      h("h1", { tabindex: "-1" }, t("watch.trouble")),
      h("p", {}, t(apiErrorKey(error))),
      h("a", { class: "button primary", href: "#/videos" }, t("shell.back")),
    ),
  );
}
