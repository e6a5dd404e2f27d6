// Pieces that several elements draw. The server's twins are the templates in templates/parts.

import { html, nothing, svg } from "lit";
import { root } from "viz/page.js";
import { draw, HEIGHT, WIDTH } from "viz/shapes.js";
import { kind, middle, plain } from "viz/wording.js";

export const VERDICTS = ["stalled", "converging", "terminating", "unknown", "suspended", "converged"];

const MARKS = {
  converged: svg`<circle cx="8" cy="8" r="4.5" fill="currentColor"></circle>`,
  converging: svg`<circle cx="8" cy="8" r="5.75" fill="none" stroke="currentColor" stroke-width="1.5"></circle><path d="M8 8V2.25A5.75 5.75 0 0 1 13.75 8Z" fill="currentColor"></path>`,
  stalled: svg`<path d="M8 1.5 15 14H1Z" fill="currentColor"></path>`,
  suspended: svg`<path d="M4 2.5h3v11H4zM9 2.5h3v11H9z" fill="currentColor"></path>`,
  terminating: svg`<path d="M3 3l10 10M13 3 3 13" fill="none" stroke="currentColor" stroke-width="2"></path>`,
  superseded: svg`<path d="M2 8h8M6.5 4l4 4-4 4M13.5 2.5v11" fill="none" stroke="currentColor" stroke-width="1.5"></path>`,
  unknown: svg`<circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.25" stroke-dasharray="2.2 1.4"></circle><path d="M6.2 6.4a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11v.9" fill="none" stroke="currentColor" stroke-width="1.25"></path>`,
};

/** The mark of a verdict, or of how an episode ended: shape and colour, with its word for those who do not see it. */
export function glyph(verdict) {
  const known = Object.hasOwn(MARKS, verdict) ? verdict : "unknown";
  return html`<svg class="glyph ${known}" width="16" height="16" viewBox="0 0 16 16" role="img" aria-label=${known}>${MARKS[known]}</svg>`;
}

const OUTLINED = new Set(["missing", "ending", "surplus", "starting"]);

/** A gap bar, or nothing. */
export function gapbar(bar) {
  const drawing = draw(bar);
  if (!drawing) return nothing;
  return html`<svg class="bar" width=${WIDTH} height=${HEIGHT} viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${drawing.words}><title>${drawing.words}</title>${drawing.parts.map(rectangle)}<rect class="notch" x=${drawing.notch} y="0" width="2" height="14"></rect></svg>`;
}

function rectangle(part) {
  if (!OUTLINED.has(part.name)) {
    return svg`<rect class=${part.name} x=${part.x} y="2" width=${part.width} height="10"></rect>`;
  }
  const fill = part.name === "starting" ? "url(#hatch)" : nothing;
  return svg`<rect class=${part.name} x=${part.x + 0.5} y="2.5" width=${Math.max(0, part.width - 1)} height="9" fill=${fill}></rect>`;
}

/** How long ago; nothing where no time is known. */
export function since(at, least = false, prefix = "") {
  if (at === null || at === undefined) return nothing;
  return html`<rv-since at=${at} ?least=${least} prefix=${prefix || nothing}></rv-since>`;
}

const END = 12; // characters

export const href = (id) => `${root}o/${id}`;

/** A name whose end is seen however narrow it stands: it is what names tell themselves apart by. */
function ends(name) {
  const text = [...middle(name, 44)];
  return html`<b><span class="head">${text.slice(0, -END).join("")}</span><span class="end">${text.slice(-END).join("")}</span></b>`;
}

/** A row in words: what stands in columns would be read in pieces. */
function said(row) {
  const name = `${row.namespace ? `${plain(row.namespace, 64)}/` : ""}${plain(row.name, 253)}`;
  return [`${row.verdict} ${plain(row.kind, 100)} ${name}`, plain(row.glance, 120), plain(row.cause)].filter(Boolean).join(", ");
}

/** Whether a line that the server drew shows all that `line` would. */
export function shows(link, row) {
  const text = (name) => link.querySelector(name)?.textContent ?? "";
  const at = link.querySelector("rv-since")?.getAttribute("at") ?? null;
  return link.getAttribute("aria-label") === said(row) && text(".images") === middle(row.images, 72) &&
    (link.querySelector(".bar")?.getAttribute("aria-label") ?? null) === (draw(row.bar)?.words ?? null) &&
    (at === null ? null : Number(at)) === row.since;
}

/** A line of the board. */
export function line(row) {
  const place = row.namespace ? html`<span class="ns">${middle(row.namespace, 24)}/</span>` : nothing;
  return html`<a class="row ${row.verdict}" href=${href(row.id)} data-id=${row.id} aria-label=${said(row)}>
<span class="mark">${glyph(row.verdict)}</span>
<span class="kind" title=${plain(row.kind, 100)}>${kind(row.kind)}</span>
<span class="name" title="${row.namespace ? `${plain(row.namespace, 64)}/` : ""}${plain(row.name, 253)}"><span class="kind-inline">${kind(row.kind)} </span><bdi>${place}${ends(row.name)}</bdi></span>
<span class="gap">${gapbar(row.bar)}</span>
<span class="glance" title=${plain(row.glance)}>${plain(row.glance, 120)}</span>
<span class="why">${row.cause ? html`<bdi class="cause" title=${plain(row.cause, 500)}>${plain(row.cause)}</bdi>` : nothing}${row.images ? html`<bdi class="images mono" title=${plain(row.images, 500)}>${middle(row.images, 72)}</bdi>` : nothing}</span>
<span class="when">${since(row.since, row.at_least)}</span>
</a>`;
}
