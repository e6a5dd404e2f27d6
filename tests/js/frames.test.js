// The browser's pure parts, with Node's own test runner: `node --test tests/js/frames.test.js`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { differs, EMPTY, extent, parseQuery, queryText, reduce } from "../../static/js/frames.js";
import { judge, PATIENCE, STREAM_PATIENCE, unproven, veil } from "../../static/js/freshness.js";

const row = (id, glance = "1 of 1", verdict = "converged") => ({ id, glance, verdict, cause: "", images: "" });
const opened = (rows, rev = 1, topic = "q:1") =>
  reduce(EMPTY, { t: "window", topic, rev, start: 0, total: rows.length, counts: { converged: rows.length }, objects: rows.length, rows });
const delta = (about) => ({ t: "delta", topic: "q:1", rev: 2, prev: 1, total: 2, counts: {}, objects: 2, rows: [], order: null, ...about });

test("a window is the whole picture, and nothing in the first one has changed", () => {
  const state = opened([row("a"), row("b")]);
  assert.deepEqual(state.rows.map(({ id }) => id), ["a", "b"]);
  assert.equal(state.rev, 1);
  assert.equal(state.changed.size, 0);
});

test("a window after a hole marks only what differs", () => {
  const state = reduce(opened([row("a"), row("b")]), { t: "window", topic: "q:1", rev: 9, total: 2, counts: {}, objects: 2, rows: [row("a"), row("b", "0 of 1")] });
  assert.deepEqual([...state.changed], ["b"]);
});

test("a delta replaces rows, keeps the order it does not mention, and follows the one it does", () => {
  const before = opened([row("a"), row("b")]);
  const kept = reduce(before, delta({ rows: [row("b", "0 of 1")] }));
  assert.deepEqual(kept.rows.map(({ id, glance }) => [id, glance]), [["a", "1 of 1"], ["b", "0 of 1"]]);
  const moved = reduce(before, delta({ rows: [row("c")], order: ["c", "b"] }));
  assert.deepEqual(moved.rows.map(({ id }) => id), ["c", "b"]);
  assert.deepEqual(before.rows.map(({ id }) => id), ["a", "b"], "the old state is as it was");
});

test("a hole in the revisions is noticed, and nothing is shown of it", () => {
  const before = opened([row("a")]);
  const after = reduce(before, delta({ prev: 5, rev: 6, rows: [row("a", "0 of 1")] }));
  assert.equal(after.hole, true);
  assert.deepEqual(after.rows, before.rows);
  assert.equal(after.rev, 1);
});

test("an order that names an unknown row is a hole", () => {
  assert.equal(reduce(opened([row("a")]), delta({ order: ["a", "z"] })).hole, true);
});

test("a delta of another topic is not ours", () => {
  const before = opened([row("a")]);
  assert.equal(reduce(before, delta({ topic: "q:2" })), before);
});

test("only what somebody sees is a change", () => {
  assert.equal(differs(row("a"), { ...row("a"), since: 5 }), false);
  assert.equal(differs(row("a"), row("a", "0 of 1")), true);
  assert.equal(differs(undefined, row("a")), true);
});

test("what has converged is folded when it does not fit and nobody asked for it", () => {
  const state = { ...EMPTY, total: 61, counts: { stalled: 1, converged: 60 } };
  const of = (text, all = false, about = {}) => extent({ ...state, ...about }, parseQuery(text), all);
  assert.deepEqual(of(""), { length: 1, tall: 1, folded: 60 });
  assert.deepEqual(of("kind=Pod"), { length: 1, tall: 1, folded: 60 });
  assert.deepEqual(of("q=r"), { length: 61, tall: 1, folded: 0 });
  assert.deepEqual(of("", true), { length: 61, tall: 1, folded: 0 });
  assert.deepEqual(of("", false, { total: 60, counts: { stalled: 1, converged: 59 } }), { length: 60, tall: 1, folded: 0 });
});

test("of one verdict all rows are as high as each other", () => {
  const counts = { stalled: 3, converged: 60 };
  const of = (text, total) => extent({ ...EMPTY, total, counts }, parseQuery(text), false);
  assert.deepEqual(of("verdict=stalled", 3), { length: 3, tall: 3, folded: 0 });
  assert.deepEqual(of("verdict=converged", 60), { length: 60, tall: 0, folded: 0 });
});

test("a delta leaves the window where it is", () => {
  const before = reduce(EMPTY, { t: "window", topic: "q:1", rev: 1, start: 150, total: 500, counts: {}, objects: 500, rows: [row("a")] });
  assert.equal(before.start, 150);
  assert.equal(reduce(before, delta({ rows: [row("a", "0 of 1")] })).start, 150);
});

test("a query and its address are the same thing", () => {
  const query = parseQuery("?verdict=stalled&q=a%20b&other=1");
  assert.deepEqual(query, { namespace: "", kind: "", verdict: "stalled", q: "a b", owner: "" });
  assert.equal(queryText(query), "verdict=stalled&q=a+b");
});

const heard = { at: 1_000_000, state: "live", age: 0.5, error: "", asked: true };

test("a page is live as long as it hears so over an open socket", () => {
  assert.equal(judge(heard, true, heard.at + 1000).state, "live");
  assert.equal(judge(heard, true, heard.at + 1000).age, 1.5);
});

test("a lost socket, silence, or the server's own word make it stale, since the last proof", () => {
  const lost = judge(heard, false, heard.at + 1000);
  assert.deepEqual([lost.state, lost.since], ["stale", heard.at - 500]);
  assert.equal(judge(heard, true, heard.at + PATIENCE * 1000 + 1).state, "stale");
  assert.equal(judge({ ...heard, state: "stale", error: "refused" }, true, heard.at).why, "refused");
});

test("a page that has just been loaded is believed while it connects, not for longer", () => {
  const fresh = { ...heard, asked: false };
  assert.equal(judge(fresh, false, fresh.at + 1000).state, "live");
  assert.equal(judge(fresh, false, fresh.at + PATIENCE * 1000 + 1).state, "stale");
});

test("where nothing was ever proven there is no time since", () => {
  assert.deepEqual(judge({ ...heard, state: "connecting", age: null }, true, heard.at).since, null);
});

test("a kind is not believed when its stream was silent for too long, or is known to be broken", () => {
  const kind = (about) => ({ id: "core/Pod", state: "live", age: 1, objects: 3, note: "", relists: 0, ...about });
  const lost = (about, silent = 0) => unproven([kind(about)], silent).length === 1;
  assert.equal(lost({ age: STREAM_PATIENCE - 1 }), false);
  assert.equal(lost({ age: STREAM_PATIENCE - 1 }, 2), true);
  assert.equal(lost({ age: STREAM_PATIENCE + 1, state: "stale" }), true);
  assert.equal(lost({ age: PATIENCE - 1, state: "failing" }), false);
  assert.equal(lost({ age: PATIENCE + 1, state: "failing" }), true);
  assert.equal(lost({ age: 500, state: "forbidden", objects: 0 }), false);
  assert.equal(lost({ age: 500, state: "counted" }), false);
  assert.equal(lost({ age: null, state: "listing" }), false);
});

test("a kind's veil names its objects and nothing else", () => {
  const text = veil([{ id: "core/Pod" }, { id: "apps/Deployment" }], JSON.stringify);
  assert.match(text, /\.row\[data-id\^="core\/Pod\/"\]/);
  assert.match(text, /main\[data-object\^="apps\/Deployment\/"\]/);
  assert.equal(veil([], JSON.stringify), "");
});
