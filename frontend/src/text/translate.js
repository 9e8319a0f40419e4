// Sentences from a catalog. Pure: the catalog and the language come with each call.

/**
 * The sentence `key` of `catalog`, with `{name}` replaced by `values.name`.
 *
 * A sentence that depends on `values.count` stands under `key.one`, `key.other`, … (Unicode's plural categories).
 * Throws RangeError for a key that the catalog lacks: a missing sentence is a mistake of ours, not to be shown.
 */
export function translate(catalog, language, key, values = {}) {
  const sentence = catalog[key] ?? catalog[`${key}.${pluralCategory(language, values.count)}`] ?? catalog[`${key}.other`];
  if (sentence === undefined) throw new RangeError(`no sentence ${key}`);
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

function pluralCategory(language, count) {
  return typeof count === "number" ? new Intl.PluralRules(language).select(count) : "other";
}

/** The language of `offered` that suits the person best, by their own list (`navigator.languages`). */
export function bestLanguage(wanted, offered) {
  for (const language of wanted) {
    const prefix = language.toLowerCase().split("-")[0];
    const found = offered.find((each) => each.toLowerCase().split("-")[0] === prefix);
    if (found) return found;
  }
  return offered[0];
}
