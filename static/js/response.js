// An episode as a control engineer reads it: how fast it rose, how far it overshot, when it settled, what took longest.
// Pure: values in, numbers out; times are seconds since the episode opened.
// The server's twin is dashboard/web/response.py; tests/web/test_twins.py holds them together.

import { amount, lasted } from "./amounts.js";
import { took } from "./wording.js";

/** In the order in which a legend names them; drawn in reverse, so that the setpoint lies on top. */
export const SERIES = ["setpoint", "updated", "ready", "available", "terminating"];
const RISEN = 0.9;
const BAND = 0.02;
const MAX_ROWS = 200;

const known = (value) => value !== null && value !== undefined;

/** What is there as declared: no more than are ready, and no more than are of the newest template. */
export function measured({ updated, ready, available }) {
  const counted = [updated, ready].filter(known);
  return counted.length ? Math.min(...counted) : (available ?? null);
}

/** What is read off the response; null where it has not happened (yet), or nothing is counted. */
export function facts(episode) {
  const counted = episode.samples.filter((each) => known(each.setpoint) && known(measured(each)));
  const culprit = blame(episode)?.place ?? -1;
  if (!counted.length) return { start: null, target: null, rise: null, settled: null, overshoot: 0, dip: 0, culprit };
  const target = counted.at(-1).setpoint;
  const values = counted.map(measured);
  let worst = 0;
  values.forEach((value, place) => {
    if (Math.abs(target - value) > Math.abs(target - values[worst])) worst = place;
  });
  const start = began(episode);
  const after = (sample) => Math.max(0, sample.at - start);
  const way = target - values[worst];
  const risen = counted.findIndex((_, place) => place >= worst && (values[place] - values[worst]) / way >= RISEN);
  let settled = null;
  for (let place = values.length - 1; place >= 0; place -= 1) {
    if (Math.abs(values[place] - target) > BAND * Math.abs(target)) break;
    settled = counted[place];
  }
  return {
    start: values[worst], target, rise: way === 0 || risen < 0 ? null : after(counted[risen]),
    settled: settled && after(settled), ...beyond(counted), culprit,
  };
}

/** When it opened, as exactly as is known: the API cuts that to its second, in which the first sample came. */
function began({ opened, samples }) {
  const first = samples.length ? samples[0].at : opened;
  return Number.isInteger(opened) && opened < first && first < opened + 1 ? first : opened;
}

/** An excess or a lack that the episode began with is neither overshoot nor dip. */
function beyond(counted) {
  const errors = counted.filter((each) => known(each.ready)).map((each) => each.ready - each.setpoint);
  if (!errors.length) return { overshoot: 0, dip: 0 };
  return {
    overshoot: errors[0] <= 0 ? Math.max(0, ...errors) : 0,
    dip: errors[0] >= 0 ? Math.max(0, ...errors.map((error) => -error)) : 0,
  };
}

/** Seconds from the last hop to when it was stalled; null where it is not. */
export function stuck({ ended, closed, recovered, opened, hops }) {
  if (ended !== "stalled" || !known(closed) || known(recovered)) return null;
  const wait = closed - Math.max(opened, ...hops.map((hop) => hop.at));
  return wait > 0 ? wait : null;
}

/** Where most of the time went: a hop (`place` is its index), or the wait for one that never came (`stuck`, place -1). */
export function blame(episode) {
  const wait = stuck(episode);
  const place = longest(episode.hops);
  const hop = episode.hops[place];
  if (wait !== null && (!hop || wait > hop.took)) {
    const end = episode.closed - episode.opened;
    return { name: "stuck", begin: end - wait, end, place: -1 };
  }
  if (!hop) return null;
  const end = hop.at - episode.opened;
  return { name: hop.name, begin: end - hop.took, end, place };
}

/** The index of the hop that took longest, -1 where none took any time. */
export function longest(hops) {
  let found = -1;
  hops.forEach((hop, place) => {
    if (hop.took > (found < 0 ? 0 : hops[found].took)) found = place;
  });
  return found;
}

