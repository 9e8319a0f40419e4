"use strict";

const API = "2017-08-29/jobs/";
const FINISHED = new Set(["COMPLETE", "ERROR", "CANCELED", "GONE"]);
const HASH = "#job/";
const found = (id) => document.getElementById(id);
let shown = { id: null, mark: "" };

/** An element with text or children; names that strangers gave only ever become text. */
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const fileName = (uri) => uri.split("/").pop() || uri;
const time = (seconds) => new Date(seconds * 1000).toLocaleTimeString();
const length = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;
const selected = () => (location.hash.startsWith(HASH) ? decodeURIComponent(location.hash.slice(HASH.length)) : null);

function took(job) {
  if (!job.startedAt) return `submitted ${time(job.createdAt)}`;
  const end = job.finishedAt ?? Date.now() / 1000;
  return `${time(job.startedAt)} · ${Math.max(0, end - job.startedAt).toFixed(1)} s`;
}

function status(value) {
  return element("span", { className: `status ${value}`, textContent: value });
}

function jobItem(job) {
  const more = job.moreInputs ? ` + ${job.moreInputs} more` : "";
  const link = element(
    "a",
    { href: HASH + encodeURIComponent(job.id) },
    element("span", { className: "name", textContent: fileName(job.inputs?.[0] ?? job.id) + more }),
    status(job.status),
    element("span", { className: "quiet", textContent: `${job.queue} · priority ${job.priority}` }),
    element("span", { className: "quiet", textContent: took(job) }),
  );
  if (job.id === selected()) link.setAttribute("aria-current", "true");
  if (job.status === "PROGRESSING") {
    link.append(element("progress", { max: 100, value: job.percent ?? 0, title: `${job.phase} ${job.percent ?? 0} %` }));
  }
  return element("li", {}, link);
}

function showJobs({ jobs }) {
  found("empty").hidden = jobs.length > 0;
  found("jobs").replaceChildren(...jobs.map(jobItem));
  const job = jobs.find((one) => one.id === selected());
  const mark = job ? `${job.status} ${job.phase} ${job.percent} ${job.warnings}` : "";
  // A finished job is drawn once: drawing it again would stop its players.
  if (selected() && (selected() !== shown.id || (job && mark !== shown.mark))) showJob(selected(), mark);
}

function player(file) {
  const properties = { src: file.link, controls: true, preload: "metadata" };
  if (file.kind === "video") return element("video", properties);
  if (file.kind === "audio") return element("audio", properties);
  if (file.kind !== "playlist") return null;
  const video = element("video", properties);
  if (video.canPlayType("application/vnd.apple.mpegurl")) return video;
  return element("p", { className: "quiet", textContent: "This browser plays no HLS; open the playlist in a player." });
}

function fileLink(file) {
  return element("div", {}, element("a", { href: file.link, textContent: file.uri, target: "_blank", rel: "noopener" }));
}

function outputView(output) {
  const facts = [
    output.width ? `${output.width} × ${output.height}` : null,
    length(output.durationMs),
    output.averageBitrate ? `${Math.round(output.averageBitrate / 1000)} kbit/s` : null,
  ];
  const images = output.files.filter((file) => file.kind === "image");
  const others = output.files.filter((file) => file.kind !== "image");
  return element(
    "div",
    { className: "output" },
    element("p", { className: "quiet", textContent: facts.filter(Boolean).join(" · ") }),
    images.length ? element("div", { className: "grid" }, ...images.map(imageLink)) : null,
    ...others.flatMap((file) => [file.kind === "playlist" ? null : player(file), fileLink(file)]),
  );
}

function imageLink(file) {
  const image = element("img", { src: file.link, alt: fileName(file.uri), title: file.uri, loading: "lazy" });
  return element("a", { href: file.link, target: "_blank", rel: "noopener" }, image);
}

function groupView(group) {
  return element(
    "div",
    {},
    element("p", {}, element("strong", { textContent: group.type.replaceAll("_", " ") })),
    ...group.playlists.flatMap((file) => [player(file), fileLink(file)]),
    ...group.outputs.map(outputView),
  );
}

function eventText(event) {
  if (event.errorMessage) return `${event.errorCode}: ${event.errorMessage}`;
  if (event.warningMessage) return `${event.warningCode}: ${event.warningMessage}`;
  if (event.jobProgress) return `${event.jobProgress.currentPhase} ${event.jobProgress.jobPercentComplete ?? "?"} %`;
  if (event.previousQueue) return `${fileName(event.previousQueue)} → ${fileName(event.queue)}`;
  return "";
}

function eventRow(event) {
  const cells = [new Date(event.timestamp).toLocaleTimeString(), event.status, eventText(event)];
  return element("tr", {}, ...cells.map((textContent) => element("td", { textContent })));
}

function details(title, value) {
  const text = element("pre", { textContent: typeof value === "string" ? value : JSON.stringify(value, null, 2) });
  return element("details", {}, element("summary", { textContent: title }), text);
}

function cancelButton(job) {
  const button = element("button", { type: "button", textContent: "Cancel" });
  button.addEventListener("click", () => fetch(API + encodeURIComponent(job.id), { method: "DELETE" }));
  return button;
}

async function showJob(id, mark) {
  shown = { id, mark };
  const answer = await fetch(`page/jobs/${encodeURIComponent(id)}`);
  if (shown.id !== id) return;
  const view = found("detail");
  view.hidden = false;
  if (!answer.ok) {
    view.replaceChildren(element("p", { textContent: "There is no such job." }));
    return;
  }
  const { job, queue, events, groups } = await answer.json();
  const notices = job.messages?.warning ?? [];
  const parts = [
    element("h2", { textContent: (job.settings.inputs ?? []).map((input) => input.fileInput).join(", ") }),
    element(
      "div",
      { className: "row" },
      status(job.status),
      element("code", { textContent: job.id }),
      element("span", { className: "quiet", textContent: fileName(queue) }),
      FINISHED.has(job.status) ? null : cancelButton(job),
    ),
    job.status === "PROGRESSING" ? element("progress", { max: 100, value: job.jobPercentComplete ?? 0 }) : null,
    job.errorMessage
      ? element("p", { className: "problem", textContent: `${job.errorCode}: ${job.errorMessage}` })
      : null,
    ...(groups.length ? [element("h3", { textContent: "Outputs" }), ...groups.map(groupView)] : []),
    element("h3", { textContent: "Messages" }),
    element("table", {}, element("tbody", {}, ...events.map(eventRow))),
    notices.length ? details(`${notices.length} settings without effect`, notices.join("\n")) : null,
    element("h3", { textContent: "Settings" }),
    details("Show the settings", job.settings),
  ];
  view.replaceChildren(...parts.filter((part) => part !== null));
}

function connect() {
  const stream = new EventSource("page/jobs");
  stream.addEventListener("open", () => {
    found("connection").textContent = "live";
    found("connection").className = "live";
  });
  stream.addEventListener("error", () => {
    found("connection").textContent = "reconnecting…";
    found("connection").className = "";
  });
  stream.addEventListener("message", (message) => {
    last = JSON.parse(message.data);
    showJobs(last);
  });
}

let last = { jobs: [] };
window.addEventListener("hashchange", () => showJobs(last));
connect();
