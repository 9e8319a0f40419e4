// What stands beside the way in where there is room: what this place is for.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../text/language.js";

const PROMISES = { shield: "gate.promise.key", film: "gate.promise.format", upload: "gate.promise.upload" };
const STILLS = 9;

export function welcome() {
  const stills = h("div", { class: "stills", "aria-hidden": true }, Array.from({ length: STILLS }, () => h("span", { class: "still" })));
  const promises = Object.entries(PROMISES).map(([picture, key]) => h("li", {}, icon(picture), t(key)));
  const text = h("div", { class: "welcome-text" }, h("p", { class: "tagline" }, t("gate.tagline")), h("ul", { class: "promises", role: "list" }, promises));
  return h("aside", { class: "welcome", "aria-label": "SStech Video" }, h("div", { class: "welcome-scene" }, stills, text));
}
