// Language and theme, wherever they can be chosen.
import { h, uniqueId } from "../dom.js";
import { icon } from "../icons.js";
import { LANGUAGES, chooseLanguage, currentLanguage, t } from "../text/language.js";
import { THEMES, chooseTheme, currentTheme } from "../theme.js";

// A language is named in itself: whoever looks for it may not read the one that is on.
const LANGUAGE_NAMES = { "pt-BR": "Português", en: "English" };

export function languageSelect() {
  const options = LANGUAGES.map((value) => [value, LANGUAGE_NAMES[value], value]);
  return select("language", t("preferences.language"), options, currentLanguage(), chooseLanguage);
}

export function themeSelect() {
  const options = THEMES.map((value) => [value, t(`preferences.theme.${value}`)]);
  return select("theme", t("preferences.theme"), options, currentTheme(), chooseTheme);
}

/** Both in little room: pictures over the browser's own choices. */
export function preferencesBar() {
  const compact = (choice, picture) => {
    choice.classList.add("compact");
    choice.append(icon(picture));
    return choice;
  };
  return h("div", { class: "preferences" }, compact(languageSelect(), "language"), compact(themeSelect(), "theme"));
}

function select(name, label, options, current, choose) {
  const id = uniqueId(name);
  const element = h(
    "select",
    { id, "data-select": name },
    options.map(([value, text, lang]) => h("option", { value, lang, selected: value === current }, text)),
  );
  element.addEventListener("change", () => choose(element.value));
  return h("div", { class: "choice" }, h("label", { for: id }, label), element);
}
