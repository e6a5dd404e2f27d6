// <rv-since at="Unix seconds" least prefix="for">: how long ago, ticking under a minute, absolute on hover.

import { now } from "viz/page.js";
import { absolute, duration } from "viz/wording.js";

const shown = new Set();

class Since extends HTMLElement {
  static observedAttributes = ["at", "least", "prefix"];
  #time = null;

  connectedCallback() {
    const given = this.querySelector("time"); // the server's, which says when
    this.#time = given ?? this.appendChild(document.createElement("time"));
    shown.add(this);
    if (!given) this.#name();
    this.tick();
  }

  disconnectedCallback() {
    shown.delete(this);
  }

  attributeChangedCallback() {
    if (!this.#time) return;
    this.#name();
    this.tick();
  }

  #name() {
    const at = Number(this.getAttribute("at"));
    const said = absolute(at);
    this.#time.title = `${this.hasAttribute("least") ? "at least " : ""}since ${said}`;
    this.#time.dateTime = said.replace(" UTC", "Z").replace(" ", "T");
  }

  tick() {
    const at = Number(this.getAttribute("at"));
    const prefix = this.getAttribute("prefix");
    const bound = this.hasAttribute("least") ? (prefix ? "at least " : "≥ ") : "";
    const text = `${prefix ? `${prefix} ` : ""}${bound}${duration(now() - at)}`;
    if (this.#time.textContent !== text) this.#time.textContent = text;
  }
}

customElements.define("rv-since", Since);
setInterval(() => shown.forEach((each) => each.tick()), 1000);
