// Short news at the edge of the screen, read out by screen readers too.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../text/language.js";

const SHOWN_MILLISECONDS = 8000;

/** Shows a sentence for a while. `kind` is "done" or "problem"; problems stay until they are closed. */
export function notify(sentence, kind = "done") {
  const close = h("button", { type: "button", class: "icon-button small", "aria-label": t("notice.close") }, icon("close"));
  const notice = h(
    "div",
    { class: `notice ${kind}`, role: kind === "problem" ? "alert" : null },
    icon(kind === "problem" ? "alert" : "check"),
    h("p", {}, sentence),
    close,
  );
  const remove = () => notice.remove();
  close.addEventListener("click", remove);
  if (kind !== "problem") {
    announce(sentence);
    setTimeout(remove, SHOWN_MILLISECONDS);
  }
  const place = shelf();
  place.setAttribute("aria-label", t("notice.all"));
  place.append(notice);
}

/** Says something to screen readers only. */
export function announce(sentence) {
  document.querySelector("#announcements").textContent = sentence;
}

function shelf() {
  const known = document.querySelector("#notices");
  if (known) return known;
  const made = h("section", { id: "notices" });
  document.body.append(made);
  return made;
}
