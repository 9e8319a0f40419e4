// A button that opens a menu of actions, in the browser's top layer. Keyboard as WAI-ARIA's menu button pattern has it:
// https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/
import { h, uniqueId } from "../dom.js";

const GAP = 6;
const MARGIN = 8;

/** `actions()` lists `{ name, label, icon, danger, act }` anew at each opening. */
export function menuButton({ label, className = "", content, actions }) {
  const id = uniqueId("menu");
  const button = h(
    "button",
    { type: "button", class: `icon-button ${className}`, "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false" },
    content,
  );
  let list = null;

  button.addEventListener("click", () => (list ? close() : open(0)));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(event.key === "ArrowDown" ? 0 : -1);
  });

  function open(focused) {
    if (list) return;
    const name = button.getAttribute("aria-label");
    list = h("div", { id, class: "menu", role: "menu", "aria-label": name, popover: "manual" }, actions().map(item));
    list.addEventListener("keydown", onKey);
    (button.closest("main") ?? document.body).append(list);
    list.showPopover();
    place(list, button);
    button.setAttribute("aria-expanded", "true");
    button.setAttribute("aria-controls", id);
    items().at(focused).focus();
    document.addEventListener("pointerdown", onOutside, true);
    window.addEventListener("scroll", onScroll, true);
    window.addEventListener("resize", close);
  }

  function close() {
    if (!list) return;
    document.removeEventListener("pointerdown", onOutside, true);
    window.removeEventListener("scroll", onScroll, true);
    window.removeEventListener("resize", close);
    const hadFocus = list.contains(document.activeElement);
    list.remove();
    list = null;
    button.setAttribute("aria-expanded", "false");
    button.removeAttribute("aria-controls");
    if (hadFocus) button.focus();
  }

  function item({ name, label: text, icon, danger, act }) {
    const choose = () => {
      close();
      act();
    };
    const classes = danger ? "menu-item danger" : "menu-item";
    return h("button", { type: "button", role: "menuitem", tabindex: "-1", class: classes, "data-action": name, on: { click: choose } }, icon, text);
  }

  const items = () => [...list.children];

  function onKey(event) {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const targets = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 };
    if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      close();
    } else if (event.key in targets) {
      event.preventDefault();
      all[targets[event.key]].focus();
    }
  }

  function onOutside(event) {
    if (!list.contains(event.target) && !button.contains(event.target)) close();
  }

  function onScroll(event) {
    if (!list.contains(event.target)) close();
  }

  return button;
}

/** Puts a popover below its button, above where there is no room, and never off the screen. */
export function place(popover, button) {
  const anchor = button.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const below = anchor.bottom + GAP;
  const top = below + height + MARGIN > innerHeight ? Math.max(MARGIN, anchor.top - GAP - height) : below;
  const left = Math.min(Math.max(MARGIN, anchor.right - width), innerWidth - width - MARGIN);
  popover.style.setProperty("top", `${top}px`);
  popover.style.setProperty("left", `${left}px`);
}
