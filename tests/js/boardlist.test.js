// The arithmetic of a long list: run by Node's own test runner.
import assert from "node:assert/strict";
import test from "node:test";
import { Sizes, WINDOW, windowFor } from "../../static/js/boardlist.js";

const heights = { tall: 48, flat: 32 };

test("where a row stands and which row stands there are each other's inverse", () => {
  for (const extras of [[], [[0, 100]], [[2, 64], [3, 10], [40_000, 7]]]) {
    const sizes = new Sizes(57_500, 1000, heights, extras);
    for (const index of [0, 1, 2, 3, 4, 999, 1000, 1001, 39_999, 40_000, 40_001, 57_499]) {
      const top = sizes.top(index);
      assert.equal(sizes.at(top), index, `${index} with ${JSON.stringify(extras)}`);
      assert.equal(sizes.at(sizes.top(index + 1) - 1), index, "its last pixel, what is unfolded under it included");
    }
    const more = extras.reduce((sum, [, px]) => sum + px, 0);
    assert.equal(sizes.height, 1000 * 48 + 56_500 * 32 + more);
  }
});

test("beyond its ends a list has its first and its last row", () => {
  const sizes = new Sizes(10, 10, heights);
  assert.deepEqual([sizes.at(-500), sizes.at(0), sizes.at(1e9)], [0, 0, 9]);
  assert.equal(new Sizes(0, 0, heights).at(100), 0);
  assert.equal(new Sizes(3, 1, heights, [[7, 100]]).height, 48 + 64, "what was unfolded under a row that is gone");
});

test("a window is asked for only when the one at hand does not do", () => {
  const first = windowFor(0, 40, Infinity, { start: 0, count: 0 });
  assert.deepEqual(first, { start: 0, count: WINDOW });
  assert.equal(windowFor(0, 40, 57_500, first), null);
  assert.equal(windowFor(100, 150, 57_500, first), null);
  const second = windowFor(150, 190, 57_500, first);
  assert.ok(second.start > 0 && second.start % 50 === 0);
  assert.ok(second.start <= 150 - 25 && second.start + second.count >= 190 + 25, JSON.stringify(second));
  assert.equal(windowFor(150, 190, 57_500, second), null, "and it holds");
  assert.equal(windowFor(0, 2, 3, first), null, "a short list is whole");
});

test("every place in a list has a window that holds it, at both ends too, and it stays asked for once", () => {
  let held = { start: 0, count: WINDOW };
  for (const first of [0, 10, 180, 5000, 57_459, 57_400, 300, 0]) {
    for (const shown of [20, 60, 130]) {
      const last = Math.min(57_499, first + shown);
      held = windowFor(first, last, 57_500, held) ?? held;
      assert.ok(held.start <= first && last < held.start + held.count, `${first}..${last} in ${JSON.stringify(held)}`);
      assert.equal(windowFor(first, last, 57_500, held), null);
      assert.ok(held.count <= 500);
    }
  }
});
