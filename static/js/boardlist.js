// A list of any length, by arithmetic: where a row stands, which row stands there, which rows to ask for.

/** Rows of one live window, where not more are in sight; windows begin at multiples of STEP, so that viewers share them. */
export const WINDOW = 200;
export const STEP = 50;
const LARGEST = 500; // what the server gives at most
const MARGIN = 25;

/**
 * The geometry of `length` rows: the first `tall` of them are `heights.tall` px high, the others `heights.flat`.
 * `extras` are [index, px] of what is unfolded under a row, in order of index.
 */
export class Sizes {
  constructor(length, tall, heights, extras = []) {
    this.length = length;
    this.tall = tall;
    this.heights = heights;
    this.extras = extras.filter(([index]) => index < length);
  }

  #bare(index) {
    return Math.min(index, this.tall) * this.heights.tall + Math.max(0, index - this.tall) * this.heights.flat;
  }

  /** How far from the top of the list a row begins; `length` gives its whole height. */
  top(index) {
    return this.extras.reduce((sum, [at, px]) => (at < index ? sum + px : sum), this.#bare(index));
  }

  get height() {
    return this.top(this.length);
  }

  /** The height of a row without what is unfolded under it. */
  row(index) {
    return index < this.tall ? this.heights.tall : this.heights.flat;
  }

  /** The row that stands at `y`; the nearest one where none does; 0 for an empty list. */
  at(y) {
    let above = 0;
    for (const [index, px] of this.extras) {
      const bottom = this.#bare(index + 1) + above;
      if (y < bottom) break;
      if (y < bottom + px) return index;
      above += px;
    }
    const bare = Math.max(0, y - above);
    const edge = this.#bare(this.tall);
    const found = bare < edge ? Math.floor(bare / this.heights.tall) : this.tall + Math.floor((bare - edge) / this.heights.flat);
    return Math.max(0, Math.min(this.length - 1, found));
  }
}

/**
 * The window {start, count} to ask for so that rows `first` to `last` of `length` are known with some to spare; null
 * while `held` does.
 */
export function windowFor(first, last, length, held) {
  const end = held.start + held.count;
  const enough = (held.start === 0 || first >= held.start + MARGIN) && (end >= length || last < end - MARGIN);
  if (enough && first >= held.start && last < end) return null;
  const shown = last - first + 1;
  const count = Math.min(LARGEST, Math.max(WINDOW, Math.ceil((shown * 3) / STEP) * STEP));
  const start = Math.max(0, Math.round((first - (count - shown) / 2) / STEP) * STEP);
  return start === held.start && count === held.count ? null : { start, count };
}
