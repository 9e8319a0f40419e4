// What keys do while the player has the focus. Pure: answers a command, or null.

const SMALL_SECONDS = 5;
const LARGE_SECONDS = 10;
const VOLUME_STEP = 0.1;

const COMMANDS = {
  " ": ["toggle"],
  k: ["toggle"],
  arrowleft: ["skip", -SMALL_SECONDS],
  arrowright: ["skip", SMALL_SECONDS],
  j: ["skip", -LARGE_SECONDS],
  l: ["skip", LARGE_SECONDS],
  arrowup: ["volume", VOLUME_STEP],
  arrowdown: ["volume", -VOLUME_STEP],
  home: ["seekShare", 0],
  end: ["seekShare", 1],
  m: ["mute"],
  f: ["fullscreen"],
  c: ["captions"],
  i: ["pip"],
  "<": ["speed", -1],
  ">": ["speed", 1],
};

/** `[command, argument]` for a key; `on` says what has the focus: "button", "choice", "seek", "volume" or "player". */
export function commandOf({ key, ctrlKey, metaKey, altKey }, on) {
  if (ctrlKey || metaKey || altKey || on === "choice") return null;
  // A button does what it says when it is pressed.
  if (on === "button" && (key === " " || key === "Enter")) return null;
  if (on === "volume" && key.startsWith("Arrow")) return null;
  if (/^[0-9]$/.test(key)) return ["seekShare", Number(key) / 10];
  return COMMANDS[key.toLowerCase()] ?? null;
}
