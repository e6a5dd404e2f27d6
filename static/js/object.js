// The object page kept current: <rv-title>, <rv-cause>, <rv-chain>, <rv-ledger>, <rv-events>, <rv-hops>, <rv-response> are
// drawn from one ObjectView, always whole. The edit panel (change.js) is told of it by an event.

import { html, nothing, render } from "lit";
import { changes, hops, permalink, response, usually } from "viz/episode.js";
import { link } from "viz/link.js";
import { cluster, root } from "viz/page.js";
import { gapbar, glyph, href, since } from "viz/parts.js";
import { hasResponse, outcome, whole } from "viz/response.js";
import { number } from "viz/shapes.js";
import { clockTime, kind, middle, plain } from "viz/wording.js";

const main = document.querySelector("main[data-object]");

/** A field's value as the ledger shows it: text as it is, nothing as a dash, the rest as JSON. */
export function value(given) {
  if (given === null || given === undefined || given === "") return "—";
  if (typeof given === "number") return number(given);
  return plain(typeof given === "string" ? given : JSON.stringify(given));
}

const DIFFERS = html`<svg viewBox="0 0 12 20" role="img" aria-label="differs"><path d="M1 8h10M1 12h10M8.5 4.5l-5 11"></path></svg>`;
const EQUAL = html`<svg viewBox="0 0 12 20" role="img" aria-label="equal"><path d="M1 8h10M1 12h10"></path></svg>`;
/** Objects in one level of the chain from which on each is one line. */
const MANY = 3;

const PARTS = {
  "rv-title": ({ row, verdict, since: at, at_least: least, reason, episode, usual }) => html`<h1>${glyph(verdict)}<span class="kind">${middle(row.kind, 40)}</span><bdi class="full">${row.namespace ? html`<span class="ns">${middle(row.namespace, 40)}/</span>` : nothing}${plain(row.name, 253)}</bdi></h1>
<p class="state"><span class="word ${verdict}">${verdict}</span> ${since(at, least, "for")}${reason ? html` <span class="quiet">· ${plain(reason, 80)}</span>` : nothing}${episode && episode.closed === null ? usually(usual) : nothing}</p>`,
  "rv-cause": (view) => {
    if (!view.cause) return nothing;
    const { sentence, reason, at } = view.cause;
    const other = at && at !== view.id ? at : "";
    const [, faulty, , name] = other.split("/").map(decodeURIComponent);
    return html`<p class="cause-line ${view.verdict}"><bdi class="cause">${plain(sentence, 500)}</bdi>${reason ? html`<span class="reason mono">${plain(reason, 80)}</span>` : nothing}${other ? html`<a class="at link" href=${href(other)}>${plain(faulty, 60)} ${middle(name, 48)}</a>` : nothing}</p>`;
  },
  "rv-chain": ({ chain }) => html`<div class="chain">${chain.map((level) => html`<div class="level ${level.length > MANY ? "many" : ""}">${level.map((each) => hop(each, level.length > MANY))}</div>`)}</div>`,
  "rv-ledger": ({ ledger, has_status: hasStatus }) => {
    if (!ledger.length) return html`<p class="none">${hasStatus === false ? "This kind has no status: no loop reports on it, so there is nothing to compare." : "Nothing to compare: no field of its spec is answered in its status."}</p>`;
    return html`<table class="ledger"><thead><tr><th>field</th><th>desired</th><th class="vs" aria-label="compared"></th><th>observed</th><th class="since">since</th></tr></thead><tbody>${ledger.map(gap)}</tbody></table>`;
  },
  "rv-events": ({ events }) => events.length
    ? html`<ol class="events">${events.map((event) => html`<li class=${event.type === "Warning" ? "Warning" : "Normal"}><span class="dot" role="img" aria-label=${plain(event.type, 20)}></span><bdi class="reason">${plain(event.reason, 80)}</bdi><bdi class="message">${plain(event.message, 400)}</bdi><span class="when">${event.count > 1 ? `×${event.count} · ` : nothing}${since(event.last)}</span></li>`)}</ol>`
    : html`<p class="none">No events are kept about it.</p>`,
  "rv-hops": ({ episode, usual }) => {
    if (!episode) return html`<p class="none">Nothing has had to converge since it is watched. Change something, and its way through the loop is timed here.</p>`;
    const ended = episode.closed === null ? nothing : html`<p class="ended"><span class="word ${outcome(episode)}">${outcome(episode)}</span> ${episode.ended === "stalled" && outcome(episode) === "stalled" ? "after" : "in"} ${whole(episode)}${usually(usual)}</p>`;
    return html`${changes(episode)}${ended}${hops(episode, episode, usual)}<p class="more"><a class="link" href=${permalink(episode)}>this episode</a> <span class="quiet">since ${clockTime(episode.opened)} UTC ·</span> <a class="link" href="${root}history/?object=${encodeURIComponent(episode.object)}">those before it</a></p>`;
  },
  "rv-response": ({ episode }) => (episode ? response(episode) : nothing),
};

function hop(each, many) {
  return html`<a class="hop ${each.verdict} ${each.current ? "current" : ""}" href=${href(each.id)} aria-current=${each.current ? "true" : nothing}>${glyph(each.verdict)}<span class="what" title="${plain(each.kind, 60)} ${plain(each.name, 253)}"><span class="kind">${kind(each.kind)}</span><bdi>${middle(each.name, many ? 24 : 32)}</bdi></span><span class="glance">${plain(each.glance, 80)}</span><span class="gap">${gapbar(each.bar)}</span></a>`;
}

function gap(each) {
  const field = html`<td class="field" title=${plain(each.path, 200)}><bdi>${plain(each.field, 120)}</bdi>${each.set_by ? html`<span class="by"> ← ${middle(each.set_by, 40)}</span>` : nothing}</td>`;
  return html`<tr class=${each.open ? "open" : "closed"}>${field}<td class="value">${value(each.desired)}</td><td class="vs">${each.open ? DIFFERS : EQUAL}</td><td class="value">${each.open ? value(each.observed) : nothing}</td><td class="since">${each.open ? since(each.since, each.at_least) : nothing}</td></tr>`;
}

function show(view) {
  for (const [name, draw] of Object.entries(PARTS)) {
    const place = document.querySelector(name);
    if (!place) continue;
    if (!place.ours) {
      place.ours = true;
      place.replaceChildren();
    }
    render(draw(view), place);
  }
  document.getElementById("chain").hidden = view.chain.length === 0;
  document.getElementById("response").hidden = !hasResponse(view.episode);
  main.className = `object ${view.verdict}`;
  document.title = `${view.verdict} · ${plain(view.row.kind, 60)} ${middle(view.row.name, 60)} · ReconcilerViz`;
}

/** What was here is not any more: say so, and keep what was known, out of reach. */
function gone() {
  main.classList.add("gone");
  const place = document.querySelector("rv-cause");
  if (!place.ours) {
    place.ours = true;
    place.replaceChildren();
  }
  render(html`<p class="cause-line terminating" role="alert"><span class="cause">It is gone: this object is not in the cluster any more. What follows is the last that was seen of it.</span><a class="at link" href=${root}>To the board</a></p>`, place);
}

if (main) {
  let rev = null;
  const subscription = link.subscribe({ op: "object", cluster, object: main.dataset.object }, (frame) => {
    if (frame.t !== "object") return;
    if (frame.prev !== null && rev !== null && frame.prev !== rev) subscription.resync(); // the view is whole, so it is shown all the same
    rev = frame.rev;
    if (frame.view) show(frame.view);
    else gone();
    main.dispatchEvent(new CustomEvent("view", { detail: frame.view }));
  });
}
