// <rv-freshness>, <rv-veil>, <rv-kinds>: how fresh the picture is, said in the header, over the page and by kind.

import { html, nothing, render } from "lit";
import { judge } from "viz/freshness.js";
import { link } from "viz/link.js";
import { cluster } from "viz/page.js";
import { clockTime, duration, middle, plain } from "viz/wording.js";

class Freshness extends HTMLElement {
  connectedCallback() {
    const age = this.getAttribute("age");
    this.heard = { at: Date.now(), state: this.getAttribute("state"), age: age ? Number(age) : null, error: "" };
    link.addEventListener("freshness", ({ detail }) => this.hear(detail));
    link.addEventListener("change", () => this.show());
    setInterval(() => this.show(), 250);
    this.replaceChildren();
    this.show();
  }

  hear(frame) {
    if (frame.cluster !== cluster) return;
    this.heard = { at: Date.now(), state: frame.state, age: frame.age, error: frame.error };
    showKinds(frame.kinds);
    this.show();
  }

  show() {
    const verdict = judge({ ...this.heard, asked: link.asked }, link.open, Date.now());
    const age = verdict.age === null ? nothing : html` · <span class="age">${verdict.age < 60 ? `${verdict.age.toFixed(1)} s` : duration(verdict.age)}</span>`;
    render(html`<span class="fresh ${verdict.state}"><span class="pulse"></span>${verdict.state}${age}</span>`, this);
    // After the first look at a page that connects, a veil would only blink.
    document.body.classList.toggle("veiled", verdict.state !== "live");
    showVeil(verdict);
  }
}

function showVeil(verdict) {
  const veil = document.querySelector("rv-veil");
  if (!veil) return;
  if (!veil.ours) {
    veil.ours = true;
    veil.replaceChildren();
  }
  if (verdict.state === "live") {
    render(nothing, veil);
    return;
  }
  const words = verdict.since === null
    ? "Nothing has been heard from the cluster yet."
    : `This is how it was at ${clockTime(verdict.since / 1000)} UTC, ${duration(verdict.age)} ago.`;
  render(html`<p class="veil-words" role="alert"><b>${verdict.state === "connecting" ? "Connecting." : "Not fresh."}</b> <span>${words} ${plain(verdict.why)}</span></p>`, veil);
}

function showKinds(kinds) {
  const place = document.querySelector("rv-kinds");
  if (!place) return;
  if (!place.ours) {
    place.ours = true;
    place.replaceChildren();
  }
  const list = kinds.filter((kind) => kind.state !== "live");
  render(
    list.length === 0 ? nothing : html`<details class="kinds-note"><summary>${list.length} kind${list.length === 1 ? "" : "s"} not shown live</summary><ul>${list.map((kind) => html`<li><span class="mono">${middle(kind.id, 60)}</span><span>${plain(kind.state, 20)}</span><span>${plain(kind.note)}</span></li>`)}</ul></details>`,
    place,
  );
}

customElements.define("rv-freshness", Freshness);
