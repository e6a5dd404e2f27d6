// Can this page prove that it is fresh? Pure: what was heard when, and what time it is.

/** Seconds without a word from the server after which a page no longer believes itself. */
export const PATIENCE = 10;

/**
 * `heard` is {at, state, age, error} of the last freshness frame (`at` and `now` in ms of the page's clock), or of the
 * page as the server rendered it; `open` whether the socket is. Returns {state, age, since, why}: `age` in seconds
 * since the cluster last proved itself, null where it never did; `since` in ms, null for a live page.
 */
export function judge(heard, open, now) {
  const silent = (now - heard.at) / 1000;
  const age = heard.age === null ? null : heard.age + Math.max(0, silent);
  const proof = age === null ? null : now - age * 1000;
  if (!open && heard.asked) return { state: "stale", age, since: proof, why: "The connection to ReconcilerViz is lost; trying again." };
  if (silent > PATIENCE) return { state: "stale", age, since: proof, why: "ReconcilerViz has said nothing since; trying again." };
  if (heard.state === "live") return { state: "live", age, since: null, why: "" };
  return { state: heard.state, age, since: proof, why: heard.error ?? "" };
}

/** Seconds without a proof of its stream after which a kind's objects are not believed. */
export const STREAM_PATIENCE = 75;

/**
 * The kinds of a freshness frame whose objects are not proven, `silent` seconds after it came: a stream that was quiet
 * for too long, or one that is known to be broken for as long as the cluster itself would be believed.
 */
export function unproven(kinds, silent) {
  return kinds.filter(({ state, age, objects }) => {
    if (!objects || age === null || state === "counted") return false;
    return age + silent > (state === "live" ? STREAM_PATIENCE : PATIENCE);
  });
}

/** A style sheet's text that veils whatever shows objects of these kinds. Names are a stranger's: quoted, never markup. */
export function veil(kinds, quote) {
  const of = ({ id }) => quote(`${id}/`);
  return kinds
    .map((kind) => `.row[data-id^=${of(kind)}], main[data-object^=${of(kind)}] { opacity: 0.45; filter: grayscale(0.8); }`)
    .join("\n");
}
