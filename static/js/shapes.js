// Geometry of the gap bar. Numbers in, rectangles out.
// The server's twin is dashboard/web/shapes.py; tests/web/test_twins.py holds them together.

export const WIDTH = 124;
export const HEIGHT = 14;
const SLOTS = 20;
const NOTCH = 4;
const PARTS = ["ready", "failing", "starting", "ending"];

const positive = (value) => (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0);

/** A count without a needless fraction. */
export function number(value) {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}

/** The drawing of a Bar as it comes in a frame; null where there is none. */
export function draw(bar) {
  if (bar === null || typeof bar !== "object") return null;
  const want = positive(bar.want);
  const amounts = Object.fromEntries(PARTS.map((name) => [name, positive(bar[name])]));
  const unit = String(bar.unit ?? "").slice(0, 12);
  const total = Math.max(want, PARTS.reduce((sum, name) => sum + amounts[name], 0));
  const words = say(want, amounts, unit);
  const countable = !unit && [want, ...Object.values(amounts)].every(Number.isInteger);
  return countable && total <= SLOTS ? slots(want, amounts, words) : track(want, amounts, total, words);
}

function say(want, amounts, unit) {
  const present = unit
    ? [`${number(amounts.ready)}${unit}`]
    : PARTS.filter((name) => amounts[name] || name === "ready").map((name) => `${number(amounts[name])} ${name}`);
  return `${present.join(", ")} of ${number(want)}${unit}`;
}

function slots(want, amounts, words) {
  const names = PARTS.flatMap((name) => Array(amounts[name]).fill(name));
  while (names.length < want) names.push("missing");
  const pitch = Math.min(10, Math.floor((WIDTH - NOTCH) / Math.max(1, names.length)));
  const parts = names.map((name, index) => {
    const beyond = index >= want;
    return {
      name: beyond && name === "ready" ? "surplus" : name,
      x: index * pitch + (beyond ? NOTCH : 0),
      width: pitch - 2,
    };
  });
  return { slots: true, parts, notch: want * pitch, words };
}

function track(want, amounts, total, words) {
  const scale = total ? (WIDTH - NOTCH) / total : 0;
  const x = (value) => Math.floor(value * scale + 0.5);
  const notch = x(want);
  const parts = [{ name: "track", x: 0, width: WIDTH - NOTCH }];
  let at = 0;
  for (const name of PARTS) {
    let begin = x(at);
    at += amounts[name];
    let end = x(at);
    if (end <= begin && amounts[name]) end = begin + 1; // what is there is seen, however little it is
    if (begin < notch && notch < end) {
      parts.push({ name, x: begin, width: notch - begin });
      begin = notch;
    }
    if (end > begin) {
      const beyond = begin >= notch;
      parts.push({
        name: beyond && name === "ready" ? "surplus" : name,
        x: begin + (beyond ? NOTCH : 0),
        width: end - begin,
      });
    }
  }
  return { slots: false, parts, notch, words };
}
