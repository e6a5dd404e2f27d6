// An episode followed to its end, wherever that is told: in its object's live view while it is the newest there, and
// after that (another took its place, or the object is gone) in what is kept, which the episode's own page shows.

import { Asker } from "viz/ask.js";
import { link } from "viz/link.js";
import { cluster } from "viz/page.js";
import { isOver } from "viz/response.js";

const FIRST = 500; // ms until what is kept is asked for: an end is written a moment after it was seen
const LONGEST = 30_000;

/** `tell` is given the episode whenever it may be another, with how it compares where that is known. */
export function follow(object, key, tell) {
  const kept = new Asker(location.href, "rv-replay");
  let [over, wait, timer] = [false, FIRST, 0];

  const subscription = link.subscribe({ op: "object", cluster, object }, ({ t, view }) => {
    if (t !== "object" || over) return;
    if (view?.episode?.key === key) take(view.episode, view.usual);
    else timer ||= setTimeout(look, wait);
  });

  function take(episode, usual) {
    over = isOver(episode);
    if (over) {
      clearTimeout(timer);
      subscription.close();
    }
    tell(episode, usual);
  }

  async function look() {
    const page = await kept.ask().catch(() => null); // without an answer: again, later
    if (page && !over) take(JSON.parse(page.querySelector("rv-replay").dataset.episode));
    wait = Math.min(LONGEST, wait * 1.4);
    if (!over) timer = setTimeout(look, wait);
  }
}
