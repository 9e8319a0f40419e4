// What this browser remembers of a person's taste: language, theme, sort order, volume. Nothing secret.

const PREFIX = "sstech-video.";

/** The remembered text, or null. A browser that keeps nothing for us is no error. */
export function remembered(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Private windows and full disks: the choice holds until the page is closed.
  }
}
