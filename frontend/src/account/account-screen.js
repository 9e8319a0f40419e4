// The person's account: password, sessions, language and theme.
import { h } from "../dom.js";
import { backLink } from "../shell.js";
import { t } from "../text/language.js";
import { ask } from "../widgets/dialog.js";
import { form, passwordField } from "../widgets/form.js";
import { notify } from "../widgets/notice.js";
import { languageSelect, themeSelect } from "../widgets/preferences.js";
import { cognitoErrorKey } from "./cognito-errors.js";
import { newPasswordField } from "./gate.js";

export function showAccount(main, { session }) {
  main.replaceChildren(
    h(
      "div",
      { class: "narrow" },
      backLink(),
      h("h1", { tabindex: "-1" }, t("account.title")),
      section(t("account.you"), h("p", { class: "email" }, session.email)),
      section(t("account.preferences"), h("div", { class: "choices" }, languageSelect(), themeSelect())),
      section(t("account.password"), passwordForm(session)),
      section(
        t("account.devices"),
        h("p", {}, t("account.devicesText")),
        h("div", { class: "button-row" }, signOutButton(session), everywhereButton(session)),
      ),
    ),
  );
}

const section = (title, ...content) => h("section", { class: "panel" }, h("h2", {}, title), content);

function passwordForm(session) {
  const made = form({
    name: "change-password",
    fields: [passwordField({ name: "current", label: t("field.currentPassword") }), newPasswordField(t("field.newPassword"), "wanted")],
    submit: t("account.changePassword"),
    explain: (error) => t(cognitoErrorKey(error)),
    act: async ({ current, wanted }) => {
      await session.changePassword(current, wanted);
      made.reset();
      notify(t("account.passwordChanged"));
    },
  });
  // Password managers match the change with an account.
  made.prepend(h("input", { type: "text", name: "username", autocomplete: "username", value: session.email, readonly: true, hidden: true }));
  return made;
}

function signOutButton(session) {
  return h("button", { type: "button", class: "button", "data-action": "sign-out", on: { click: () => session.signOut() } }, t("account.signOut"));
}

function everywhereButton(session) {
  const act = () =>
    ask({
      name: "sign-out-everywhere",
      title: t("account.everywhereTitle"),
      text: t("account.everywhereText"),
      confirm: t("account.everywhere"),
      danger: true,
      act: () => session.signOutEverywhere(),
      explain: (error) => t(cognitoErrorKey(error)),
    });
  return h("button", { type: "button", class: "button danger", "data-action": "sign-out-everywhere", on: { click: act } }, t("account.everywhere"));
}
