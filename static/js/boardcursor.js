// The keyboard's place in a list of which only a part is in the page: it outlives its row's element.

export class Cursor {
  id = "";
  index = -1;
  #board;
  #want = null; // the place that shall have the focus as soon as its row is known
  #away = false; // the list holds the focus for a row that is scrolled out of the page

  /** `board` has {list, rows, live, sizes, lead, go(y)}: see rv-board. */
  constructor(board) {
    this.#board = board;
    board.list.addEventListener("focusin", ({ target }) => this.#met(target));
    board.list.addEventListener("focusout", ({ target }) => {
      if (target === board.list) this.#away = false;
    });
  }

  #met(target) {
    const li = target.closest(".item");
    if (!li) return;
    this.#want = null;
    this.id = li.firstElementChild.dataset.id ?? "";
    this.index = Number(li.ariaPosInSet) - 1;
  }

  /** The id of the row whose element is gone while the keyboard stands on it; "" where there is none. */
  get hidden() {
    return this.#away ? this.id : "";
  }

  /** Stand on a row again whose element was taken out of the page. */
  resume(id) {
    this.id = id;
    this.#board.list.focus({ preventScroll: true });
    this.#away = true;
  }

  /** Walk: `next`, `previous`, `pagedown`, `pageup`, `first`, `last`. */
  walk(how) {
    const { length } = this.#board.sizes;
    if (!length) return;
    const step = { next: 1, previous: -1 }[how];
    const beside = step && this.#beside(step);
    if (beside) {
      beside.focus({ preventScroll: true });
      beside.scrollIntoView({ block: "nearest" });
      return;
    }
    this.to(Math.max(0, Math.min(length - 1, this.#target(how, step))));
  }

  // The link before or after the one that has the focus, where the page holds it: a child counts.
  #beside(step) {
    const from = document.activeElement?.closest?.("a.row");
    if (!from || !this.#board.list.contains(from)) return null;
    const links = [...this.#board.list.querySelectorAll("a.row")];
    const to = links[links.indexOf(from) + step];
    const place = (link) => Number(link.closest(".item").ariaPosInSet);
    return to && Math.abs(place(to) - place(from)) <= 1 ? to : null;
  }

  #target(how, step) {
    const { sizes, lead, y } = this.#board;
    const held = this.#want ?? (this.#board.list.contains(document.activeElement) && this.index >= 0 ? this.index : null);
    const page = innerHeight - lead - sizes.heights.tall;
    if (how === "first") return 0;
    if (how === "last") return sizes.length - 1;
    if (held === null) return how === "previous" || how === "pageup" ? sizes.at(y + innerHeight) - 1 : sizes.at(y + lead);
    if (step) return held + step;
    return how === "pagedown" ? Math.max(held + 1, sizes.at(sizes.top(held) + page)) : Math.min(held - 1, sizes.at(sizes.top(held) - page));
  }

  /** Stand on the row at this place: scroll there, and give it the focus when it is known. */
  to(index) {
    const { sizes, lead, list, y } = this.#board;
    const top = sizes.top(index);
    const bottom = top + sizes.row(index);
    this.index = index;
    this.#want = index;
    if (!list.contains(document.activeElement)) list.focus({ preventScroll: true });
    if (index === 0) this.#board.go(-Infinity);
    else if (top < y + lead) this.#board.go(top - lead);
    else if (bottom > y + innerHeight) this.#board.go(bottom - innerHeight);
    else this.#board.go(y);
  }

  /** Before rows are placed: keep the focus in the list when the row that holds it is about to leave the page. */
  leave(wanted) {
    const { live, list, sizes } = this.#board;
    if (this.id) {
      const index = live.find(this.id);
      if (index >= 0 && index < sizes.length) this.index = index;
    }
    const li = document.activeElement?.closest?.(".item");
    if (!li || !list.contains(li) || !this.id || wanted.some(({ key }) => key === this.id)) return;
    const gone = live.find(this.id) < 0 && wanted.some(({ index }) => index === this.index);
    list.focus({ preventScroll: true });
    // A row that is there no more leaves the keyboard at its place; one that is out of sight takes it along.
    if (gone || this.index >= sizes.length) this.#want = Math.min(this.index, sizes.length - 1);
    else this.#away = true;
  }

  /** After rows were placed: give the focus to whom it belongs. */
  arrive() {
    const { rows, live, list } = this.#board;
    if (document.activeElement !== list) return;
    const id = this.#want === null ? this.hidden : live.row(this.#want)?.id;
    const link = id && rows.get(id)?.querySelector("a.row");
    if (!link) return;
    this.#want = null;
    this.#away = false;
    link.focus({ preventScroll: true });
  }
}
