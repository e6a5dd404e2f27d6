// The player's reducer and the episode as it was: run by Node's own test runner.
import assert from "node:assert/strict";
import test from "node:test";
import { begin, reduce, resumed, shown } from "../../static/js/player.js";
import { at, isOver, moments } from "../../static/js/response.js";

const play = (state, ...actions) => actions.reduce(reduce, state);
const start = begin([0, 1, 4]);

test("it begins at the end, where all is known, and plays from the beginning", () => {
  assert.equal(start.at, 4);
  assert.deepEqual(play(start, { do: "toggle" }), { ...start, at: 0, playing: true });
  assert.equal(play(start, { do: "toggle" }, { do: "tick", seconds: 1 }, { do: "toggle" }, { do: "toggle" }).at, 1);
});

test("it plays at its speed and ends at the end", () => {
  const fast = play(start, { do: "speed", speed: 2 }, { do: "toggle" }, { do: "tick", seconds: 1 });
  assert.equal(fast.at, 2);
  const over = play(fast, { do: "tick", seconds: 99 });
  assert.deepEqual([over.at, over.playing], [4, false]);
  assert.equal(play(start, { do: "speed", speed: 3 }).speed, 1);
  assert.equal(play(start, ...Array(9).fill({ do: "faster", by: 1 })).speed, 20);
  assert.equal(play(start, ...Array(9).fill({ do: "faster", by: -1 })).speed, 0.5);
});

test("it steps from moment to moment and seeks within bounds", () => {
  assert.equal(play(start, { do: "step", by: -1 }).at, 1);
  assert.equal(play(start, { do: "step", by: -1 }, { do: "step", by: -1 }, { do: "step", by: -1 }).at, 0);
  assert.equal(play(start, { do: "seek", at: 1 }, { do: "step", by: 1 }).at, 4);
  assert.deepEqual([play(start, { do: "seek", at: -5 }).at, play(start, { do: "seek", at: 99 }).at], [0, 4]);
  assert.deepEqual(play(start, { do: "unheard of" }), start);
});

test("where motion is not wanted only what happened changes the picture", () => {
  const state = { ...start, at: 3, playing: true };
  assert.deepEqual([shown(state, true), shown(state, false), shown({ ...state, playing: false }, true)], [1, 3, 3]);
});

const episode = {
  opened: 100, closed: 104, ended: "stalled", recovered: 110, verdict: "converged", cause: "why", reason: "Why",
  hops: [{ name: "accepted", at: 100, took: 0 }, { name: "ready", at: 103, took: 3 }],
  samples: [{ at: 100, setpoint: 2 }, { at: 101, setpoint: 2 }],
};

test("what came later is not known yet", () => {
  const early = at(episode, 1);
  assert.deepEqual([early.hops.length, early.samples.length, early.closed, early.ended, early.verdict, early.cause], [1, 2, null, null, "converging", ""]);
  const stalled = at(episode, 5);
  assert.deepEqual([stalled.ended, stalled.recovered, stalled.cause], ["stalled", null, "why"]);
  assert.equal(at(episode, Infinity).recovered, 110);
  assert.deepEqual(moments(episode), [0, 1, 3, 4, 10]);
});

test("an episode that goes on takes with it who is at its end, and nobody else", () => {
  const longer = begin([0, 1, 4, 9]);
  assert.equal(resumed(start, longer).at, 9);
  const middle = play(start, { do: "speed", speed: 5 }, { do: "seek", at: 2 });
  assert.deepEqual(resumed(middle, longer), { ...longer, at: 2, speed: 5 });
  const playing = play(start, { do: "toggle" }, { do: "tick", seconds: 3 });
  assert.deepEqual([resumed(playing, longer).at, resumed(playing, longer).playing], [3, true]);
});

test("a stalled episode is not over until it recovers, or another takes its place, or nothing is left of it", () => {
  const episode = { ended: "stalled", recovered: null, superseded_by: "", reason: "ImagePullBackOff" };
  assert.equal(isOver(episode), false);
  for (const more of [{ recovered: 9 }, { superseded_by: "k" }, { reason: "Deleted" }, { reason: "Replaced" }]) {
    assert.equal(isOver({ ...episode, ...more }), true);
  }
  assert.equal(isOver({ ...episode, ended: null }), false);
  assert.equal(isOver({ ...episode, ended: "converged" }), true);
});
