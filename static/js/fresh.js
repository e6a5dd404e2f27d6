// <rv-freshness>, <rv-streams>, <rv-veil>, <rv-kinds>: how fresh the picture is, said in the header, kind by kind, over
// the page where it cannot be proven, and under the board where a kind cannot.

import { html, nothing, render } from "lit";
import { judge, unproven, veil } from "viz/freshness.js";
import { link } from "viz/link.js";
import { cluster } from "viz/page.js";
import { clockTime, count, duration, middle, plain } from "viz/wording.js";

const veils = new CSSStyleSheet();
let veiled = "";

/** A text as a CSS string. */
const quote = (text) => `"${CSS.escape(text)}"`;

const seconds = (age) => (age < 60 ? `${age.toFixed(1)} s` : duration(age));

class Freshness extends HTMLElement {
  connectedCallback() {
    const age = this.getAttribute("age");
    this.heard = { at: Date.now(), state: this.getAttribute("state"), age: age ? Number(age) : null, error: "", kinds: [] };
    link.addEventListener("freshness", ({ detail }) => this.hear(detail));
    link.addEventListener("change", () => this.show());
    document.adoptedStyleSheets.push(veils);
    streams()?.addEventListener("beforetoggle", () => this.show());
    setInterval(() => this.show(), 500);
    this.replaceChildren();
    this.show();
  }

  hear(frame) {
    if (frame.cluster !== cluster) return;
    this.heard = { ...frame, at: Date.now() };
    showKinds(frame.kinds);
    this.show();
  }

  show() {
    const verdict = judge({ ...this.heard, asked: link.asked }, link.open, Date.now());
    const age = verdict.age === null ? nothing : html` · <span class="age">${seconds(verdict.age)}</span>`;
    render(html`<button class="fresh ${verdict.state}" type="button" popovertarget="streams" title="How fresh, kind by kind"><span class="pulse"></span>${verdict.state}${age}</button>`, this);
    // After the first look at a page that connects, a veil would only blink.
    document.body.classList.toggle("veiled", verdict.state !== "live");
    const silent = Math.max(0, (Date.now() - this.heard.at) / 1000);
    const lost = verdict.state === "live" ? unproven(this.heard.kinds, silent) : [];
    veilKinds(lost);
    showVeil(verdict, lost, silent);
    if (this.heard.kinds.length && streams()?.matches(":popover-open")) showStreams(this.heard, verdict, silent);
  }
}

const streams = () => document.querySelector("#streams");

function veilKinds(kinds) {
  const text = veil(kinds, quote);
  if (text === veiled) return;
  veiled = text;
  veils.replaceSync(text);
}

/** The place of an element's content, emptied once of what the server wrote there. */
function ours(place) {
  if (place && !place.ours) {
    place.ours = true;
    place.replaceChildren();
  }
  return place;
}

function showVeil(verdict, lost, silent) {
  const place = ours(document.querySelector("rv-veil"));
  if (!place) return;
  if (verdict.state === "live") {
    render(lost.length ? veilOfKinds(lost, silent) : nothing, place);
    return;
  }
  const words = verdict.since === null
    ? "Nothing has been heard from the cluster yet."
    : `This is how it was at ${clockTime(verdict.since / 1000)} UTC, ${duration(verdict.age)} ago.`;
  render(html`<p class="veil-words" role="alert"><b>${verdict.state === "connecting" ? "Connecting." : "Not fresh."}</b> <span>${words} ${plain(verdict.why)}</span></p>`, place);
}

function veilOfKinds(lost, silent) {
  const [first] = lost;
  const others = lost.length === 1 ? "" : ` and ${lost.length - 1} more kind${lost.length === 2 ? "" : "s"}`;
  return html`<p class="veil-words" role="alert"><b>Not fresh:</b> <span><span class="mono">${middle(first.id, 48)}</span>${others}, for ${duration(first.age + silent)}. ${plain(first.note)}</span></p>`;
}

function showStreams({ kinds, of, revision }, verdict, silent) {
  const place = ours(document.querySelector("rv-streams"));
  const answered = verdict.age === null ? "The API has not answered yet" : `The API answered ${seconds(verdict.age)} ago`;
  const row = (kind) => html`<tr class=${kind.state === "live" ? "live" : "other"}><td class="mono">${middle(kind.id, 48)}</td><td>${plain(kind.state, 20)}</td><td class="number">${kind.age === null ? "never" : `${duration(kind.age + silent)} ago`}</td><td class="number">${count(kind.objects)}</td><td class="number">${count(kind.relists)}</td></tr>${kind.note ? html`<tr class="note"><td colspan="5">${plain(kind.note)}</td></tr>` : nothing}`;
  render(html`<p class="quiet">${answered} · revision <b>${count(revision)}</b> · <b>${of}</b> kind${of === 1 ? "" : "s"}</p><table><thead><tr><th>kind</th><th>state</th><th class="number">proven</th><th class="number">objects</th><th class="number">relists</th></tr></thead><tbody>${kinds.map(row)}</tbody></table>`, place);
}

function showKinds(kinds) {
  const place = ours(document.querySelector("rv-kinds"));
  if (!place) return;
  const list = kinds.filter((kind) => kind.state !== "live");
  render(
    list.length === 0 ? nothing : html`<details class="kinds-note"><summary>${list.length} kind${list.length === 1 ? "" : "s"} not shown live</summary><ul>${list.map((kind) => html`<li><span class="mono">${middle(kind.id, 60)}</span><span>${plain(kind.state, 20)}</span><span>${plain(kind.note)}</span></li>`)}</ul></details>`,
    place,
  );
}

customElements.define("rv-freshness", Freshness);
