// Pieces of an episode that the object page, a permalink and a replay draw alike: what was declared, the hops with the
// culprit marked, and what is read off the response. The server's twins are templates/episode_*.html.

import { html, nothing, svg } from "lit";
import { about, amount, lasted, shortPath } from "viz/amounts.js";
import { cluster, root } from "viz/page.js";
import { href, since } from "viz/parts.js";
import { facts, hasResponse, outcome, rows, SERIES, spans, stuck, told } from "viz/response.js";
import { number } from "viz/shapes.js";
import { absolute, middle, plain, took, kind as shortKind } from "viz/wording.js";

const MANY = 12;

/** A value as a change shows it. */
export function value(given) {
  if (given === null || given === undefined || given === "") return "—";
  if (typeof given === "number") return number(given);
  return plain(typeof given === "string" ? given : JSON.stringify(given), 160);
}

const KINDS = { change: "declared anew", loss: "what was there went or failed", deletion: "its end was asked for", fight: "two managers set it back and forth" };

/** What set it off, and who. */
export function changes(episode) {
  const shown = episode.changes.slice(0, MANY);
  return html`<p class="setoff"><b>${plain(episode.kind, 20)}</b> <span class="quiet">${KINDS[episode.kind] ?? ""}</span>${episode.by ? html` <span class="by">by <bdi class="mono">${middle(episode.by, 48)}</bdi></span>` : nothing}</p>
${shown.length ? html`<ul class="changes">${shown.map((each) => html`<li><bdi class="path" title=${plain(each.path, 200)}>${middle(shortPath(each.path), 48)}</bdi>${each.before === null && each.after === null ? html`<span class="quiet">values left out</span>` : html`<span class="values mono">${each.before === null ? nothing : html`<bdi class="before">${value(each.before)}</bdi> → `}<bdi class="after">${value(each.after)}</bdi></span>`}</li>`)}${episode.changes.length > MANY ? html`<li class="quiet">${episode.changes.length - MANY} more</li>` : nothing}</ul>` : nothing}`;
}

/** `Pod web-abc`, a link where there is a cluster to look at. */
export function objectName(id, limit = 32) {
  const [group, kind, , name] = id.split("/").map((part) => safely(part));
  if (!group || !name) return nothing;
  const words = html`<span class="quiet">${shortKind(kind)}</span> <bdi>${middle(name, limit)}</bdi>`;
  return cluster ? html`<a class="link" href=${href(id)} title="${plain(kind, 60)} ${plain(name, 253)}">${words}</a>` : html`<span>${words}</span>`;
}

function safely(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The hops as a waterfall. `whole` is the whole episode where only a part has happened yet (a replay). */
export function hops(episode, whole = episode, usual = null) {
  const falls = spans(whole);
  const { culprit } = facts(episode);
  const taken = episode.hops.length;
  const waited = stuck(episode);
  const last = taken ? episode.hops[taken - 1].at : episode.opened;
  return html`<ol class="hops">${whole.hops.map((hop, place) => (place < taken ? taking(hop, falls[place], place === culprit, episode, place) : html`<li class="pending"><span class="name">${plain(hop.name, 24)}</span></li>`))}${
    waited === null ? nothing : html`<li class="stuck ${culprit < 0 ? "culprit" : ""}"><span class="name">stuck</span><span class="quiet">${culprit < 0 ? html`<b class="mark">longest</b> ` : nothing}no further hop</span><span class="took">${took(waited)}</span></li>`}${
    episode.closed === null && whole === episode ? html`<li class="open"><span class="name">so far</span>${usual?.more ? html`<span class="quiet">probably ${between(...usual.more)} more</span>` : nothing}<span class="took">${since(last)}</span></li>` : nothing}</ol>`;
}

function taking(hop, fall, culprit, episode, place) {
  return html`<li class=${culprit ? "culprit" : ""}><span class="name" title=${absolute(hop.at)}>${plain(hop.name, 24)}</span><svg class="fall" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect x="0" y="3.5" width="100" height="1" class="base"></rect>${svg`<rect x=${fall.x} y="1" width=${Math.max(0.8, fall.width)} height="6"></rect>`}</svg><span class="took">${place ? spent(hop) : "—"}</span>${
    hop.detail || culprit ? html`<span class="detail">${culprit ? html`<b class="mark">longest</b> ` : nothing}<bdi>${plain(hop.detail, 80)}</bdi>${hop.object && hop.object !== episode.object ? html`${hop.detail ? " · " : nothing}${objectName(hop.object)}` : nothing}</span>` : nothing}</li>`;
}

function between(least, most) {
  const [from, to] = [about(least), about(most)];
  return from === to ? from : `${from} to ${to}`;
}

const spent = (hop) => lasted(hop.took, hop.at, hop.at - hop.took);

/** Rise, settling, overshoot: one line of instruments. */
export function reading(episode) {
  const found = facts(episode);
  const waited = found.culprit < 0 ? stuck(episode) : null;
  const longest = found.culprit < 0 ? null : episode.hops[found.culprit];
  const entry = (name, words, title) => html`<div title=${title}><dt>${name}</dt><dd>${words}</dd></div>`;
  return html`<dl class="reading">${entry("rise", found.rise === null ? "—" : took(found.rise), "until 90 % of the way was made")}${entry("settled", found.settled === null ? "—" : took(found.settled), "from when on it stayed as declared")}${entry("overshoot", found.overshoot ? `+${amount(found.overshoot)}` : "0", "most that were ready beyond the setpoint")}${entry("dip", found.dip ? `−${amount(found.dip)}` : "0", "most that were lacking though it began complete")}${
    waited === null ? nothing : entry("stuck", took(waited), "from the last hop to when it was stalled")}${
    longest ? entry("longest hop", html`${plain(longest.name, 24)} ${spent(longest)}`, "the hop that took longest") : nothing}</dl>`;
}

/** Everything that the response panel shows. `options` go to the chart. */
export function response(episode, options = {}) {
  if (!hasResponse(options.whole ?? episode)) return nothing;
  return html`${reading(episode)}<rv-chart .given=${{ episode, ...options }}></rv-chart><p class="visually-hidden" id="told">${told(facts(episode))}</p>${table(episode)}`;
}

function table(episode) {
  const columns = SERIES.filter((name) => episode.samples.some((each) => each[name] !== null && each[name] !== undefined));
  return html`<details class="as-table"><summary>as a table</summary><div><table><thead><tr><th scope="col">after</th>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows(episode).map(({ after, sample }) => html`<tr><th scope="row">${took(after)}</th>${columns.map((name) => html`<td>${amount(sample[name])}</td>`)}</tr>`)}</tbody></table></div></details>`;
}

/** `usually 9 s`, and whether this one is slower; nothing where there is nothing to say it from. */
export function usually(usual) {
  if (!usual) return nothing;
  return html` <span class="usual" title="the middle of ${usual.count} episodes of ${plain(usual.of, 120)}; nine of ten within ${about(usual.p90)}">· usually ${about(usual.p50)}</span>${usual.slower ? html` <span class="slower">slower than usual</span>` : nothing}`;
}

/** Its own page. Until it is written down, the object named here is where it is found. */
export const permalink = (episode) => `${root}e/${encodeURIComponent(episode.key)}/?of=${encodeURIComponent(episode.object)}`;
export { outcome };
