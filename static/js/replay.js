// <rv-replay data-episode="JSON">: an episode played back on the page's own elements, with a scrubber, speeds and keys.
// While the episode is open, its page follows the object instead.

import { html, nothing, render } from "lit";
import { hops, response } from "viz/episode.js";
import { link } from "viz/link.js";
import { calm, cluster, now } from "viz/page.js";
import { glyph } from "viz/parts.js";
import { begin, reduce, shown, SPEEDS } from "viz/player.js";
import { at, extent, hasResponse, length, moments, outcome, whole } from "viz/response.js";
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

/** `for 4.4 s` while it goes on, `in 36.6 s` or `after 21.0 s` once it has ended. */
function lasting(episode, until) {
  if (episode.closed === null) return `for ${took(until ?? length(episode, now()))}`;
  return `${outcome(episode) === "stalled" ? "after" : "in"} ${whole(episode)}`;
}

class Replay extends HTMLElement {
  #episode = null;
  #state = null;
  #frame = 0;
  #before = 0;

  connectedCallback() {
    this.#episode = JSON.parse(this.dataset.episode);
    this.#begin();
    document.addEventListener("keydown", this.#key);
    const open = document.querySelector("main[data-open]");
    if (open && cluster) this.#follow(open);
    else this.#show();
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#frame);
    document.removeEventListener("keydown", this.#key);
  }

  #begin() {
    const times = moments(this.#episode);
    const end = extent(this.#episode);
    this.#state = begin(end > times.at(-1) ? [...times, end] : times);
  }

  /** An open episode: the object's live view has it, until it closes. */
  #follow(main) {
    const subscription = link.subscribe({ op: "object", cluster, object: main.dataset.open }, ({ view }) => {
      const episode = view?.episode;
      if (episode?.key !== this.#episode.key) return;
      this.#episode = episode;
      this.#begin();
      if (episode.closed !== null) {
        subscription.close();
        main.removeAttribute("data-open");
        this.#show();
      }
      this.#picture(episode);
    });
  }

  #act(action) {
    if (document.querySelector("main[data-open]")) return;
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
    draw(document.querySelector("rv-outcome [data-mark]"), glyph(word));
    const said = document.querySelector("rv-outcome .word");
    if (said) Object.assign(said, { textContent: word, className: `word ${word}` });
    const span = document.querySelector("rv-outcome [data-took]");
    if (span) span.textContent = lasting(episode, until);
    draw(document.querySelector("rv-cause"), episode.cause ? html`<p class="cause-line ${word}"><bdi class="cause">${plain(episode.cause, 500)}</bdi></p>` : nothing);
    draw(document.querySelector("rv-hops"), hops(episode, until === null ? episode : this.#episode));
    document.getElementById("response").hidden = !hasResponse(this.#episode);
    draw(document.querySelector("rv-response"), response(episode, until === null ? {} : { whole: this.#episode, until }));
  }
}

customElements.define("rv-replay", Replay);
