// Makes elements. Text only ever becomes text nodes and attribute values: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children (elements, strings, or nothing). `on` holds event listeners. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets an attribute; true means present, false or nothing means absent. */
export function setAttribute(element, name, value) {
  // Attributes that the browser runs or parses as something else than a value.
  if (/^on|^style$|^srcdoc$/i.test(name)) throw new TypeError(`${name} is never set as an attribute`);
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  // ARIA's states are words, not presence.
  else if (name.startsWith("aria-")) element.setAttribute(name, String(value));
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Replaces an element's text only when it differs, so that screen readers are not told twice. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const isShown = (element) => element?.getClientRects().length > 0;

/**
 * When what had the focus (`focused`, or else whatever has it now) is gone or hidden, gives it to the first of
 * `candidates` that can be seen, or to the screen's heading: never to nobody, who is at the top of the page.
 */
export function rescueFocus(candidates, focused = document.activeElement) {
  if (focused && focused !== document.body && isShown(focused)) return;
  const heir = [...candidates, document.querySelector("main h1")].find(isShown);
  heir?.focus({ preventScroll: true });
}

let lastId = 0;

/** An id that no other element of the page has. */
export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/** A signal and the function that ends everything bound to it. */
export function scope() {
  const controller = new AbortController();
  return { signal: controller.signal, end: () => controller.abort() };
}
