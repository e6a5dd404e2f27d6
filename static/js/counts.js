// <rv-counts query="…">: how many objects of each verdict, each a link to them.

import { html, nothing, render } from "lit";
import { EMPTY, parseQuery, queryText, reduce } from "viz/frames.js";
import { link } from "viz/link.js";
import { cluster, root } from "viz/page.js";
import { glyph, VERDICTS } from "viz/parts.js";
import { count } from "viz/wording.js";

class Counts extends HTMLElement {
  static observedAttributes = ["query"];

  connectedCallback() {
    this.state = EMPTY;
    this.subscription = link.subscribe(this.#message(), (frame) => this.#hear(frame));
  }

  attributeChangedCallback(name, before, after) {
    if (!this.subscription || before === after) return;
    this.asked = true;
    this.state = EMPTY;
    this.subscription.replace(this.#message());
  }

  #message() {
    this.query = parseQuery(this.getAttribute("query"));
    return { op: "query", cluster, query: { ...this.query, verdict: "" }, start: 0, count: 1 };
  }

  #hear(frame) {
    if (frame.t === "error") return;
    this.state = reduce(this.state, frame);
    if (this.state.hole) this.subscription.resync();
    else this.#show();
  }

  #show() {
    const shown = JSON.stringify([this.state.counts, this.query]);
    if (shown === this.shown) return; // of most changes a count says nothing
    this.shown = shown;
    if (!this.ours) {
      if (this.#said()) return;
      this.ours = true;
      this.replaceChildren();
    }
    render(html`<nav class="counts" aria-label="Verdicts">${VERDICTS.map((verdict) => this.#chip(verdict))}</nav>`, this);
    const stalled = this.state.counts.stalled ?? 0;
    if (document.querySelector("rv-board")) document.title = `${cluster}${stalled ? ` · ${stalled} stalled` : ""} · ReconcilerViz`;
  }

  /** Whether the server's chips, which are of this page's first query, say what is so. */
  #said() {
    const said = (verdict) => this.querySelector(`.${verdict} b`)?.textContent;
    return !this.asked && VERDICTS.every((verdict) => said(verdict) === count(this.state.counts[verdict] ?? 0));
  }

  #chip(verdict) {
    const number = this.state.counts[verdict] ?? 0;
    const active = this.query.verdict === verdict;
    const text = queryText({ ...this.query, verdict: active ? "" : verdict });
    return html`<a class="${verdict} ${number ? "" : "none"}" href=${text ? `${root}?${text}` : root} aria-current=${active ? "true" : nothing}>${glyph(verdict)}<b>${count(number)}</b><span class="long">${verdict}</span></a>`;
  }
}

customElements.define("rv-counts", Counts);
