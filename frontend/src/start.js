// The page begins here.
import { Session } from "./account/session.js";
import { App } from "./app.js";
import { readConfiguration } from "./configuration.js";
import { h } from "./dom.js";
import { startLanguage, t } from "./text/language.js";
import { applyTheme } from "./theme.js";

applyTheme();
const page = document.querySelector("#page");
const configuration = readConfiguration();
configuration.catch(() => {});
await startLanguage();
try {
  const session = new Session(await configuration);
  await session.restore();
  new App(page, session).start();
} catch (error) {
  console.error(error);
  showTrouble();
}

function showTrouble() {
  page.replaceChildren(
    h(
      "main",
      { class: "empty" },
      h("h1", {}, t("start.troubleTitle")),
      h("p", {}, t("start.trouble")),
      h("button", { type: "button", class: "button primary", on: { click: () => location.reload() } }, t("start.again")),
    ),
  );
}
