// Questions that wait for an answer, in the browser's own modal dialog.
import { h, rescueFocus, uniqueId } from "../dom.js";
import { t } from "../text/language.js";

/**
 * Asks; resolves to whether the person agreed. `act` is done on agreement, with the form's values, before the dialog
 * closes; when it throws, `explain(error)` is shown and the dialog stays. Afterwards the focus is back where it was; if
 * that is gone, on the first of `heirs()` that can be seen, or on the screen's heading.
 */
export function ask({ name, title, text, confirm, danger = false, content = [], act, explain, heirs = () => [] }) {
  const titleId = uniqueId("dialog");
  const problem = h("p", { class: "problem", role: "alert" });
  const agree = h("button", { type: "submit", class: `button ${danger ? "danger" : "primary"}` }, confirm);
  const cancel = h("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, t("dialog.cancel"));
  const form = h(
    "form",
    { class: "form" },
    h("h2", { id: titleId }, title),
    text && h("p", {}, text),
    content,
    problem,
    h("div", { class: "dialog-buttons" }, cancel, agree),
  );
  const dialog = h("dialog", { class: "dialog", "data-dialog": name, "aria-labelledby": titleId }, form);
  let agreed = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (agree.disabled) return;
    agree.disabled = true;
    try {
      await act?.(Object.fromEntries(new FormData(form)));
      agreed = true;
      dialog.close();
    } catch (error) {
      problem.textContent = explain(error);
    } finally {
      agree.disabled = false;
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  document.body.append(dialog);
  dialog.showModal();
  form.querySelector("input")?.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      rescueFocus(heirs());
      resolve(agreed);
    });
  });
}
