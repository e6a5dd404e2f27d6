// What became of a list that somebody reads: run by Node's own test runner.
import assert from "node:assert/strict";
import test from "node:test";
import { compare, offered, pause } from "../../static/js/historylist.js";

const lines = (...opened) => opened.map((each) => ({ key: `k${each}`, opened: each }));

test("what is new is told apart from what was there", () => {
  assert.deepEqual(compare(lines(3, 2, 1), lines(5, 4, 3, 2, 1), false), { fresh: ["k5", "k4"], left: [] });
});

test("what fits the filters no more has left; what lies beyond the page's end has not", () => {
  assert.deepEqual(compare(lines(4, 3, 2, 1), lines(5, 4, 2), true), { fresh: ["k5"], left: ["k3"] });
  assert.deepEqual(compare(lines(4, 3, 2, 1), lines(5, 4, 2), false), { fresh: ["k5"], left: ["k3", "k1"] });
  assert.deepEqual(compare(lines(2, 1), [], false), { fresh: [], left: ["k2", "k1"] });
});

test("it is told in few words", () => {
  const keys = (count) => Array.from({ length: count }, String);
  assert.equal(offered({ fresh: [], left: [] }, 60), "");
  assert.equal(offered({ fresh: keys(3), left: [] }, 60), "3 new");
  assert.equal(offered({ fresh: keys(60), left: [] }, 60), "60+ new");
  assert.equal(offered({ fresh: keys(1), left: keys(1) }, 60), "1 new · 1 fits no more");
  assert.equal(offered({ fresh: [], left: keys(2) }, 60), "2 fit no more");
});

test("a server that does not answer is asked ever less often", () => {
  assert.equal(pause(0, 0.5), 3000);
  assert.equal(pause(2, 0.5), 12_000);
  assert.equal(pause(50, 0.5), 30_000);
  assert.ok(pause(0, 0) < 3000 && pause(0, 1) > 3000);
});
