// Which screen is shown: by the session and by the address after "#".
import { openGate } from "./account/gate.js";
import { Api } from "./api.js";
import { h, scope } from "./dom.js";
import { icon } from "./icons.js";
import { Collection } from "./library/collection.js";
import { showLibrary } from "./library/library-screen.js";
import { parseRoute } from "./routes.js";
import { frame } from "./shell.js";
import { t } from "./text/language.js";
import { UploadDock } from "./upload/dock.js";
import { acceptDrops } from "./upload/drop.js";
import { canChooseFolder, chooseFiles, chooseFolder } from "./upload/pick.js";
import { UploadQueue } from "./upload/queue.js";
import { notify } from "./widgets/notice.js";

const SCREENS = {
  videos: (main, workspace) => showLibrary(main, workspace),
  account: async (main, workspace) => (await import("./account/account-screen.js")).showAccount(main, workspace),
  watch: async (main, workspace) => (await import("./player/watch-screen.js")).showWatch(main, workspace),
};

export class App {
  #page;
  #session;
  #workspace = null;
  #screen = scope();

  constructor(page, session) {
    this.#page = page;
    this.#session = session;
  }

  start() {
    this.#session.addEventListener("signed-in", () => this.#render());
    this.#session.addEventListener("signed-out", ({ detail }) => this.#leave(detail));
    window.addEventListener("hashchange", () => this.#render());
    window.addEventListener("language-changed", () => this.#session.isSignedIn && this.#render());
    this.#render();
  }

  #leave({ expired }) {
    // After an expired session the same person goes on where they were, uploads included.
    if (!expired) {
      this.#closeWorkspace();
      history.replaceState(null, "", "#/videos");
    }
    this.#render({ expired });
  }

  async #render({ expired = false } = {}) {
    this.#screen.end();
    this.#screen = scope();
    const { signal } = this.#screen;
    if (!this.#session.isSignedIn) {
      this.#workspace?.dock.hide();
      return openGate(this.#page, this.#session, { expired, signal });
    }
    const workspace = this.#openWorkspace();
    const { screen, videoId } = parseRoute(location.hash);
    const main = frame(this.#page, { screen, actions: [folderButton(workspace), uploadButton(workspace)] });
    // Beside a video there is room for one line.
    workspace.dock.show({ folded: screen === "watch" });
    try {
      await SCREENS[screen](main, { ...workspace, videoId, signal });
    } catch (error) {
      // A new release may have replaced a part that this page wanted to load.
      console.error(error);
      if (!signal.aborted) showLost(main);
    }
    if (signal.aborted) return;
    const heading = main.querySelector("h1");
    if (heading) document.title = `${heading.textContent} · SStech Video`;
    (main.querySelector("[data-autofocus]") ?? heading)?.focus({ preventScroll: true });
  }

  #openWorkspace() {
    if (this.#workspace?.owner === this.#session.owner) return this.#workspace;
    this.#closeWorkspace();
    const life = scope();
    const session = this.#session;
    const api = new Api(session);
    const collection = new Collection(api);
    const queue = new UploadQueue({ api, owner: session.owner, collection });
    const dock = new UploadDock(queue);
    const take = (chosen, options) => takeFiles(queue, chosen, options);
    acceptDrops(document.body, take, life.signal);
    collection.load(life.signal);
    queue.restore();
    session.addEventListener("signed-in", () => queue.wake(), { signal: life.signal });
    this.#workspace = { owner: session.owner, session, api, collection, queue, take, dock, life };
    return this.#workspace;
  }

  #closeWorkspace() {
    this.#workspace?.life.end();
    this.#workspace?.queue.stop();
    this.#workspace?.dock.remove();
    this.#workspace = null;
  }
}

/** Whatever a person chose or dropped goes to the queue. Of a folder only its videos: photos among them are no mistake. */
async function takeFiles(queue, chosen, { quietly = false } = {}) {
  const taken = await queue.add(chosen, { quietly });
  if (quietly && !taken) notify(t("upload.noVideos"), "problem");
}

function uploadButton({ take }) {
  return h("button", { type: "button", class: "button primary upload-button", "data-action": "upload", on: { click: () => chooseFiles(take) } }, icon("upload"), h("span", {}, t("upload.button")));
}

function folderButton({ take }) {
  if (!canChooseFolder()) return null;
  const label = t("upload.folderButton");
  return h("button", { type: "button", class: "icon-button folder-button", "data-action": "upload-folder", "aria-label": label, title: label, on: { click: () => chooseFolder(take) } }, icon("folder"));
}

function showLost(main) {
  main.replaceChildren(
    h(
      "div",
      { class: "empty" },
      h("h1", { tabindex: "-1" }, t("start.troubleTitle")),
      h("p", {}, t("start.trouble")),
      h("button", { type: "button", class: "button primary", on: { click: () => location.reload() } }, t("start.again")),
    ),
  );
}
