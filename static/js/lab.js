// The sandbox page: what its scenarios and loops say is asked for every other second while the page is looked at.
import { plain } from "viz/wording.js";

const EVERY = 2000;

/** What a scenario's row says of its run. Pure. */
export function runWords(run) {
  return run.state === "running" ? `running ${run.step} of ${run.steps}` : run.state;
}

/** What a loop's row says of its state. Pure. */
export function stateWords(loop) {
  return loop.state === "slow" ? `slow, ${loop.delay} s before each sync` : loop.state;
}

class Lab extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.look(), EVERY);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  async look() {
    if (document.hidden || this.asking) return;
    this.asking = true;
    try {
      const answer = await fetch(this.getAttribute("src"), { headers: { Accept: "application/json" } });
      if (answer.ok) this.show(await answer.json());
    } catch {
      // The header says that the connection is lost; the next look may find it again.
    } finally {
      this.asking = false;
    }
  }

  show({ scenarios, loops }) {
    for (const each of scenarios) {
      const idle = !each.run.state || each.run.state === "cleared";
      const row = this.querySelector(`[data-scenario="${CSS.escape(each.name)}"]`);
      put(row, "state", runWords(each.run));
      put(row, "notes", each.run.notes.at(-1) ?? "");
      hide(row, "look", idle);
      hide(row, "clear", idle);
    }
    for (const each of loops) {
      const row = this.querySelector(`[data-loop="${CSS.escape(each.name)}"]`);
      if (!row) continue;
      row.className = each.state;
      put(row, "state", stateWords(each));
      put(row, "syncs", `${each.syncs} syncs`);
      put(row, "held", each.held ? ` · ${each.held} held` : "");
      put(row, "last", each.last.length ? each.last[0].object : "");
      hide(row, "pause", each.state === "paused");
      hide(row, "step", each.state === "running");
      hide(row, "resume", each.state === "running" && !each.rules.length);
    }
  }
}

function field(row, name) {
  return row?.querySelector(`[data-field="${name}"]`);
}

function put(row, name, text) {
  const node = field(row, name);
  const words = plain(text);
  if (node && node.textContent !== words) node.textContent = words;
}

function hide(row, name, hidden) {
  const node = field(row, name);
  if (node) node.hidden = hidden;
}

customElements.define("rv-lab", Lab);
