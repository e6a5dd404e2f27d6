// What became of a list of episodes that somebody reads. Pure: what is shown and what the server has now go in.

/**
 * `shown` and `found` are [{key, opened}], newest first; `more` says whether older ones follow what was found. Gives the
 * keys that are `fresh`, and those that are shown and have `left`: they fit the filters no more. What merely lies beyond
 * the end of what was found has not left.
 */
export function compare(shown, found, more) {
  const known = new Set(shown.map(({ key }) => key));
  const there = new Set(found.map(({ key }) => key));
  const last = more ? Math.min(...found.map(({ opened }) => opened)) : -Infinity;
  return {
    fresh: found.filter(({ key }) => !known.has(key)).map(({ key }) => key),
    left: shown.filter(({ key, opened }) => !there.has(key) && opened > last).map(({ key }) => key),
  };
}

/** `3 new`, `60+ new`, `1 fits no more`, both; "" for neither. `most` is how many a page has. */
export function offered({ fresh, left }, most) {
  const words = [];
  if (fresh.length) words.push(`${fresh.length}${fresh.length >= most ? "+" : ""} new`);
  if (left.length) words.push(`${left.length} ${left.length === 1 ? "fits" : "fit"} no more`);
  return words.join(" · ");
}

/** Milliseconds until the server is asked again, after so many failures in a row; `luck` from 0 to 1 spreads the askers. */
export const pause = (failures, luck) => Math.min(30_000, 3000 * 2 ** failures) * (0.85 + 0.3 * luck);
