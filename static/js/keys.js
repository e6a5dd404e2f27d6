// The board by keyboard: j and k walk the rows, Enter opens (it is a link), o unfolds, / finds, ? helps, b goes back.

import { root } from "viz/page.js";

const rows = () => [...document.querySelectorAll("a.row")].filter((row) => row.offsetParent !== null);

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
}

function unfold() {
  const id = document.activeElement?.dataset?.id;
  const board = document.querySelector("rv-board");
  if (id && board?.querySelector(`[data-fold="${CSS.escape(id)}"]`)) board.toggle(id);
}

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  o: unfold,
  b: () => location.assign(root),
  "/": () => document.querySelector("#find input[name=q]")?.select(),
  "?": () => document.getElementById("help")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "Escape" && typing) {
    typing.blur();
    return;
  }
  if (typing || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
  const act = ACTIONS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
