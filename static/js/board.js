// <rv-board query="…" all start="…">: the rows of a live query, of which as many are in the page as fill the window.

import { html, nothing, render } from "lit";
import { Cursor } from "viz/boardcursor.js";
import { Filters } from "viz/boardfilters.js";
import { Sizes } from "viz/boardlist.js";
import { Unfolded } from "viz/boardopen.js";
import { FLASH, Rows } from "viz/boardrows.js";
import { LiveWindow } from "viz/boardwindow.js";
import { extent, parseQuery, queryText } from "viz/frames.js";
import { calm, root } from "viz/page.js";
import { glyph, line, shows } from "viz/parts.js";
import { count } from "viz/wording.js";

const SPARE = 300; // px beyond the window's edges in which rows are drawn already
const REST = 120; // ms after which somebody who scrolled has stopped
const FLASHES = 8; // changes within one flash beyond which no row lights up: it would single nothing out

class Board extends HTMLElement {
  connectedCallback() {
    const query = parseQuery(this.getAttribute("query"));
    const start = Number(this.getAttribute("start") ?? 0);
    this.all = this.hasAttribute("all");
    this.goal = recalled() ?? (start ? { id: "", index: start, delta: 0 } : null);
    this.early = [];
    this.moved = []; // when rows changed, lately
    this.open = new Unfolded(() => this.#draw());
    this.filters = new Filters(query, (other, about) => this.#show(other, about), () => this.#leap());
    this.live = new LiveWindow(query, this.goal?.index ?? 0, () => this.#draw(), refused);
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
    addEventListener("resize", () => this.#resized());
    addEventListener("pagehide", () => remember(this.anchor));
    this.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-fold]");
      if (button) this.toggle(button.dataset.fold);
    });
  }

  #show(query, { all, start }) {
    this.all = all;
    this.open.clear();
    this.goal = { id: "", index: start, delta: 0 };
    this.live.change(query, start);
  }

