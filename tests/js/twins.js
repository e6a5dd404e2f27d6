// Reads {"draw": […], "plain": […], …} from stdin and answers with what the browser's functions make of each value:
// tests/web/test_twins.py compares it with the server's.
import { text } from "node:stream/consumers";
import { draw } from "../../static/js/shapes.js";
import { about, amount, shortPath } from "../../static/js/amounts.js";
import { blame, extent, facts, isOver, length, outcome, rows, spans, told, whole } from "../../static/js/response.js";
import { absolute, count, duration, kind, middle, plain, took } from "../../static/js/wording.js";

const FUNCTIONS = {
  count, draw, plain, middle, duration, took, absolute, kind,
  about, amount, blame, extent, facts, is_over: isOver, length, outcome, short_path: shortPath, spans, whole,
  told: (episode) => told(facts(episode)),
  rows: (episode) => rows(episode).map(({ after }) => after),
};
const given = JSON.parse(await text(process.stdin));
const answers = Object.fromEntries(
  Object.entries(given).map(([name, values]) => [name, values.map((value) => FUNCTIONS[name](value))]),
);
process.stdout.write(JSON.stringify(answers));
