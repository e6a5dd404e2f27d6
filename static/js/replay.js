// <rv-replay data-episode="JSON">: an episode played back on the page's own elements, with a scrubber, speeds and keys.
// What may still become of it is followed: while it is open the page shows it as it is now, and has no player.

import { html, nothing, render } from "lit";
import { hops, permalink, response, usually } from "viz/episode.js";
import { follow } from "viz/follow.js";
import { calm, cluster } from "viz/page.js";
import { glyph, since } from "viz/parts.js";
import { begin, reduce, resumed, shown, SPEEDS } from "viz/player.js";
import { at, extent, hasResponse, isOver, moments, outcome, whole } from "viz/response.js";
import { plain, took } from "viz/wording.js";

/** Draw into an element of the page, in place of what the server drew there. */
export function draw(place, content) {
  if (!place) return;
  if (!place.ours) {
    place.ours = true;
    place.replaceChildren();
  }
  render(content, place);
}

/** `for 4 s` while it goes on, or goes on in a replay; `in 36.6 s` or `after 21.0 s` once it has ended. */
function lasting(episode, until) {
  if (episode.closed === null) return until === null ? since(episode.opened, false, "for") : `for ${took(until)}`;
  return `${outcome(episode) === "stalled" ? "after" : "in"} ${whole(episode)}`;
}

class Replay extends HTMLElement {
  #episode = null;
  #usual = null;
  #state = null;
  #followed = false;
  #frame = 0;
  #before = 0;
  #told = document.createElement("p");

