// What stands around every screen: the name, the way back, the account.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./text/language.js";

export function logo() {
  return h(
    "a",
    { class: "logo", href: "#/videos", "aria-label": t("shell.home") },
    h("span", { class: "logo-mark" }, icon("play")),
    h("span", { class: "logo-name" }, "SStech Video"),
  );
}

export const backLink = () => h("a", { class: "link with-icon back", href: "#/videos" }, icon("back"), t("shell.back"));

/** The frame of a signed-in page; answers the element that screens fill. */
export function frame(page, { screen, actions = [] }) {
  const main = h("main", { id: "main", tabindex: "-1", "data-screen": screen });
  const skip = h("button", { type: "button", class: "skip", on: { click: () => main.focus() } }, t("shell.skip"));
  const account = h("a", { class: "icon-button", href: "#/account", "aria-label": t("account.title") }, icon("account"));
  page.replaceChildren(skip, h("header", { class: "top" }, logo(), h("div", { class: "top-actions" }, actions, account)), main);
  return main;
}
