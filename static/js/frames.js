// Pure reducers: what a page knows of a live query or an object, and what a frame makes of it.

/** Nothing known yet. */
export const EMPTY = Object.freeze({
  topic: "", rev: null, start: 0, rows: [], total: 0, counts: {}, objects: 0, changed: new Set(), hole: false,
});

/**
 * The state after a `window` or a `delta` frame. A frame that does not follow on what is known leaves everything as
 * it is, with `hole` set: the page asks again. `changed` are the ids whose rows are other than before.
 */
export function reduce(state, frame) {
  if (frame.t === "window") {
    const known = new Map(state.rows.map((row) => [row.id, row]));
    const first = state.rev === null;
    const changed = new Set(
      first ? [] : frame.rows.filter((row) => differs(known.get(row.id), row)).map((row) => row.id),
    );
    return {
      topic: frame.topic, rev: frame.rev, start: frame.start ?? 0, rows: frame.rows, total: frame.total,
      counts: frame.counts, objects: frame.objects, changed, hole: false,
    };
  }
  if (frame.t !== "delta" || frame.topic !== state.topic) return state;
  if (frame.prev !== state.rev) return { ...state, changed: new Set(), hole: true };
  const rows = new Map(state.rows.map((row) => [row.id, row]));
  for (const row of frame.rows) rows.set(row.id, row);
  const order = frame.order ?? state.rows.map((row) => row.id);
  if (order.some((id) => !rows.has(id))) return { ...state, changed: new Set(), hole: true };
  return {
    topic: state.topic, rev: frame.rev, start: state.start, rows: order.map((id) => rows.get(id)), total: frame.total,
    counts: frame.counts, objects: frame.objects, changed: new Set(frame.rows.map((row) => row.id)), hole: false,
  };
}

/** Whether somebody who looks at the row would see a change. */
export function differs(before, after) {
  return !before || before.verdict !== after.verdict || before.glance !== after.glance ||
    before.cause !== after.cause || before.images !== after.images;
}

export const FITS = 60;

/**
 * How long the list is: `length` rows, the first `tall` of them not converged, and how many converged ones are folded
 * into one line behind them: what has converged comes last, so that folding is arithmetic. The server's twin is
 * `pages.extent`.
 */
export function extent(state, query, everything) {
  const all = Object.values(state.counts).reduce((sum, count) => sum + count, 0);
  const converged = state.counts.converged ?? 0;
  const folds = !everything && all > FITS && !query.verdict && !query.q && !query.owner;
  const calm = query.verdict && query.verdict !== "converged" ? 0 : Math.min(converged, state.total);
  const folded = folds ? calm : 0;
  return { length: state.total - folded, tall: state.total - calm, folded };
}

/** A query's fields from a URL's text, and back to the canonical text of the server's `Query.text`. */
export const FIELDS = ["namespace", "kind", "verdict", "q", "owner"];

export function parseQuery(text) {
  const values = new URLSearchParams(text);
  return Object.fromEntries(FIELDS.map((name) => [name, (values.get(name) ?? "").trim()]));
}

export function queryText(query) {
  const values = new URLSearchParams();
  for (const name of FIELDS) if (query[name]) values.set(name, query[name]);
  return values.toString();
}
