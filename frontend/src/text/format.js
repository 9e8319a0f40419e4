// Sizes, times and dates as people read them. Pure.

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;

// Making a formatter takes longer than all else that a card does.
const numbers = keeping((language, options) => new Intl.NumberFormat(language, options));
const dates = keeping((language, options) => new Intl.DateTimeFormat(language, options));

function keeping(make) {
  const made = new Map();
  return (language, options) => {
    const key = `${language} ${JSON.stringify(options)}`;
    if (!made.has(key)) made.set(key, make(language, options));
    return made.get(key);
  };
}

/** Bytes with a unit, in thousands as people's systems show them: 1536000 → "1.5 MB". */
export function formatBytes(bytes, language) {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  const digits = value < 10 && power > 0 ? 1 : 0;
  return numbers(language, { style: "unit", unit: UNITS[power], unitDisplay: "short", maximumFractionDigits: digits }).format(value);
}

/** Position or length in a video: 75 → "1:15", 3675 → "1:01:15". Seconds. */
export function formatClock(seconds) {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  const hours = Math.floor(whole / SECONDS_PER_HOUR);
  const minutes = Math.floor((whole % SECONDS_PER_HOUR) / SECONDS_PER_MINUTE);
  const rest = String(whole % SECONDS_PER_MINUTE).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** A length of time in words, for screen readers and for time left: 75 → "1 minute 15 seconds". Seconds. */
export function formatDuration(seconds, language, display = "long") {
  return unitsOf(seconds)
    .map(([unit, value]) => numbers(language, { style: "unit", unit, unitDisplay: display }).format(value))
    .join(" ");
}

/** The number that a verb beside such a length goes by, which is its first: 75 → 1, 150 → 2. */
export const durationCount = (seconds) => unitsOf(seconds)[0][1];

function unitsOf(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [
    ["hour", Math.floor(whole / SECONDS_PER_HOUR)],
    ["minute", Math.floor((whole % SECONDS_PER_HOUR) / SECONDS_PER_MINUTE)],
    ["second", whole % SECONDS_PER_MINUTE],
  ].filter(([, value]) => value > 0);
  return parts.length ? parts.slice(0, 2) : [["second", 0]];
}

/** A whole percentage of a part between 0 and 1. */
export function formatPercent(part, language) {
  return numbers(language, { style: "percent", maximumFractionDigits: 0 }).format(part);
}

/** A day: "Nov 22, 2026". `moment` is ISO 8601. */
export function formatDate(moment, language) {
  return dates(language, { dateStyle: "medium" }).format(new Date(moment));
}

/** A secret in groups of four, as one reads it aloud. */
export function formatSecret(secret) {
  return secret.replace(/(.{4})(?=.)/g, "$1 ");
}