  connectedCallback() {
    this.#episode = JSON.parse(this.dataset.episode);
    this.#usual = JSON.parse(this.dataset.usual ?? "null");
    this.#state = this.#begun();
    document.addEventListener("keydown", this.#key);
    const main = this.closest("main");
    this.#followed = Boolean(main.dataset.follow && cluster);
    if (this.#followed) {
      this.#told.className = "visually-hidden";
      this.#told.setAttribute("role", "status");
      main.append(this.#told);
      follow(main.dataset.follow, this.#episode.key, (episode, usual) => this.#take(episode, usual));
    }
    this.#show();
  }

  /** Whether it goes on now: then it is shown as it is, and there is nothing to play. */
  get #running() {
    return this.#followed && this.#episode.closed === null;
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#frame);
    document.removeEventListener("keydown", this.#key);
  }

  #begun() {
    const times = moments(this.#episode);
    const end = extent(this.#episode);
    return begin(end > times.at(-1) ? [...times, end] : times);
  }

  /** What it is by now. Whoever is in the middle of a replay stays there. */
  #take(episode, usual) {
    const before = outcome(this.#episode);
    const was = this.#state;
    this.#episode = episode;
    this.#usual = usual ?? this.#usual;
    this.#state = resumed(was, this.#begun());
    this.#show();
    const word = outcome(episode);
    if (word === before) return;
    this.closest("main").classList.replace(before, word);
    document.title = document.title.replace(before, word);
    this.#told.textContent = episode.closed === null ? word : `${word} ${lasting(episode)}`;
  }

  #act(action) {
    if (this.#running) return;
    this.#state = reduce(this.#state, action);
    this.#show();
    if (this.#state.playing && !this.#frame) {
      this.#before = performance.now();
      this.#frame = requestAnimationFrame(this.#step);
    }
  }

  #step = (time) => {
    this.#frame = 0;
    const seconds = Math.max(0, time - this.#before) / 1000;
    this.#before = time;
    this.#act({ do: "tick", seconds });
    if (this.#state.playing && !this.#frame) this.#frame = requestAnimationFrame(this.#step);
  };

  #key = (event) => {
    const typing = event.target.closest?.("input:not([type=range]), select, textarea, [role=slider]");
    if (event.key === " " && event.target.closest?.("button, summary")) return; // theirs
    if (typing || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
    const actions = {
      " ": { do: "toggle" }, ArrowLeft: { do: "step", by: -1 }, ArrowRight: { do: "step", by: 1 },
      Home: { do: "seek", at: 0 }, End: { do: "seek", at: this.#state.span }, "<": { do: "faster", by: -1 }, ">": { do: "faster", by: 1 },
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    this.#act(actions[event.key]);
  };

  #show() {
    if (this.#running) {
      render(html`<p class="player coming">Followed as it goes on. Once it has ended, it can be played back here.</p>`, this);
      this.#picture(this.#episode);
      return;
    }
    const { span, playing, speed } = this.#state;
    const time = shown(this.#state, calm.matches);
    render(html`<div class="player" role="group" aria-label="Replay">
<button class="button play" aria-label=${playing ? "Pause" : "Play"} @click=${() => this.#act({ do: "toggle" })}><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d=${playing ? "M1 1h4v10H1zM7 1h4v10H7z" : "M2 .5 11 6 2 11.5z"}></path></svg></button>
<span class="track"><input type="range" min="0" max=${span || 1} step="any" .value=${String(time)} aria-label="Time in the episode" aria-valuetext=${`${took(time)} of ${took(span)}`} @input=${(event) => this.#act({ do: "seek", at: Number(event.target.value) })}><svg class="turns" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">${this.#episode.hops.map((hop) => this.#turn(hop))}</svg></span>
<output class="mono">${took(time)} <span class="quiet">of ${took(span)}</span></output>
<label class="speed"><span class="quiet">speed</span> <select @change=${(event) => this.#act({ do: "speed", speed: Number(event.target.value) })}>${SPEEDS.map((each) => html`<option value=${each} .selected=${each === speed}>${each}×</option>`)}</select></label>
<span class="keys quiet" aria-hidden="true"><kbd>space</kbd> <kbd>←</kbd><kbd>→</kbd> <kbd>&lt;</kbd><kbd>&gt;</kbd></span></div>`, this);
    this.#picture(at(this.#episode, time >= span ? Infinity : time), time);
  }

  #turn(hop) {
    const x = Math.min(998, Math.max(0, ((hop.at - this.#episode.opened) / (this.#state.span || 1)) * 1000));
    const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of [["x", x], ["y", 0], ["width", 2], ["height", 6]]) box.setAttribute(name, value);
    return box;
  }

  /** The page's elements, as it was then. `until` is null for an open episode, which goes on. */
  #picture(episode, until = null) {
    const word = outcome(episode);
    const title = (part) => document.querySelector(`rv-outcome ${part}`);
    draw(title("[data-mark]"), glyph(word));
    const said = title(".word");
    if (said) Object.assign(said, { textContent: word, className: `word ${word}` });
    draw(title("[data-took]"), lasting(episode, until));
    draw(title("[data-usual]"), usually(this.#usual));
    draw(title("[data-reason]"), episode.reason ? ` · ${plain(episode.reason, 80)}` : nothing);
    draw(title("[data-following]"), this.#followed && !this.#running && !isOver(this.#episode) ? " · followed: it may still recover" : nothing);
    draw(document.querySelector("rv-cause"), episode.cause ? html`<p class="cause-line ${word}"><bdi class="cause">${plain(episode.cause, 500)}</bdi></p>` : nothing);
    draw(document.querySelector("rv-recovered"), episode.recovered === null ? nothing : html`<p class="notice good">It stalled, and converged ${took(episode.recovered - episode.opened)} after it opened, without being declared anew.</p>`);
    draw(document.querySelector(".acts .around"), around(this.#episode));
    draw(document.querySelector("rv-hops"), hops(episode, until === null ? episode : this.#episode, this.#usual));
    document.getElementById("response").hidden = !hasResponse(this.#episode);
    draw(document.querySelector("rv-response"), response(episode, until === null ? {} : { whole: this.#episode, until }));
  }
}

/** Links to the episode that it replaced, and to the one that replaced it. */
function around({ object, supersedes, superseded_by: next }) {
  const to = (key, words) => (key && key !== "-" ? html`<a class="button" href=${permalink({ key, object })}>${words}</a>` : nothing);
  return html`${to(supersedes, "← replaced the one before")}${to(next, "replaced by the next →")}`;
}

customElements.define("rv-replay", Replay);
