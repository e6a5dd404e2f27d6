// <rv-board query="…" all>: the rows of a live query, and the filters that choose it.

import { html, nothing, render, repeat } from "lit";
import { EMPTY, fold, parseQuery, queryText, reduce } from "viz/frames.js";
import { link } from "viz/link.js";
import { calm, cluster, root } from "viz/page.js";
import { glyph, line } from "viz/parts.js";

const COUNT = 200;
const COUNT_ALL = 500;

class Board extends HTMLElement {
  connectedCallback() {
    this.state = EMPTY;
    this.open = new Map(); // id → {state, subscription}
    this.query = parseQuery(this.getAttribute("query"));
    this.all = this.hasAttribute("all");
    this.subscription = link.subscribe(this.#message(), (frame) => this.#hear(frame));
    this.filters = document.getElementById("filters");
    this.find = document.querySelector("#find input[name=q]");
    this.#listen();
  }

  #message() {
    return { op: "query", cluster, query: this.query, start: 0, count: this.all ? COUNT_ALL : COUNT };
  }

  #listen() {
    const button = this.filters.querySelector("button");
    if (button) button.hidden = true;
    this.filters.addEventListener("change", (event) => this.go({ ...this.query, [event.target.name]: event.target.value }));
    let timer = 0;
    this.find.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.go({ ...this.query, q: this.find.value.trim() }, true), 150);
    });
    this.find.form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(timer);
      this.go({ ...this.query, q: this.find.value.trim() });
      // What is found may still be on its way: the first row of it, not of what stands there now.
      this.leap = true;
      if (this.state.rev !== null) this.#leap();
    });
    // A link to this very board only changes the filter: no need to load the page again.
    document.addEventListener("click", (event) => {
      const to = event.target.closest?.("a");
      const plainly = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
      if (!to || !plainly || to.origin !== location.origin || to.pathname !== root || to.target) return;
      event.preventDefault();
      this.#follow(new URL(to.href), true);
    });
    addEventListener("popstate", () => this.#follow(new URL(location.href), false));
  }

  /** Show what the query finds and put it into the address. `replace` while somebody is still typing. */
  go(query, replace = false) {
    const text = queryText(query);
    if (text === queryText(this.query)) return;
    const address = text ? `${root}?${text}` : root;
    history[replace ? "replaceState" : "pushState"](null, "", address);
    this.#show(query, false);
  }

  #follow(address, push) {
    if (push) history.pushState(null, "", address);
    this.#show(parseQuery(address.search), address.searchParams.has("all"));
  }

  #show(query, all) {
    this.query = query;
    this.all = all;
    if (document.activeElement !== this.find) this.find.value = query.q;
    for (const name of ["namespace", "kind"]) this.#choose(name, query[name]);
    document.querySelector("rv-counts")?.setAttribute("query", queryText(query));
    for (const id of [...this.open.keys()]) this.#close(id);
    this.state = { ...EMPTY, rows: this.state.rows };
    this.subscription.replace(this.#message());
  }

  #choose(name, value) {
    const select = this.filters.elements[name];
    if (![...select.options].some((option) => option.value === value)) select.add(new Option(value, value));
    select.value = value;
  }

  #hear(frame) {
    if (frame.t === "error") {
      // The server's own page says what is wrong with a filter, and what it accepts.
      if (frame.field?.startsWith("query.")) location.reload();
      return;
    }
    this.state = reduce(this.state, frame);
    if (this.state.hole) this.subscription.resync();
    else this.#render();
  }

  #render() {
    if (!this.ours) {
      this.ours = true;
      this.replaceChildren();
    }
    const { shown, folded } = fold(this.state, this.query, this.all);
    const beyond = this.state.total - shown.length - folded;
    const more = queryText(this.query);
    render(html`<ol class="rows" aria-label="Objects">
${shown.length || folded ? html`<li class="columns" aria-hidden="true"><span></span><span>kind</span><span>name</span><span>gap</span><span>observed of desired</span><span class="why">why</span><span class="when">since</span></li>` : nothing}
${repeat(shown, (row) => row.id, (row) => this.#row(row))}
${folded ? html`<li class="divider">${glyph("converged")}<span>${folded} converged</span><a class="link" href="${root}?${more ? `${more}&` : ""}all=1">show all</a></li>` : nothing}
${beyond > 0 ? html`<li class="divider"><span>${beyond} more: narrow with a filter, or find</span></li>` : nothing}
${shown.length || folded ? nothing : this.#empty()}</ol>`, this);
    this.#result();
    this.#leap();
    if (this.state.changed.size && !calm.matches) this.#flash();
    this.dispatchEvent(new CustomEvent("rendered", { bubbles: true }));
  }

  #row(row) {
    const open = this.open.get(row.id);
    return html`<li>${line(row)}${mayFold(row) ? html`<button class="fold" aria-expanded=${open ? "true" : "false"} aria-label="show what it owns" data-fold=${row.id} @click=${() => this.toggle(row.id)}><svg viewBox="0 0 8 8" aria-hidden="true"><path d="M2 1l3.5 3L2 7"></path></svg></button>` : nothing}${open ? this.#children(open) : nothing}</li>`;
  }

  #children(open) {
    if (open.state.rev !== null && !open.state.rows.length) return html`<p class="children"><span class="empty">It owns nothing.</span></p>`;
    return html`<ol class="children">${repeat(open.state.rows, (row) => row.id, (row) => html`<li>${line(row)}</li>`)}</ol>`;
  }

  #empty() {
    if (queryText(this.query)) return html`<li class="empty-board"><b>Nothing matches.</b>No object fits these filters. <a class="link" href=${root}>Show everything</a></li>`;
    return html`<li class="empty-board"><b>There is nothing here yet.</b>Objects appear as soon as the cluster has some.</li>`;
  }

  #result() {
    const result = this.filters.querySelector(".result");
    const { total, objects } = this.state;
    const folded = total < objects && !this.query.verdict && !this.query.q && !this.query.kind && !this.query.owner;
    result.textContent = `${total} of ${objects} objects${folded ? ", the rest folded under their owners" : ""}`;
    const text = queryText(this.query);
    let clear = this.filters.querySelector(".clear");
    if (text && !clear) {
      clear = Object.assign(document.createElement("a"), { className: "clear", href: root, textContent: "clear filters" });
      result.before(clear);
    }
    if (clear) clear.hidden = !text;
  }

  /** Show or hide what an object owns, under its row. */
  toggle(id) {
    if (this.open.has(id)) {
      this.#close(id);
    } else {
      const open = { state: EMPTY, subscription: null };
      this.open.set(id, open);
      const message = { op: "query", cluster, query: { ...parseQuery(""), owner: id }, start: 0, count: COUNT };
      open.subscription = link.subscribe(message, (frame) => {
        if (frame.t === "error") return;
        open.state = reduce(open.state, frame);
        if (open.state.hole) open.subscription.resync();
        else this.#render();
      });
    }
    this.#render();
  }

  #close(id) {
    this.open.get(id)?.subscription.close();
    this.open.delete(id);
  }

  #leap() {
    if (!this.leap) return;
    this.leap = false;
    this.querySelector("a.row")?.focus();
  }

  #flash() {
    for (const id of this.state.changed) {
      const row = this.querySelector(`a.row[data-id="${CSS.escape(id)}"]`);
      row?.animate([{ backgroundColor: getComputedStyle(this).getPropertyValue("--converging-wash") }, {}], { duration: 900, easing: "ease-out" });
    }
    this.state = { ...this.state, changed: new Set() };
  }
}

/** Whether an object may have children worth a button: what counts Pods, and what another tool defined. */
function mayFold(row) {
  return row.kind !== "Pod" && ((row.bar !== null && row.bar.unit === "") || Boolean(row.drives));
}

customElements.define("rv-board", Board);
