// Light, dark, or as the system says.
import { remember, remembered } from "./preferences.js";

export const THEMES = ["system", "light", "dark"];

export const currentTheme = () => (THEMES.includes(remembered("theme")) ? remembered("theme") : "system");

export function chooseTheme(theme) {
  remember("theme", theme);
  applyTheme();
}

export function applyTheme() {
  const theme = currentTheme();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
