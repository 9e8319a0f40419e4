// The way in: sign-in and everything around it, one question at a time.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { logo } from "../shell.js";
import { t } from "../text/language.js";
import { checkbox, codeField, digits, emailField, form, passwordField } from "../widgets/form.js";
import { notify } from "../widgets/notice.js";
import { preferencesBar } from "../widgets/preferences.js";
import { cognitoErrorKey } from "./cognito-errors.js";
import { authenticatorSteps } from "./enrolment.js";
import { welcome } from "./welcome.js";

// The pool's policy (bootstrap/template.yaml); Cognito checks it again.
const SHORTEST_PASSWORD = 12;
// What the browser's "back" can return to: the others are in the middle of a sign-in.
const ENTRANCES = new Set(["signIn", "signUp", "forgot"]);
// The way of somebody new, in this order.
const NEWCOMERS_STEPS = ["signUp", "confirm", "enrol"];

/**
 * Shows the way in until `session` is signed in. `expired` says that the person was inside a moment ago.
 * What is asked stays on one address, so that a sign-in leads to where the person wanted to go.
 */
export function openGate(page, session, { expired = false, signal }) {
  const state = { email: "", password: "", lasting: false, attempt: null, isNew: false };
  const steps = { signIn, signUp, confirm, code, enrol, newPassword, forgot, reset };
  const card = h("div", { class: "gate-card" });
  let current = "signIn";

  async function show(name, { isBack = false } = {}) {
    if (!isBack && ENTRANCES.has(name)) history.pushState({ gate: name }, "");
    current = name in steps ? name : "signIn";
    card.dataset.step = current;
    const content = await steps[current]();
    card.replaceChildren(...content.filter(Boolean));
    document.title = `${card.querySelector("h1").textContent} · SStech Video`;
    focusOf(current).focus();
  }

  function focusOf(step) {
    // What comes before the code is to be read and done first.
    const field = step === "enrol" ? null : card.querySelector("input:not([type=checkbox])");
    return field ?? card.querySelector("h1");
  }

  const explain = (error) => t(cognitoErrorKey(error));
  const link = (label, step) => h("button", { type: "button", class: "link", "data-step": step, on: { click: () => show(step) } }, label);
  const heading = (title, intro) => [progress(), h("h1", { tabindex: "-1" }, title), intro && h("p", { class: "intro" }, intro)];

  function progress() {
    if (current === "signUp") state.isNew = true;
    if (current === "signIn") state.isNew = false;
    const step = NEWCOMERS_STEPS.indexOf(current) + 1;
    if (!state.isNew || !step) return null;
    const total = NEWCOMERS_STEPS.length;
    const bars = NEWCOMERS_STEPS.map((_, index) => h("span", { class: index < step ? "done" : "" }));
    return h("p", { class: "steps" }, h("span", { class: "steps-bar", "aria-hidden": true }, bars), t("gate.step", { step, total }));
  }

  function signIn() {
    return [
      ...heading(t("signIn.title"), t("signIn.intro")),
      expired && h("p", { class: "note", role: "status" }, t("session.expired")),
      session.trouble && troubleNote(),
      form({
        name: "sign-in",
        fields: [emailField(state.email), passwordField({ label: t("field.password") })],
        extra: [checkbox({ name: "lasting", label: t("signIn.lasting"), hint: t("signIn.lastingHint"), checked: state.lasting })],
        submit: t("signIn.submit"),
        explain,
        act: async ({ email, password, lasting }) => {
          Object.assign(state, { email: email.trim(), password, lasting: lasting === "on" });
          await enter();
        },
      }),
      h("p", { class: "gate-links" }, link(t("signIn.forgot"), "forgot")),
      h("p", { class: "gate-links" }, t("signIn.noAccount"), " ", link(t("signIn.signUp"), "signUp")),
    ];
  }

  /** Who is kept signed in need not sign in again, only wait. */
  function troubleNote() {
    const again = h("button", { type: "button", class: "link", on: { click: () => location.reload() } }, t("start.again"));
    return h("p", { class: "note", role: "status" }, explain(session.trouble), " ", again);
  }

  async function enter() {
    try {
      await go(await session.cognito.signIn(state.email, state.password));
    } catch (error) {
      if (error?.code === "UserNotConfirmedException") return show("confirm");
      if (error?.code === "PasswordResetRequiredException") return show("forgot");
      throw error;
    }
  }

  async function go(step) {
    state.attempt = step.attempt;
    if (step.name !== "done") return show(step.name);
    state.password = "";
    await session.adopt(step.signedIn, { lasting: state.lasting });
  }

  function signUp() {
    return [
      ...heading(t("signUp.title"), t("signUp.intro")),
      form({
        name: "sign-up",
        fields: [emailField(state.email), newPasswordField(t("field.password"))],
        submit: t("signUp.submit"),
        explain,
        act: async ({ email, password }) => {
          Object.assign(state, { email: email.trim(), password });
          await session.cognito.signUp(state.email, password);
          await show("confirm");
        },
      }),
      h("p", { class: "gate-links" }, t("signUp.haveAccount"), " ", link(t("signIn.submit"), "signIn")),
    ];
  }

  function confirm() {
    return [
      ...heading(t("confirm.title"), t("confirm.intro", { email: state.email })),
      form({
        name: "confirm",
        fields: [codeField(t("field.mailCode"), t("confirm.hint"))],
        submit: t("confirm.submit"),
        explain,
        act: async ({ code: typed }) => {
          await session.cognito.confirmSignUp(state.email, digits(typed));
          notify(t("confirm.done"));
          await (state.password ? enter() : show("signIn"));
        },
      }),
      h("p", { class: "gate-links" }, actionLink(t("confirm.again"), () => session.cognito.resendCode(state.email), "confirm.sent")),
      startOver(),
    ];
  }

  function code() {
    return [
      ...heading(t("code.title"), t("code.intro")),
      form({
        name: "code",
        fields: [codeField(t("field.authenticatorCode"), t("code.hint"))],
        submit: t("signIn.submit"),
        explain,
        act: async ({ code: typed }) => inAttempt(() => state.attempt.sendCode(digits(typed))),
      }),
      startOver(),
    ];
  }

  async function enrol() {
    const secret = await state.attempt.newSecret();
    return [
      ...heading(t("enrol.title"), t("enrol.intro")),
      await authenticatorSteps(secret, state.email, codeForm()),
      startOver(),
    ];
  }

  function codeForm() {
    return form({
      name: "enrol",
      fields: [codeField(t("field.authenticatorCode"), t("enrol.codeHint"))],
      submit: t("enrol.submit"),
      explain,
      act: async ({ code: typed }) => {
        await inAttempt(() => state.attempt.enrol(digits(typed)));
        notify(t("enrol.done"));
      },
    });
  }

  function newPassword() {
    return [
      ...heading(t("newPassword.title"), t("newPassword.intro")),
      form({
        name: "new-password",
        fields: [newPasswordField(t("field.newPassword"))],
        submit: t("newPassword.submit"),
        explain,
        act: async ({ password }) => inAttempt(() => state.attempt.chooseFirstPassword(password)),
      }),
      startOver(),
    ];
  }

  /** A step of a sign-in; one that took too long starts again from the password. */
  async function inAttempt(act) {
    try {
      await go(await act());
    } catch (error) {
      if (cognitoErrorKey(error) !== "error.account.signInTookTooLong") throw error;
      notify(explain(error), "problem");
      await show("signIn");
    }
  }

  function forgot() {
    return [
      ...heading(t("forgot.title"), t("forgot.intro")),
      form({
        name: "forgot",
        fields: [emailField(state.email)],
        submit: t("forgot.submit"),
        explain,
        act: async ({ email }) => {
          state.email = email.trim();
          await session.cognito.forgotPassword(state.email);
          await show("reset");
        },
      }),
      startOver(),
    ];
  }

  function reset() {
    return [
      ...heading(t("reset.title"), t("reset.intro", { email: state.email })),
      form({
        name: "reset",
        fields: [codeField(t("field.mailCode")), newPasswordField(t("field.newPassword"))],
        submit: t("reset.submit"),
        explain,
        act: async ({ code: typed, password }) => {
          await session.cognito.resetPassword(state.email, digits(typed), password);
          notify(t("reset.done"));
          await show("signIn");
        },
      }),
      h("p", { class: "gate-links" }, actionLink(t("confirm.again"), () => session.cognito.forgotPassword(state.email), "confirm.sent")),
      startOver(),
    ];
  }

  function actionLink(label, act, doneKey) {
    const button = h("button", { type: "button", class: "link" }, label);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await act();
        notify(t(doneKey));
      } catch (error) {
        notify(explain(error), "problem");
      } finally {
        button.disabled = false;
      }
    });
    return button;
  }

  const startOver = () => h("p", { class: "gate-links" }, h("button", { type: "button", class: "link with-icon", on: { click: () => show("signIn") } }, icon("back"), t("gate.startOver")));

  const header = h("header", { class: "gate-top" });
  const main = h("main", { class: "gate-main" }, card);
  function drawFrame() {
    header.replaceChildren(logo(), preferencesBar());
    page.replaceChildren(h("div", { class: "gate" }, header, main, welcome()));
  }
  drawFrame();
  window.addEventListener("popstate", (event) => show(event.state?.gate ?? "signIn", { isBack: true }), { signal });
  window.addEventListener("language-changed", redraw, { signal });
  show("signIn", { isBack: true });

  function redraw() {
    drawFrame();
    show(current, { isBack: true });
  }
}

/** A password that is about to be set, with the pool's one rule. */
export function newPasswordField(label, name = "password") {
  return passwordField({
    name,
    label,
    isNew: true,
    hint: t("field.passwordHint", { count: SHORTEST_PASSWORD }),
    check: (value) => (value.length < SHORTEST_PASSWORD ? t("error.account.weakPassword") : null),
  });
}
