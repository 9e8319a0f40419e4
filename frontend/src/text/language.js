// The page's language: the browser's, or the one the person chose.
import englishUrl from "../../texts/en.json?url";
import portugueseUrl from "../../texts/pt-BR.json?url";
import { remember, remembered } from "../preferences.js";
import * as format from "./format.js";
import { bestLanguage, translate } from "./translate.js";

const CATALOGS = { "pt-BR": portugueseUrl, en: englishUrl };

export const LANGUAGES = Object.keys(CATALOGS);

let language = LANGUAGES[0];
let catalog = {};

/** Fetches the catalog of the language to start with. */
export async function startLanguage() {
  const chosen = remembered("language");
  await useLanguage(LANGUAGES.includes(chosen) ? chosen : bestLanguage(navigator.languages, LANGUAGES));
}

/** Switches; whoever shows text shows it again on "language-changed". */
export async function chooseLanguage(wanted) {
  await useLanguage(wanted);
  remember("language", wanted);
  window.dispatchEvent(new CustomEvent("language-changed"));
}

async function useLanguage(wanted) {
  const response = await fetch(CATALOGS[wanted]);
  catalog = await response.json();
  language = wanted;
  document.documentElement.lang = wanted;
}

export const currentLanguage = () => language;

/** The sentence `key` in the page's language. */
export const t = (key, values) => translate(catalog, language, key, values);

/** Whether the catalog has this sentence: for codes that a server may add to. */
export const has = (key) => key in catalog;

export const bytes = (count) => format.formatBytes(count, language);
export const duration = (seconds, display) => format.formatDuration(seconds, language, display);
export const percent = (part) => format.formatPercent(part, language);
export const day = (moment) => format.formatDate(moment, language);
export const number = (value) => new Intl.NumberFormat(language).format(value);
