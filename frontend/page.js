// Proves the way site → CDN → API: asks the API who we are and shows what it answers.
import { texts } from "./texts.js";

const language = navigator.language.startsWith("pt") ? "pt" : "en";
const say = (name) => texts[language][name];

document.documentElement.lang = language === "pt" ? "pt-BR" : "en";
for (const element of document.querySelectorAll("[data-text]")) {
  element.textContent = say(element.dataset.text);
}

// An ID token is only ever in memory; whoever signs in on this page hands it over by this event.
window.addEventListener("signed-in", (event) => show(event.detail.idToken));

await Promise.all([showStage(), show(null)]);

async function showStage() {
  const configuration = await fetch("config.json").then((response) => response.json());
  document.querySelector("#stage").textContent = configuration.Stage;
}

/** Shows the session's state and, for a valid ID token, the newest videos. */
async function show(idToken) {
  const session = document.querySelector("#session");
  try {
    const response = await fetch("/api/videos", {
      headers: idToken ? { Authorization: `Bearer ${idToken}` } : {},
    });
    session.textContent = say(sessionState(response.status));
    session.dataset.status = String(response.status);
    if (response.ok) {
      list((await response.json()).videos);
    }
  } catch {
    session.textContent = say("unreachable");
  }
}

function sessionState(status) {
  if (status === 200) return "signedIn";
  return status === 401 ? "signedOut" : "unreachable";
}

function list(videos) {
  document.querySelector("#library").hidden = false;
  const rows = videos.map((video) => {
    const row = document.createElement("li");
    const status = document.createElement("span");
    status.className = "status";
    status.textContent = ` ${video.status} ${video.progress} %`;
    row.append(video.title, status);
    return row;
  });
  document.querySelector("#videos").replaceChildren(...(rows.length ? rows : [say("noVideos")]));
}
