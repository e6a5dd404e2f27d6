// Words for pages: a stranger's text made inert and cut, and times as people read them.
// The server's twin is dashboard/web/wording.py; tests/web/test_twins.py holds them together.

const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]/gu;
const MARK = "\ufffd";

/** A stranger's text on one line, without characters that act, at most `limit` characters long. */
export function plain(value, limit = 300) {
  if (value === null || value === undefined) return "";
  const text = [...String(value).slice(0, limit * 4)].slice(0, limit * 2).join("");
  const seen = [...text.replace(/[\t\n\r]+/g, " ").replace(HIDDEN, MARK)];
  return seen.length <= limit ? seen.join("") : seen.slice(0, limit - 1).join("") + "…";
}

/** `plain`, cut in its middle: names and tags tell themselves apart by their ends. */
export function middle(value, limit = 48) {
  const text = [...plain(value, 2000)];
  if (text.length <= limit) return text.join("");
  const head = Math.floor(((limit - 1) * 3) / 5);
  return text.slice(0, head).join("") + "…" + text.slice(text.length - (limit - 1 - head)).join("");
}

const SHORT_KINDS = {
  CustomResourceDefinition: "CRD",
  HorizontalPodAutoscaler: "HPA",
  PersistentVolume: "PV",
  PersistentVolumeClaim: "PVC",
  PodDisruptionBudget: "PDB",
};

/** A kind's name as a column has room for it. */
export function kind(value) {
  const text = plain(value, 100);
  return Object.hasOwn(SHORT_KINDS, text) ? SHORT_KINDS[text] : middle(text, 24);
}

/** A count as people read it: `57,500`. */
export function count(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A span in its largest whole unit: `12 s`, `6 min`, `3 h`, `2 d`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.trunc(seconds));
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (whole >= size) return `${Math.floor(whole / size)} ${unit}`;
  }
  return `${whole} s`;
}

/** A measured step: `0.05 s`, `2.4 s`, `3 min 20 s`. */
export function took(seconds) {
  if (seconds < 1) return `${Math.max(0, seconds).toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.trunc(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A time as a date with its zone: `2026-11-24 06:30:12 UTC`; "" where it is no date. */
export function absolute(moment) {
  const date = new Date(moment * 1000);
  if (Number.isNaN(date.getTime())) return "";
  return date.toISOString().slice(0, 19).replace("T", " ") + " UTC";
}

/** The clock's part of `absolute`: `06:30:12`. */
export function clockTime(moment) {
  return absolute(moment).slice(11, 19);
}