  // What is found may still be on its way: the first row of it, not of what stands there now.
  #leap() {
    this.leap = true;
    if (this.live.known) this.#draw();
  }

  /** Walk the rows by keyboard: see Cursor.walk. */
  walk(how) {
    if (this.cursor) this.cursor.walk(how);
    else this.early.push(how); // somebody is quicker than the first rows
  }

  /** The address of the row that the keyboard stands on, "" unless it is out of sight. */
  get hiddenRow() {
    return this.cursor?.hidden ? `${root}o/${this.cursor.hidden}` : "";
  }

  /** Show or hide what an object owns, under its row. */
  toggle(id) {
    this.open.toggle(id);
  }

  // Take over from the server: its list, and those of its rows that show what is so.
  #begin() {
    const held = document.activeElement?.closest?.("rv-board a.row")?.dataset.id;
    this.list = this.querySelector(".rows");
    [this.columns, this.tail] = this.list.querySelectorAll(":scope > .columns, :scope > .tail");
    [this.above, this.below] = this.list.querySelectorAll(":scope > .space");
    this.rows = new Rows(this.below, this.list.querySelectorAll(":scope > .item"), (li, row) => this.#adopt(li, row));
    this.tail.replaceChildren();
    this.querySelector(".pages")?.remove();
    this.#measure();
    this.cursor = new Cursor(this);
    if (held) this.cursor.resume(held);
  }

  // A row of the server's that shows what would be drawn anyway stays; what only a script can do is put beside it.
  #adopt(li, row) {
    if (!row || this.open.get(row.id) || !shows(li.firstElementChild, row)) return false;
    const button = document.createDocumentFragment();
    if (mayFold(row)) render(fold(row, false), button);
    li.append(button);
    return true;
  }

  #measure() {
    const style = getComputedStyle(this.list);
    const px = (name) => Number.parseFloat(style.getPropertyValue(name));
    this.heights = { tall: px("--tall"), flat: px("--flat") };
    this.lead = this.columns.offsetHeight;
  }

  #resized() {
    if (!this.list) return;
    this.#measure();
    this.#draw();
  }

  #scrolled() {
    if (Math.abs(scrollY - this.expected) < 1) return; // our own doing
    this.expected = NaN;
    this.restless = performance.now() + REST;
    this.#draw();
  }

  /** Where the window's upper edge stands, in px below the list's. */
  get y() {
    return scrollY - this.#top();
  }

  #top() {
    return this.above.getBoundingClientRect().top + scrollY;
  }

  /** Scroll so that the window's upper edge stands at `y`, and draw what is there. */
  go(y) {
    this.goal = { id: "", index: -1, y };
    this.#draw();
  }

  #draw() {
    if (!this.live.settled) return; // what stands there stays until better is known
    if (!this.list) this.#begin();
    const { state, query } = this.live;
    const { length, tall, folded } = extent(state, query, this.all);
    const sizes = this.sizes = new Sizes(length, tall, this.heights, this.open.extras((id) => this.live.find(id)));
    const top = this.#top();
    const now = scrollY - top;
    const y = Math.max(-top, Math.min(this.#stand(now), Math.max(now, sizes.height - innerHeight + 80)));
    const { first, last } = this.#place(sizes, y, tall);
    this.#end(length, folded);
    if (Math.abs(y - now) >= 1) {
      scrollTo(0, top + y);
      this.expected = scrollY;
    }
    this.#anchor(y);
    this.filters.tell(state);
    this.#flash();
    if (length) this.live.need(first, last, length);
    this.#attend();
    this.dispatchEvent(new CustomEvent("rendered", { bubbles: true }));
  }

  // Where to stand: at what was asked for, else so that what is at the window's edge stays there, however much came or
  // went above it; but at the top what is new is seen, and nobody who scrolls is pulled about.
  #stand(now) {
    const { goal, anchor, sizes, live } = this;
    if (goal && (goal.index < 0 || live.known)) {
      this.goal = null;
      if (goal.index < 0) return goal.y;
      const found = goal.id ? live.find(goal.id) : -1;
      const index = found < 0 ? goal.index : found;
      if (!index) return Math.min(now, 0);
      return sizes.top(Math.min(index, sizes.length)) + (goal.delta || -this.lead);
    }
    if (!anchor || performance.now() < this.restless) return now;
    const index = live.find(anchor.id);
    return index < 0 || index >= sizes.length ? now : sizes.top(index) + anchor.delta;
  }

  #anchor(y) {
    const { sizes, live, lead } = this;
    this.anchor = null;
    if (y <= 0 || !sizes.length) return;
    let index = sizes.at(y + lead);
    if (sizes.top(index) < y + lead && index + 1 < sizes.length) index += 1;
    const row = live.row(index);
    if (row) this.anchor = { id: row.id, index, delta: y - sizes.top(index) };
  }

  #place(sizes, y, tall) {
    const first = sizes.at(y - SPARE);
    const last = sizes.at(y + innerHeight + SPARE);
    const wanted = [];
    for (let index = first; index <= last; index += 1) {
      const row = this.live.row(index);
      wanted.push({ key: row?.id ?? `#${index}`, index, row, open: row && this.open.get(row.id), flat: index >= tall });
    }
    this.cursor.leave(wanted);
    this.rows.place(wanted, sizes.length, (each) => this.#row(each));
    for (const { key, open } of wanted) if (open) this.open.observe(key, this.rows.get(key));
    setHeight(this.above, sizes.top(first));
    setHeight(this.below, sizes.height - sizes.top(last + 1));
    return { first, last };
  }

  #row({ row, open, flat }) {
    if (!row) return html`<span class="row blank ${flat ? "converged" : ""}"></span>`;
    return html`${line(row)}${mayFold(row) ? fold(row, open) : nothing}${open ? this.open.template(row.id) : nothing}`;
  }

  #end(length, folded) {
    const state = `${length > 0} ${folded} ${queryText(this.live.query)}`;
    if (state === this.ended) return;
    this.ended = state;
    this.columns.hidden = !length && !folded;
    render(folded ? this.#folded(folded) : length ? nothing : this.#empty(), this.tail);
  }

  #folded(folded) {
    const more = queryText(this.live.query);
    return html`<div class="divider">${glyph("converged")}<span>${count(folded)} converged</span><a class="link" href="${root}?${more ? `${more}&` : ""}all=1">show all</a></div>`;
  }

  #empty() {
    if (queryText(this.live.query)) return html`<div class="empty-board"><b>Nothing matches.</b>No object fits these filters. <a class="link" href=${root}>Show everything</a></div>`;
    return html`<div class="empty-board"><b>There is nothing here yet.</b>Objects appear as soon as the cluster has some.</div>`;
  }

  #attend() {
    this.cursor.arrive();
    for (const how of this.early.splice(0)) this.cursor.walk(how);
    if (!this.leap || !this.live.known) return;
    this.leap = false;
    if (this.sizes.length) this.cursor.to(0);
  }

  #flash() {
    const changed = this.live.take();
    if (calm.matches || !changed.size) return;
    const at = performance.now();
    this.moved = [...this.moved.filter((time) => at - time < FLASH), ...Array(changed.size).fill(at)];
    if (this.moved.length > FLASHES) return;
    for (const id of changed) this.rows.flash(id);
  }
}

function fold(row, open) {
  return html`<button class="fold" aria-expanded=${open ? "true" : "false"} aria-label="show what it owns" data-fold=${row.id}><svg viewBox="0 0 8 8" aria-hidden="true"><path d="M2 1l3.5 3L2 7"></path></svg></button>`;
}

function refused(frame) {
  // The server's own page says what is wrong with a filter, and what it accepts.
  if (frame.field?.startsWith("query.")) location.reload();
}

function setHeight(element, px) {
  const height = `${px}px`;
  // By the object model: the content security policy forbids style attributes in markup.
  if (element.style.height !== height) element.style.setProperty("height", height);
}

/** Whether an object may have children worth a button: what counts Pods, and what another tool defined. */
function mayFold(row) {
  return row.kind !== "Pod" && ((row.bar !== null && row.bar.unit === "") || Boolean(row.drives));
}

const PLACE = () => `board ${location.href}`;

/** Where this page stood is kept for the case that somebody comes back to it: the browser cannot know, the list is not there yet. */
function remember(anchor) {
  if (anchor) sessionStorage.setItem(PLACE(), JSON.stringify(anchor));
  else sessionStorage.removeItem(PLACE());
}

function recalled() {
  history.scrollRestoration = "manual";
  const [entry] = performance.getEntriesByType("navigation");
  const kept = entry?.type === "navigate" ? null : sessionStorage.getItem(PLACE());
  return kept ? JSON.parse(kept) : null;
}

customElements.define("rv-board", Board);
