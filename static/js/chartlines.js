// What uPlot draws of a response: its data, its options, and the marks that it does not know. Apart from the element
// that holds it, so that it can be read alone.

import { amount } from "viz/amounts.js";
import { SERIES } from "viz/response.js";
import { plain } from "viz/wording.js";

/** Around 14, 5 of a swatch of 28 by 10: one marker for each series. */
export const MARKERS = {
  setpoint: "M13 1h2v8h-2z",
  updated: "M14 1l4 4-4 4-4-4z",
  ready: "M10.5 5a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
  available: "M11 2h6v6h-6z",
  terminating: "M11 2l6 6M17 2l-6 6",
};
const DASHES = { setpoint: [6, 4], updated: [2, 3], ready: [], available: [10, 4], terminating: [5, 3, 1, 3] };
const WIDTHS = { setpoint: 1.5, updated: 2, ready: 2.5, available: 1.75, terminating: 1.75 };
const COLOURS = { setpoint: "--ink", updated: "--converging", ready: "--converged", available: "--suspended", terminating: "--terminating" };
/** Pixels by which a series is drawn beside its value, so that equal ones are seen side by side. */
const BESIDE = { setpoint: 0, updated: -2, ready: 0, available: 2, terminating: 0 };
/** Changes of a series from which on their markers would only blot it. */
const MANY = 60;

/** Whether a series has any value. */
export const pick = (episode, name) => episode.samples.some((each) => each[name] !== null && each[name] !== undefined);

/** Times and one list a series, as uPlot takes them; the last values hold until `end`. */
export function lines(episode, end) {
  const samples = episode.samples.filter((each) => each.at - episode.opened <= end + 1e-6);
  const times = samples.map((each) => Math.max(0, each.at - episode.opened));
  const data = SERIES.map((name) => samples.map((each) => each[name] ?? null));
  if (samples.length && end > times.at(-1)) {
    times.push(end);
    for (const each of data) each.push(each.at(-1));
  }
  return [times, ...data];
}

/** uPlot's options. `Plot` is uPlot; `chart` has `span`, `top` and `culprit`, which change with the data; `hover` is told the index. */
export function options(Plot, width, height, chart, hover) {
  const stepped = Plot.paths.stepped({ align: 1 });
  const style = getComputedStyle(chart);
  const token = (name) => style.getPropertyValue(name).trim();
  const font = `11px ${token("--mono")}`;
  const axis = { stroke: token("--ink-3"), font, grid: { stroke: token("--line"), width: 1 }, ticks: { show: false } };
  return {
    width, height, legend: { show: false }, padding: [10, 24, 0, 0], pxAlign: 1,
    cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { show: false }, focus: { prox: -1 } },
    scales: { x: { time: false, range: () => [0, chart.span] }, y: { range: () => [0, chart.top * 1.08] } },
    axes: [
      { ...axis, size: 26, space: 72, values: (_, ticks) => ticks.map((each) => `${Number(each.toPrecision(6))} s`) },
      { ...axis, size: 36, space: 28, incrs: () => steps(chart.whole), values: (_, ticks) => ticks.map(amount) },
    ],
    series: [{}, ...SERIES.map((name) => series(name, token, stepped))],
    hooks: {
      drawClear: [(plot) => shade(plot, chart, token)],
      draw: [(plot) => SERIES.forEach((name, place) => markers(plot, name, place + 1, token))],
      setCursor: [(plot) => hover(plot.cursor.left < 0 ? null : (plot.cursor.idx ?? null))],
    },
  };
}

/** What ticks of an axis may lie apart: whole numbers where only whole ones are counted. */
function steps(whole) {
  const powers = Array.from({ length: whole ? 16 : 32 }, (_, place) => place - (whole ? 0 : 16));
  return powers.flatMap((power) => [1, 2, 5].map((each) => each * 10 ** power));
}

function series(name, token, stepped) {
  return {
    label: name, stroke: token(COLOURS[name]), width: WIDTHS[name], dash: DASHES[name], points: { show: false },
    paths: (plot, index, from, to) => beside(stepped(plot, index, from, to), BESIDE[name]),
  };
}

function beside(drawn, by) {
  if (!drawn || !by) return drawn;
  const stroke = new Path2D();
  stroke.addPath(drawn.stroke, new DOMMatrix().translate(0, by * devicePixelRatio));
  return { ...drawn, stroke, clip: null };
}

/** The time that the culprit took, behind everything. */
function shade(plot, { culprit }, token) {
  if (!culprit) return;
  const { ctx, bbox } = plot;
  const left = Math.max(bbox.left, plot.valToPos(culprit.begin, "x", true));
  const right = Math.min(bbox.left + bbox.width, plot.valToPos(culprit.end, "x", true));
  if (right <= left) return;
  ctx.save();
  ctx.fillStyle = token("--sunk");
  ctx.fillRect(left, bbox.top, right - left, bbox.height);
  ctx.fillStyle = token("--line-strong");
  ctx.fillRect(left, bbox.top, right - left, 2 * devicePixelRatio);
  ctx.font = `${11 * devicePixelRatio}px ${token("--sans")}`;
  ctx.fillStyle = token("--ink-2");
  ctx.textAlign = "left"; // the axes leave theirs behind
  const words = plain(culprit.name, 24);
  if (ctx.measureText(words).width + 16 * devicePixelRatio < right - left) ctx.fillText(words, left + 8 * devicePixelRatio, bbox.top + bbox.height / 2);
  ctx.restore();
}

function markers(plot, name, index, token) {
  const values = plot.data[index];
  const turns = values.map((_, place) => place).filter((place) => values[place] !== null && (place === 0 || values[place] !== values[place - 1]));
  const shown = turns.length > MANY || name === "setpoint" ? turns.slice(-1) : turns;
  const { ctx } = plot;
  const shape = new Path2D(MARKERS[name]);
  ctx.save();
  ctx.fillStyle = ctx.strokeStyle = token(COLOURS[name]);
  ctx.lineWidth = 1.5;
  for (const place of name === "setpoint" ? [] : shown) {
    const marker = new Path2D();
    const x = plot.valToPos(plot.data[0][place], "x", true);
    const y = plot.valToPos(values[place], "y", true) + BESIDE[name] * devicePixelRatio;
    marker.addPath(shape, new DOMMatrix().translate(x, y).scale(devicePixelRatio * 0.8).translate(-14, -5));
    if (name === "terminating") ctx.stroke(marker);
    else ctx.fill(marker);
  }
  ctx.restore();
}
