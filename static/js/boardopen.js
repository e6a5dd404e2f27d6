// What is unfolded: under a row, a live list of what it owns. How high each is, so that the rows below know where they stand.

import { html, nothing, repeat } from "lit";
import { EMPTY, parseQuery, queryText, reduce } from "viz/frames.js";
import { link } from "viz/link.js";
import { cluster, root } from "viz/page.js";
import { line } from "viz/parts.js";

const COUNT = 50; // children that are listed in place; a link leads to all of them
const MOST = 12; // a connection may hold 16 queries, and the page itself needs some

export class Unfolded {
  #held = new Map(); // id → {view, index, height, state, subscription}
  #ids = new WeakMap(); // element → id
  #observer;
  #draw;

  /** `draw` is called when something unfolded is other, or higher, than before. */
  constructor(draw) {
    this.#draw = draw;
    this.#observer = new ResizeObserver((entries) => this.#measure(entries));
  }

  /** What is unfolded under a row: another object whenever it changed; null for nothing. */
  get(id) {
    return this.#held.get(id)?.view ?? null;
  }

  /** Show or hide what an object owns. The longest open goes where too many are. */
  toggle(id) {
    if (this.#held.has(id)) {
      this.#close(id);
    } else {
      if (this.#held.size === MOST) this.#close(this.#held.keys().next().value);
      this.#open(id);
    }
    this.#draw();
  }

  clear() {
    for (const id of [...this.#held.keys()]) this.#close(id);
  }

  #open(id) {
    const held = { view: {}, index: null, height: 0, state: EMPTY, subscription: null };
    this.#held.set(id, held);
    const query = { ...parseQuery(""), owner: id };
    held.subscription = link.subscribe({ op: "query", cluster, query, start: 0, count: COUNT }, (frame) => {
      if (frame.t === "error") return; // the row stays, without children
      held.state = reduce(held.state, frame);
      held.view = {};
      if (held.state.hole) held.subscription.resync();
      else this.#draw();
    });
  }

  #close(id) {
    this.#held.get(id).subscription.close();
    this.#held.delete(id);
  }

  /** [index, px] of everything unfolded, in order: where a row was last seen when `find` does not know it now. */
  extras(find) {
    for (const [id, held] of this.#held) {
      const index = find(id);
      if (index >= 0) held.index = index;
    }
    return [...this.#held.values()].filter((held) => held.index !== null && held.height)
      .map((held) => [held.index, held.height]).sort((a, b) => a[0] - b[0]);
  }

  /** Know how high what is unfolded in this list item is. */
  observe(id, li) {
    const list = li.querySelector(".children");
    if (!list) return;
    this.#ids.set(list, id);
    this.#observer.observe(list);
  }

  #measure(entries) {
    let other = false;
    for (const { target, borderBoxSize } of entries) {
      const held = this.#held.get(this.#ids.get(target));
      const height = borderBoxSize[0].blockSize;
      if (!held || !target.isConnected || held.height === height) continue;
      held.height = height;
      other = true;
    }
    if (other) this.#draw();
  }

  /** The list under a row. */
  template(id) {
    const held = this.#held.get(id);
    if (!held) return nothing;
    const { rev, rows, total } = held.state;
    if (rev === null) return html`<div class="children"></div>`;
    if (!rows.length) return html`<div class="children"><p class="empty">It owns nothing.</p></div>`;
    const more = total - rows.length;
    const all = `${root}?${queryText({ ...parseQuery(""), owner: id })}`;
    return html`<div class="children"><ol>${repeat(rows, (row) => row.id, (row) => html`<li>${line(row)}</li>`)}</ol>${more > 0 ? html`<p class="empty"><a class="link" href=${all}>${more} more</a></p>` : nothing}</div>`;
  }
}
