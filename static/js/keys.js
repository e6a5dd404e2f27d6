// The board by keyboard: j and k walk the rows, so do Home, End and the pages; Enter opens, o unfolds, / finds, b goes back.

import { root } from "viz/page.js";

const board = () => document.querySelector("rv-board");
const walk = (how) => () => board()?.walk(how);

function unfold() {
  const id = document.activeElement?.dataset?.id;
  if (id && board()?.querySelector(`[data-fold="${CSS.escape(id)}"]`)) board().toggle(id);
}

// A row that is scrolled out of sight is no link any more, but the keyboard still stands on it.
function enter() {
  if (board()?.hiddenRow) location.assign(board().hiddenRow);
}

const ACTIONS = {
  j: walk("next"),
  k: walk("previous"),
  o: unfold,
  b: () => location.assign(root),
  "/": () => document.querySelector("#find input[name=q]")?.select(),
  "?": () => document.getElementById("help")?.showModal(),
};

// These scroll every other page, as they do everywhere.
const ON_BOARD = {
  Home: walk("first"),
  End: walk("last"),
  PageDown: walk("pagedown"),
  PageUp: walk("pageup"),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "Escape" && typing) {
    typing.blur();
    return;
  }
  if (typing || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter") {
    enter();
    return;
  }
  const act = ACTIONS[event.key] ?? (board() ? ON_BOARD[event.key] : undefined);
  if (!act) return;
  event.preventDefault();
  act();
});
