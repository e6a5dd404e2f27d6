// The rows that are in the page: as few as fill the window, drawn again only when they changed, moved only when they must.

import { render } from "lit";

const POOL = 100;

/** Milliseconds for which a row that changed is lit. */
export const FLASH = 900;

export class Rows {
  #items = new Map(); // key → {li, row, open, flash, given}
  #free = [];
  #end;
  #adopt;

  /**
   * Rows are put into the list before the node `end`. `given` are list items that the server drew: one stays as it is
   * for as long as `adopt(li, row)` says that it shows its row.
   */
  constructor(end, given, adopt) {
    this.#end = end;
    this.#adopt = adopt;
    for (const li of given) this.#items.set(li.firstElementChild.dataset.id, { li, given: true });
  }

  /** The list item that shows `key`, undefined where none does. */
  get(key) {
    return this.#items.get(key)?.li;
  }

  /**
   * Show exactly these, in this order. Each is {key, index, row, open}: drawn by `draw` when its row or what is
   * unfolded under it is another object than before; `size` rows are in the whole list.
   */
  place(wanted, size, draw) {
    const before = this.#items;
    this.#items = new Map();
    const kept = new Set(wanted.map(({ key }) => key));
    for (const [key, item] of before) if (!kept.has(key)) this.#free.push(item);
    for (const each of wanted) {
      const item = before.get(each.key) ?? this.#another();
      this.#items.set(each.key, item);
      if (item.row !== each.row || item.open !== each.open || item.key !== each.key) this.#draw(item, each, draw);
      Object.assign(item, each);
      this.#number(item.li, each.index + 1, size);
    }
    for (const item of this.#free) item.li.remove();
    this.#free.length = Math.min(this.#free.length, POOL);
    this.#order([...this.#items.values()].map(({ li }) => li));
  }

  #draw(item, each, draw) {
    if (item.given) {
      if (item.key === undefined && this.#adopt(item.li, each.row)) return;
      item.given = false;
      item.li.replaceChildren();
    }
    render(draw(each), item.li);
  }

  #another() {
    const item = this.#free.pop() ?? { li: Object.assign(document.createElement("li"), { className: "item" }), row: undefined };
    item.flash?.cancel();
    item.flash = null;
    return item;
  }

  #number(li, position, size) {
    if (li.ariaPosInSet !== String(position)) li.ariaPosInSet = String(position);
    if (li.ariaSetSize !== String(size)) li.ariaSetSize = String(size);
  }

  /** Put the items into this order with few moves; the one that holds the focus is never moved, or it would lose it. */
  #order(items) {
    const held = items.findIndex((li) => li.contains(document.activeElement));
    const place = new Map(items.map((li, at) => [li, at]));
    // What stands between two that belong together is a stray: it goes, and is put where it belongs when its turn comes.
    const stray = (li, at) => place.get(li) < at && li !== items[held] && li.nextElementSibling !== items[place.get(li) + 1];
    let next = this.#end;
    for (let at = items.length - 1; at >= 0; at -= 1) {
      const li = items[at];
      while (li.nextElementSibling && li.nextElementSibling !== next && stray(li.nextElementSibling, at)) li.nextElementSibling.remove();
      if (li.nextElementSibling !== next && at !== held) next.before(li);
      next = li;
    }
  }

  /** Let a row light up for a moment: something in the cluster moved. */
  flash(key) {
    const item = this.#items.get(key);
    if (!item) return;
    item.flash?.cancel();
    // Opacity of a layer of its own: the compositor fades it, and no row is painted again for it.
    item.flash = item.li.animate([{ opacity: 1 }, { opacity: 0 }], { duration: FLASH, easing: "ease-out", pseudoElement: "::before" });
  }
}
