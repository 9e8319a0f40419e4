// The pictures of the interface, as paths on a 24 × 24 grid.
import { svg } from "./dom.js";

const PATHS = {
  account: "M12 12a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Zm-8 9a8 8 0 0 1 16 0Z",
  alert: "M12 3 1.8 20.5h20.4L12 3Zm-1 6.5h2v5.5h-2V9.5Zm0 7h2v2h-2v-2Z",
  back: "M14.7 5.3 8 12l6.7 6.7 1.4-1.4L10.8 12l5.3-5.3-1.4-1.4Z",
  captions: "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1Zm2 8v2h7v-2H6Zm9 0v2h3v-2h-3ZM6 9v2h3V9H6Zm5 0v2h7V9h-7Z",
  check: "m9.5 17.5-5.5-5.5 1.4-1.4 4.1 4.1 9-9L20 7.1 9.5 17.5Z",
  close: "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4 6.4 5Z",
  copy: "M8 3h11a2 2 0 0 1 2 2v11h-2V5H8V3ZM5 7h9a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2Zm0 2v10h9V9H5Z",
  down: "m12 15.5-6-6L7.4 8l4.6 4.6L16.6 8 18 9.5l-6 6Z",
  edit: "M4 16.5V20h3.5L18 9.5 14.5 6 4 16.5ZM20.7 6.8a1 1 0 0 0 0-1.4l-2.1-2.1a1 1 0 0 0-1.4 0L15.6 4.9l3.5 3.5 1.6-1.6Z",
  film: "M4 4h16a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm1 2v2h2V6H5Zm0 5v2h2v-2H5Zm0 5v2h2v-2H5ZM17 6v2h2V6h-2Zm0 5v2h2v-2h-2Zm0 5v2h2v-2h-2ZM9 6v12h6V6H9Z",
  folder: "M4 4h5.6l2 2.5H20a1 1 0 0 1 1 1V19a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm8 5-3.9 3.9 1.2 1.2 1.9-1.9V17h1.6v-4.8l1.9 1.9 1.2-1.2L12 9Z",
  fullscreen: "M4 4h6v2H6v4H4V4Zm10 0h6v6h-2V6h-4V4ZM4 14h2v4h4v2H4v-6Zm14 0h2v6h-6v-2h4v-4Z",
  fullscreenExit: "M8 4h2v6H4V8h4V4Zm6 0h2v4h4v2h-6V4ZM4 14h6v6H8v-4H4v-2Zm10 0h6v2h-4v4h-2v-6Z",
  language: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm6.9 6h-2.9a15.7 15.7 0 0 0-1.4-3.6A8 8 0 0 1 18.9 8ZM12 4c.8 1.2 1.5 2.5 1.9 4h-3.8c.4-1.5 1.1-2.8 1.9-4ZM4.3 14a8.2 8.2 0 0 1 0-4h3.4a16.5 16.5 0 0 0 0 4H4.3Zm.8 2H8a15.7 15.7 0 0 0 1.4 3.6A8 8 0 0 1 5.1 16ZM8 8H5.1a8 8 0 0 1 4.3-3.6A15.7 15.7 0 0 0 8 8Zm4 12c-.8-1.2-1.5-2.5-1.9-4h3.8c-.4 1.5-1.1 2.8-1.9 4Zm2.3-6H9.7a14.7 14.7 0 0 1 0-4h4.6a14.7 14.7 0 0 1 0 4Zm.3 5.6A15.7 15.7 0 0 0 16 16h2.9a8 8 0 0 1-4.3 3.6ZM16.3 14a16.5 16.5 0 0 0 0-4h3.4a8.2 8.2 0 0 1 0 4h-3.4Z",
  more: "M12 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4Zm0 6a2 2 0 1 0 0-4 2 2 0 0 0 0 4Zm0 6a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  muted: "M4 9v6h4l5 5V4L8 9H4Zm11.3 1.1 1.4-1.4 2 2 2-2 1.4 1.4-2 2 2 2-1.4 1.4-2-2-2 2-1.4-1.4 2-2-2-2Z",
  pause: "M6 5h4v14H6V5Zm8 0h4v14h-4V5Z",
  pip: "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1Zm1 2v10h14V7H5Zm6 4h7v5h-7v-5Z",
  play: "M7 4.5v15l12.5-7.5L7 4.5Z",
  retry: "M12 5a7 7 0 1 1-6.7 9h2.1A5 5 0 1 0 12 7v3.5L7 6l5-4.5V5Z",
  search: "M10.5 3a7.5 7.5 0 0 1 5.9 12.1l4.5 4.5-1.4 1.4-4.5-4.5A7.5 7.5 0 1 1 10.5 3Zm0 2a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z",
  settings: "M10.3 2h3.4l.5 2.6 1.8.8 2.2-1.5 2.4 2.4-1.5 2.2.8 1.8 2.6.5v3.4l-2.6.5-.8 1.8 1.5 2.2-2.4 2.4-2.2-1.5-1.8.8-.5 2.6h-3.4l-.5-2.6-1.8-.8-2.2 1.5-2.4-2.4 1.5-2.2-.8-1.8L2 14.2v-3.4l2.6-.5.8-1.8-1.5-2.2 2.4-2.4 2.2 1.5 1.8-.8.5-2.6ZM12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z",
  shield: "M12 2 4 5v6c0 5 3.4 9.3 8 11 4.6-1.7 8-6 8-11V5l-8-3Zm-1 13.5L7.5 12l1.4-1.4 2.1 2.1 4.6-4.6L17 9.5l-6 6Z",
  sort: "M7 4l4.2 4.2-1.4 1.4L8 7.8V19H6V7.8L4.2 9.6 2.8 8.2 7 4Zm10 16-4.2-4.2 1.4-1.4 1.8 1.8V5h2v11.2l1.8-1.8 1.4 1.4L17 20Z",
  theme: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm0 2a8 8 0 0 1 0 16V4Z",
  trash: "M9 3h6l1 2h4v2H4V5h4l1-2ZM6 9h12l-1 12H7L6 9Z",
  upload: "m12 3 5.5 5.5-1.4 1.4L13 6.8V16h-2V6.8L7.9 9.9 6.5 8.5 12 3ZM4 18h16v3H4v-3Z",
  volume: "M4 9v6h4l5 5V4L8 9H4Zm11.5-1.3v8.6a5 5 0 0 0 0-8.6Zm0-4.1v2.1a7 7 0 0 1 0 12.6v2.1a9 9 0 0 0 0-16.8Z",
};

/** A picture beside a text, or in a button that has a name of its own: nothing for screen readers. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": true }, svg("path", { d: PATHS[name] }));
}

/** Shows another picture in place of an element's one. */
export function changeIcon(element, name) {
  element.querySelector("path").setAttribute("d", PATHS[name]);
}
