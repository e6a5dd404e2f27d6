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
