// The board's filters: the form, the find field and the address say the same, and a link to the board is followed here.

import { parseQuery, queryText } from "viz/frames.js";
import { root } from "viz/page.js";
import { count } from "viz/wording.js";

const PAUSE = 150; // ms without a key before what was typed is looked for

export class Filters {
  /** `show(query, {all, start})` is called for what is asked for; `leap` when what is found shall have the focus. */
  constructor(query, show, leap) {
    this.query = query;
    this.form = document.getElementById("filters");
    this.find = document.querySelector("#find input[name=q]");
    this.#show = show;
    this.form.addEventListener("change", (event) => this.go({ ...this.query, [event.target.name]: event.target.value }));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.#listen(leap);
    document.addEventListener("click", (event) => this.#clicked(event));
    addEventListener("popstate", () => this.#follow(new URL(location.href)));
  }

  #show;

  #listen(leap) {
    let timer = 0;
    const look = (replace) => {
      clearTimeout(timer);
      this.go({ ...this.query, q: this.find.value.trim() }, replace);
    };
    this.find.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, PAUSE, true);
    });
    this.find.form.addEventListener("submit", (event) => {
      event.preventDefault();
      look(false);
      leap();
    });
  }

  // A link to this very board only changes the filter: no need to load the page again.
  #clicked(event) {
    const to = event.target.closest?.("a");
    const plainly = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!to || !plainly || to.origin !== location.origin || to.pathname !== root || to.target) return;
    event.preventDefault();
    history.pushState(null, "", to.href);
    this.#follow(new URL(to.href));
  }

  #follow(address) {
    const start = Number(address.searchParams.get("start"));
    this.#take(parseQuery(address.search), { all: address.searchParams.has("all"), start: start > 0 ? Math.trunc(start) : 0 });
  }

  /** Show what the query finds and put it into the address. `replace` while somebody is still typing. */
  go(query, replace = false) {
    const text = queryText(query);
    if (text === queryText(this.query)) return;
    history[replace ? "replaceState" : "pushState"](null, "", text ? `${root}?${text}` : root);
    this.#take(query, { all: false, start: 0 });
  }

  #take(query, about) {
    this.query = query;
    if (document.activeElement !== this.find) this.find.value = query.q;
    for (const name of ["namespace", "kind"]) this.#choose(name, query[name]);
    document.querySelector("rv-counts")?.setAttribute("query", queryText(query));
    this.#show(query, about);
  }

  #choose(name, value) {
    const select = this.form.elements[name];
    if (![...select.options].some((option) => option.value === value)) select.add(new Option(value, value));
    select.value = value;
  }

  /** Say how many were found, and offer to take the filters away. */
  tell({ total, objects }) {
    const { query } = this;
    const folded = total < objects && !query.verdict && !query.q && !query.kind && !query.owner;
    const result = this.form.querySelector(".result");
    const words = `${count(total)} of ${count(objects)} objects${folded ? ", the rest folded under their owners" : ""}`;
    if (result.textContent !== words) result.textContent = words;
    const text = queryText(query);
    let clear = this.form.querySelector(".clear");
    if (text && !clear) {
      clear = Object.assign(document.createElement("a"), { className: "clear", href: root, textContent: "clear filters" });
      result.before(clear);
    }
    if (clear) clear.hidden = !text;
  }
}