/** How long it lasted, or has lasted until `now` (none: until the last that is known of it). */
export function length(episode, now = 0) {
  const last = Math.max(episode.opened, now, ...episode.hops.map((hop) => hop.at), ...episode.samples.map((each) => each.at));
  return Math.max(0, (episode.recovered ?? episode.closed ?? last) - episode.opened);
}

/**
 * How much time a chart shows. The API's times are cut to their second, so that the last sample may lie beyond the end
 * of what it saw ending.
 */
export function extent(episode, now = 0) {
  const last = Math.max(episode.opened, ...episode.hops.map((hop) => hop.at), ...episode.samples.map((each) => each.at));
  return Math.max(length(episode, now), last - episode.opened);
}

/** How long the whole took, in words. */
export const whole = (episode, now = 0) => lasted(length(episode, now), episode.opened, episode.recovered ?? episode.closed ?? 0.5);

const percent = (part) => Math.floor(part * 10_000 + 0.5) / 100;

/** The hops as a waterfall: where each lies, in percent of the whole. */
export function spans(episode) {
  const { hops, opened } = episode;
  const most = Math.max(length(episode), ...hops.map((hop) => hop.at - opened), 0.001);
  return hops.map((hop) => {
    const end = Math.min(1, Math.max(0, (hop.at - opened) / most));
    const begin = Math.min(end, Math.max(0, (hop.at - Math.max(0, hop.took) - opened) / most));
    return { x: percent(begin), width: percent(end - begin) };
  });
}

/** The word for how it stands, which its mark shows: how it ended, or its verdict while it is open. */
export function outcome(episode) {
  return known(episode.recovered) ? "converged" : (episode.ended ?? episode.verdict);
}

const NO_MORE = new Set(["Deleted", "Replaced"]);

/** Whether nothing of it is waited for: a stalled one may still recover until another takes its place. */
export function isOver({ ended, recovered, superseded_by: next, reason }) {
  if (ended === "stalled") return known(recovered) || Boolean(next) || NO_MORE.has(reason);
  return known(ended);
}

/** The samples in which something changed: the table that says what the chart shows. */
export function rows(episode) {
  const told = [];
  let before = "";
  for (const sample of episode.samples) {
    const values = JSON.stringify(SERIES.map((name) => sample[name] ?? null));
    if (values !== before && told.length < MAX_ROWS) told.push({ after: Math.max(0, sample.at - episode.opened), sample });
    before = values;
  }
  return told;
}

/** The response in one sentence, for those who do not see it. */
export function told({ start, target, rise, settled, overshoot, dip }) {
  if (!known(start) || !known(target)) return "Nothing is counted of it.";
  const words = [`From ${amount(start)} to ${amount(target)}`];
  if (rise !== null) words.push(`90 % of the way in ${took(rise)}`);
  words.push(settled === null ? "not settled yet" : `settled after ${took(settled)}`);
  if (overshoot) words.push(`at most ${amount(overshoot)} above the setpoint`);
  if (dip) words.push(`at most ${amount(dip)} below it`);
  return `${words.join(", ")}.`;
}

/** Whether there is anything to draw. */
export const hasResponse = (episode) => Boolean(episode) && episode.samples.some((sample) => known(sample.setpoint));

/** The moments at which something happened, in order: where a replay stops when it goes step by step. */
export function moments(episode) {
  const at = [...episode.hops.map((hop) => hop.at), ...episode.samples.map((each) => each.at)];
  at.push(episode.closed, episode.recovered);
  const after = at.filter(known).map((each) => Math.max(0, each - episode.opened));
  return [...new Set([0, ...after])].sort((one, other) => one - other);
}

/** The episode as it was `after` seconds: what came later is not known yet. */
export function at(episode, after) {
  const moment = episode.opened + after;
  const past = (time) => known(time) && time <= moment;
  const closed = past(episode.closed);
  return {
    ...episode,
    hops: episode.hops.filter((hop) => past(hop.at)),
    samples: episode.samples.filter((each) => past(each.at)),
    closed: closed ? episode.closed : null,
    ended: closed ? episode.ended : null,
    recovered: past(episode.recovered) ? episode.recovered : null,
    verdict: closed ? episode.verdict : "converging",
    cause: closed ? episode.cause : "",
    reason: closed ? episode.reason : "",
  };
}
