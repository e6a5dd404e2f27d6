// Amounts and spans of an episode in words, and its fields' names, cut to what a line has room for.
// The server's twin is dashboard/web/amounts.py; tests/web/test_twins.py holds them together.

import { number } from "./shapes.js";
import { took } from "./wording.js";

/** A span between such times in words. Where all are whole seconds, as the API writes them, no more is claimed. */
export function lasted(seconds, ...times) {
  if (seconds >= 60 || !times.every(Number.isInteger)) return took(seconds);
  return seconds >= 1 ? `${Math.floor(seconds + 0.5)} s` : "< 1 s";
}

/** A count, or a size where it is a large one: `5`, `10Gi`, `2.5M`; a dash where nothing is counted. */
export function amount(value) {
  if (value === null || value === undefined) return "—";
  if (Math.abs(value) < 1e6) return number(value);
  for (const [size, unit] of [[2 ** 40, "Ti"], [2 ** 30, "Gi"], [2 ** 20, "Mi"]]) {
    if (value % size === 0) return `${number(value / size)}${unit}`;
  }
  const [size, unit] = [[1e12, "T"], [1e9, "G"], [1e6, "M"]].find(([each]) => Math.abs(value) >= each);
  return `${number(Number((value / size).toPrecision(4)))}${unit}`;
}

/** What a line has room for of a field's path: `replicas`, `nginx · image`. */
export function shortPath(path) {
  const place = path.lastIndexOf(".");
  const last = path.slice(place + 1);
  const inside = path.slice(0, Math.max(0, place));
  const name = inside.endsWith("]") ? inside.slice(inside.lastIndexOf("[") + 1, -1).replace(/^name="/, "").replace(/"$/, "") : "";
  return name ? `${name} · ${last}` : last;
}

/** A span that is no measurement: `0.5 s`, `9 s`, `3 min 20 s`. */
export function about(seconds) {
  if (seconds >= 60) return took(seconds);
  const tenths = Math.floor(Math.max(0, seconds) * 10 + 0.5);
  return `${number(tenths >= 100 ? Math.floor(tenths / 10 + 0.5) : tenths / 10)} s`;
}
