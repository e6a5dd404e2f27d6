// <rv-chart>: a response drawn by uPlot, with its own legend and a cursor for the keyboard. Colours come from tokens.css,
// and no series is told by its colour alone: each has its dashes and its marker. Where uPlot cannot be had, the page
// keeps the server's drawing or the table.

import { html, render } from "lit";
import { amount } from "viz/amounts.js";
import { calm, now } from "viz/page.js";
import { lines, MARKERS, options, pick } from "viz/chartlines.js";
import { blame, extent, SERIES } from "viz/response.js";
import { took } from "viz/wording.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** uPlot, fetched when a page first has a chart; null where it is not to be had. */
const library = () => import("uplot").then((module) => module.default, () => null);

class Chart extends HTMLElement {
  #given = null;
  #plot = null;
  #shown = [];
  #at = null; // index into the data under the cursor
  #timer = 0;
  #place = document.createElement("div");
  #legend = document.createElement("div");
  #sizes = new ResizeObserver(() => this.#size());

  /** {episode, whole, until}: `whole` fixes the axes (a replay), `until` is the replay's time in seconds. */
  set given(given) {
    this.#given = given;
    if (this.isConnected) this.#update();
  }

  connectedCallback() {
    this.#place.className = "plot";
    this.#legend.className = "legend";
    this.append(this.#legend, this.#place);
    Object.assign(this.#place, { tabIndex: 0 });
    for (const [name, text] of [["role", "slider"], ["aria-label", "Response over time"], ["aria-describedby", "told"], ["aria-orientation", "horizontal"]]) {
      this.#place.setAttribute(name, text);
    }
    this.#place.addEventListener("keydown", (event) => this.#key(event));
    this.#place.addEventListener("blur", () => this.#move(null));
    dark.addEventListener("change", this.#again);
    this.#sizes.observe(this);
    if (this.#given) this.#update();
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    dark.removeEventListener("change", this.#again);
    this.#sizes.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #again = () => {
    this.#plot?.destroy();
    this.#plot = null;
    this.#update();
  };

  async #update() {
    this.#tick();
    const open = this.#given.episode.closed === null && !this.#given.whole;
    clearInterval(this.#timer);
    this.#timer = open ? setInterval(() => this.#tick(), calm.matches ? 2000 : 250) : 0;
  }

  /** Everything to what is known now. */
  async #tick() {
    const { episode, whole, until } = this.#given;
    const end = until ?? extent(episode, episode.closed === null ? now() : 0);
    const data = lines(episode, end);
    const span = whole ? extent(whole) : end;
    const Plot = this.#plot ? null : await library();
    if (!this.isConnected) return;
    if (Plot && !this.#plot) {
      this.#place.replaceChildren();
      this.#shown = SERIES.filter((_, place) => pick(whole ?? episode, SERIES[place]));
      this.#plot = new Plot(options(Plot, this.clientWidth || 600, this.#tall, this, (index) => this.#hover(index)), data, this.#place);
    }
    this.culprit = blame(episode);
    this.span = Math.max(0.1, span);
    const counts = lines(whole ?? episode, span).slice(1).flat().filter((each) => each !== null);
    this.whole = counts.every(Number.isInteger);
    this.top = Math.max(...counts) || 1;
    this.#plot?.setData(data);
    this.#shown = SERIES.filter((name) => pick(whole ?? episode, name));
    this.#say(data);
  }

  /** Pixels, as the style sheet has it. */
  get #tall() {
    return Number.parseInt(getComputedStyle(this.#place).minHeight, 10) || 200;
  }

  #size() {
    if (this.#plot && this.clientWidth) this.#plot.setSize({ width: this.clientWidth, height: this.#tall });
  }

  #hover(index) {
    this.#at = index;
    if (this.#plot) this.#say(this.#plot.data);
  }

  #move(index) {
    this.#at = index;
    if (!this.#plot) return;
    const left = index === null ? -10 : this.#plot.valToPos(this.#plot.data[0][index], "x");
    this.#plot.setCursor({ left, top: index === null ? -10 : 1 });
    this.#say(this.#plot.data);
  }

  #key(event) {
    const times = this.#plot?.data[0];
    if (!times?.length) return;
    const last = times.length - 1;
    const at = this.#at ?? last;
    const go = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowDown: at - 1, ArrowUp: at + 1, PageDown: at - 10, PageUp: at + 10, Home: 0, End: last };
    if (event.key === "Escape") this.#move(null);
    else if (event.key in go) this.#move(Math.min(last, Math.max(0, go[event.key])));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The legend says the values under the cursor, or the newest. */
  #say(data) {
    const last = data[0].length - 1;
    const at = Math.min(this.#at ?? last, last);
    const value = (name) => data[SERIES.indexOf(name) + 1][at];
    const words = (name) => amount(value(name));
    const after = took(data[0][at] ?? 0);
    render(html`<span class="moment">${this.#at !== null ? "at" : this.#given.episode.closed === null && !this.#given.whole ? "now" : "after"} ${after}</span>${this.#shown.map((name) => html`<span class="key ${name}"><svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true"><path class="line" d="M0 5H28"></path><path class="marker" d=${MARKERS[name]}></path></svg>${name} <b>${words(name)}</b></span>`)}`, this.#legend);
    const place = this.#place;
    place.setAttribute("aria-valuemin", "0");
    place.setAttribute("aria-valuemax", String(Math.max(0, last)));
    place.setAttribute("aria-valuenow", String(Math.max(0, at)));
    place.setAttribute("aria-valuetext", `after ${after}: ${this.#shown.map((name) => `${name} ${words(name)}`).join(", ")}`);
  }
}

customElements.define("rv-chart", Chart);
