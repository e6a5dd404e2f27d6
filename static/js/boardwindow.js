// The part of a live query that is in sight, kept current; it is moved along as somebody scrolls.

import { windowFor } from "viz/boardlist.js";
import { EMPTY, reduce } from "viz/frames.js";
import { link } from "viz/link.js";
import { cluster } from "viz/page.js";

const NONE = { start: 0, count: 0 };
const firstWindow = (start) => windowFor(start, start, Infinity, NONE);

export class LiveWindow {
  #held;
  #before = EMPTY; // what was known until the window that was asked for last has come
  #subscription;

  /** `tell` is called when something is known anew, `refuse` with a frame that says what is wrong with the query. */
  constructor(query, start, tell, refuse) {
    this.state = EMPTY;
    this.query = query;
    this.settled = false;
    this.#held = firstWindow(start);
    this.#subscription = link.subscribe(this.#message(), (frame) => {
      if (frame.t === "error") {
        refuse(frame);
        return;
      }
      this.state = reduce(this.state, frame);
      if (this.state.hole) {
        this.#subscription.resync();
        return;
      }
      this.#before = EMPTY;
      this.settled = true;
      tell();
    });
  }

  /** Whether the window that was asked for last has come; `settled` says whether any of the query has. */
  get known() {
    return this.state.rev !== null;
  }

  /** Look for something else, from row `start` on. */
  change(query, start = 0) {
    this.query = query;
    this.settled = false;
    this.#held = firstWindow(start);
    this.#ask(EMPTY);
  }

  /** Have rows `first` to `last` of `length`: ask for another window where this one does not hold them. */
  need(first, last, length) {
    const next = windowFor(first, last, length, this.#held);
    if (!next) return;
    this.#held = next;
    const { total, counts, objects } = this.state;
    this.#ask({ ...EMPTY, total, counts, objects });
  }

  #ask(blank) {
    if (this.known) this.#before = this.state;
    this.state = blank;
    this.#subscription.replace(this.#message());
  }

  #message() {
    return { op: "query", cluster, query: this.query, ...this.#held };
  }

  get #best() {
    return this.known ? this.state : this.#before;
  }

  /** The row at a place in the list, null while it is not known. */
  row(index) {
    return this.#best.rows[index - this.#best.start] ?? null;
  }

  /** The place of a row that is known, -1 of another. */
  find(id) {
    const at = this.#best.rows.findIndex((row) => row.id === id);
    return at < 0 ? -1 : at + this.#best.start;
  }

  /** The ids of rows that the last frame changed; told once. */
  take() {
    const { changed } = this.state;
    if (changed.size) this.state = { ...this.state, changed: new Set() };
    return changed;
  }
}
