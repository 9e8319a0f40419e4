// A form of labelled fields: one thing asked at a time, one place where it says what is wrong.
import { h, setAttribute, uniqueId } from "../dom.js";
import { t } from "../text/language.js";

/**
 * A form.
 *
 * `fields` are made by `textField` and its like; `act(values)` may throw: `explain(error)` gives the sentence shown.
 * While it works nothing can be sent twice. `name` is for styles and tests.
 */
export function form({ name, fields, submit, act, explain, extra = [] }) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { type: "submit", class: "button primary wide" }, submit);
  const element = h("form", { class: "form", "data-form": name, novalidate: true }, problem, fields, extra, button);
  let isBusy = false;

  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const wrong = fields.map((field) => field.check?.() ?? null);
    const first = wrong.findIndex(Boolean);
    if (first !== -1) return complain(wrong[first], fields[first]);
    setBusy(true);
    complain("");
    try {
      await act(Object.fromEntries(new FormData(element)));
    } catch (error) {
      complain(explain(error), fields.at(-1));
    } finally {
      setBusy(false);
    }
  });

  function complain(sentence, field) {
    problem.textContent = sentence;
    for (const each of fields) setAttribute(each.querySelector("input"), "aria-invalid", each === field && !!sentence);
    if (sentence) field?.querySelector("input")?.focus();
  }

  function setBusy(busy) {
    isBusy = busy;
    setAttribute(button, "aria-disabled", busy);
    element.classList.toggle("busy", busy);
  }

  return element;
}

/** A labelled input. `check(value)` answers a sentence when the value cannot be right. */
export function textField({ name, label, hint, check, ...attributes }) {
  const id = uniqueId(name);
  const hintId = hint && `${id}-hint`;
  const input = h("input", { id, name, type: "text", "aria-describedby": hintId, ...attributes });
  const field = h("div", { class: "field" }, h("label", { for: id }, label), input);
  if (hint) field.append(h("p", { class: "hint", id: hintId }, hint));
  field.check = () => {
    const value = input.value.trim();
    if (attributes.required && !value) return t("form.missing", { field: label });
    return check?.(value) ?? null;
  };
  return field;
}

export function emailField(value = "") {
  return textField({
    name: "email",
    label: t("field.email"),
    type: "email",
    autocomplete: "username",
    inputmode: "email",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
    value,
    check: (text) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? null : t("form.notAnEmail")),
  });
}

/** A password, which can be looked at. `isNew` says what password managers should offer. */
export function passwordField({ name = "password", label, isNew = false, hint, check }) {
  const field = textField({
    name,
    label,
    hint,
    check,
    type: "password",
    autocomplete: isNew ? "new-password" : "current-password",
    required: true,
  });
  const input = field.querySelector("input");
  const show = h("button", { type: "button", class: "show-password", "aria-pressed": "false" }, t("field.show"));
  show.addEventListener("click", () => {
    const isShown = input.type === "text";
    input.type = isShown ? "password" : "text";
    show.setAttribute("aria-pressed", String(!isShown));
    show.textContent = t(isShown ? "field.show" : "field.hide");
  });
  const pair = h("div", { class: "with-button" });
  input.replaceWith(pair);
  pair.append(input, show);
  return field;
}

/** A code of six digits: from an e-mail or from the authenticator. */
export function codeField(label, hint) {
  return textField({
    name: "code",
    label,
    hint,
    inputmode: "numeric",
    autocomplete: "one-time-code",
    pattern: "[0-9 ]*",
    maxlength: 9,
    required: true,
    class: "code",
    check: (text) => (/^\d{6}$/.test(digits(text)) ? null : t("form.notACode")),
  });
}

export const digits = (text) => text.replace(/\D/g, "");

export function checkbox({ name, label, hint, checked = false }) {
  const id = uniqueId(name);
  return h(
    "div",
    { class: "check" },
    h("input", { id, name, type: "checkbox", checked, "aria-describedby": hint && `${id}-hint` }),
    h("label", { for: id }, label),
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
  );
}
