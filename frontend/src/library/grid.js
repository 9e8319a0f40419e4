// A grid of cards that only ever holds the rows near the screen, however many videos there are.
import { rescueFocus } from "../dom.js";

const ROWS_BEYOND = 3;

/**
 * Fills `host`. `makeCard(item)` answers `{ element, update(item) }`; `keyOf(item)` tells items apart.
 * All cards have one height, which is measured, so that larger letters only make larger rows.
 */
export class Grid {
  #host;
  #list;
  #makeCard;
  #keyOf;
  #items = [];
  #cards = new Map();
  // What each card was last drawn from: a scrolling page draws what is new, and nothing else.
  #drawn = new Map();
  #frame = 0;

  constructor(host, list, { makeCard, keyOf, signal }) {
    this.#host = host;
    this.#list = list;
    this.#makeCard = makeCard;
    this.#keyOf = keyOf;
    const resized = new ResizeObserver(() => this.#ask());
    resized.observe(host);
    window.addEventListener("scroll", () => this.#ask(), { passive: true, signal });
    signal.addEventListener("abort", () => {
      resized.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }

  show(items) {
    this.#items = items;
    this.#draw();
  }

  /** What the cards show besides their items has changed. */
  refresh() {
    this.#drawn = new Map();
    this.#ask();
  }

  #ask() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const columns = getComputedStyle(this.#list).gridTemplateColumns.split(" ").length;
    const rowHeight = this.#rowHeight();
    const rows = Math.ceil(this.#items.length / columns);
    const above = Math.max(0, -this.#host.getBoundingClientRect().top);
    const firstRow = Math.max(0, Math.floor(above / rowHeight) - ROWS_BEYOND);
    const lastRow = Math.min(rows, Math.ceil((above + innerHeight) / rowHeight) + ROWS_BEYOND);
    this.#host.style.setProperty("height", rows ? `${rows * rowHeight}px` : "");
    this.#list.style.setProperty("transform", `translateY(${firstRow * rowHeight}px)`);
    this.#fill(firstRow * columns, Math.min(this.#items.length, lastRow * columns));
  }

  /** Height of a row with the gap below it. */
  #rowHeight() {
    if (!this.#items.length) return 1;
    if (!this.#list.firstElementChild) this.#fill(0, 1);
    const gap = Number.parseFloat(getComputedStyle(this.#list).rowGap) || 0;
    return this.#list.firstElementChild.offsetHeight + gap || 1;
  }

  #fill(start, end) {
    const focused = this.#focusedCard();
    const wanted = new Map();
    for (let index = start; index < end; index += 1) {
      const item = this.#items[index];
      const key = this.#keyOf(item);
      const card = this.#cards.get(key) ?? this.#makeCard(item);
      if (this.#drawn.get(key) !== item) card.update(item);
      this.#drawn.set(key, item);
      number(card.element, index + 1, this.#items.length);
      wanted.set(key, card);
    }
    for (const [key, card] of this.#cards) {
      if (wanted.has(key)) continue;
      card.element.remove();
      this.#drawn.delete(key);
    }
    this.#cards = wanted;
    let place = this.#list.firstElementChild;
    for (const { element } of wanted.values()) {
      if (element === place) place = place.nextElementSibling;
      else this.#list.insertBefore(element, place);
    }
    // A card that was scrolled away is still there for whoever comes back to it; one that was deleted has an heir.
    if (focused && !this.#items.some((item) => this.#keyOf(item) === focused.key)) rescueFocus([this.#linkAt(focused.index)]);
  }

  /** The card that has the focus, as `{ key, index }`. */
  #focusedCard() {
    for (const [key, { element }] of this.#cards) {
      if (element.contains(document.activeElement)) return { key, index: Number(element.getAttribute("aria-posinset")) - 1 };
    }
    return null;
  }

  /** The link of the card that now stands at `index`, or of the last one. */
  #linkAt(index) {
    const item = this.#items[Math.min(index, this.#items.length - 1)];
    return item && this.#cards.get(this.#keyOf(item))?.element.querySelector("a");
  }
}

/** Tells screen readers which of how many this is. */
function number(element, position, count) {
  for (const [name, value] of [["aria-posinset", position], ["aria-setsize", count]]) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}
