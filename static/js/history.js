// The history page kept current: <main class="history" data-live>. Every few seconds the server is asked for the part of
// the page that changes, with the tag of what is here: mostly the answer is that nothing did. Lines that are here are
// brought up to date where they stand. New ones come in by themselves only where nobody is reading, pointing or typing:
// else a button at the top says how many there are.

import { Asker, taken } from "viz/ask.js";
import { compare, offered, pause } from "viz/historylist.js";
import { now } from "viz/page.js";
import { clockTime } from "viz/wording.js";

const MOST = 60; // lines of a page
const QUIET = 30_000; // ms between two sentences to a screen reader
const LIST = ".list";
const ASIDE = [".p-workloads", ".p-edits"];
const pointed = matchMedia("(hover: hover)");

const linesOf = (place) => [...place.querySelectorAll(".lines > li")];
const listed = (lines) => lines.map((each) => ({ key: each.dataset.key, opened: Number(each.dataset.opened) }));

/** The same but for ages, which tick. */
function same(one, other) {
  const [first, second] = [one, other].map((each) => {
    const copy = each.cloneNode(true);
    for (const time of copy.querySelectorAll("time")) time.replaceChildren();
    return copy;
  });
  return first.isEqualNode(second);
}

function replace(place, other) {
  if (!same(place, other)) place.replaceChildren(...taken(other.childNodes));
}

/** Whether somebody points at it, has the keyboard in it, or has marked some of its text. */
function busy(place) {
  const marked = getSelection();
  const reads = marked.type === "Range" && place.contains(marked.anchorNode);
  return reads || place.contains(document.activeElement) || (pointed.matches && place.matches(":hover"));
}

class History {
  #main;
  #section;
  #own;
  #first = null; // of an older page: the first one, which tells what has come since
  #loaded = now();
  #heard = now(); // when the server last answered
  #waiting = new Map(); // selector → what the server has there, and could not be put in yet
  #failures = 0;
  #timer = 0;
  #asking = false;

  constructor(main) {
    this.#main = main;
    this.#section = main.querySelector(".p-episodes");
    const address = new URL(location.href);
    address.searchParams.set("part", "1");
    this.#own = new Asker(address.href, LIST);
    if (address.searchParams.has("before")) {
      address.searchParams.delete("before");
      this.#first = new Asker(address.href, LIST);
    }
    this.news = new News(main, this.#section, this.#first !== null, (byKeyboard) => this.#accept(byKeyboard));
    this.#listen();
    this.#later();
  }

  #listen() {
    const again = () => requestAnimationFrame(() => this.#retry());
    for (const place of [this.#section, ...ASIDE.map((name) => this.#main.querySelector(name))]) {
      place.addEventListener("pointerleave", again);
      place.addEventListener("focusout", again);
    }
    addEventListener("scroll", again, { passive: true });
    addEventListener("pageshow", ({ persisted }) => persisted && this.#look());
    document.addEventListener("visibilitychange", () => document.hidden || this.#look());
  }

  // Asking

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), pause(this.#failures, Math.random()));
  }

  async #look() {
    if (this.#asking || document.hidden) return; // who comes back is told at once
    this.#asking = true;
    try {
      const [own, first] = await Promise.all([this.#own.ask(), this.#first?.ask()]);
      this.#failures = 0;
      this.#heard = now();
      if (own) this.#take(own);
      if (first) this.#count(first);
    } catch {
      this.#failures += 1;
    }
    this.news.age(this.#failures > 1 ? this.#heard : null);
    this.#asking = false;
    this.#later();
  }

  // What has come

  #take(page) {
    replace(this.#main.querySelector(".told"), page.querySelector(".told"));
    if (page.querySelector("[data-problem]")) return; // what is here stays: it was so, and a notice says why there is no more
    const found = new Map(linesOf(page).map((each) => [each.dataset.key, each]));
    for (const line of linesOf(this.#section)) this.#bring(line, found.get(line.dataset.key));
    for (const name of [...ASIDE, LIST]) this.#waiting.set(name, page.querySelector(name));
    this.#retry();
  }

  /** A line to what it says now: its link stays the same, and with it pointer and focus. */
  #bring(line, other) {
    if (!other) return;
    line.dataset.opened = other.dataset.opened;
    const [link, newer] = [line.firstElementChild, other.firstElementChild];
    if (same(link, newer)) return;
    link.className = newer.className;
    link.replaceChildren(...taken(newer.childNodes));
  }

  /** Put in what waits, wherever nobody is in the way. */
  #retry() {
    for (const [name, other] of this.#waiting) {
      const place = this.#main.querySelector(name);
      const put = name === LIST ? this.#list(place, other) : !busy(place);
      if (put && name !== LIST) replace(place, other);
      if (put) this.#waiting.delete(name);
    }
  }

  #list(place, other) {
    const change = this.#changes(other);
    const words = offered(change, MOST);
    if (words && this.#first) return true; // an older page: nothing comes in, and what fits no more is only shown so
    if (words && (busy(this.#section) || !this.#atTop())) { // the button's own pointer and focus count too
      this.news.offer(words, change.fresh.length);
      return false;
    }
    this.#settle(place, other, change.fresh);
    return true;
  }

  #changes(other) {
    const lines = linesOf(this.#section);
    const change = compare(listed(lines), listed(linesOf(other)), Boolean(other.querySelector("[rel=next]")));
    for (const line of lines) line.classList.toggle("left", change.left.includes(line.dataset.key));
    return change;
  }

  /** Whether the beginning of the list is seen: what comes in there moves nothing that somebody has scrolled to. */
  #atTop() {
    return this.#section.getBoundingClientRect().top >= -8;
  }

  /** The list as the server has it: lines that stay are the same elements. */
  #settle(place, other, fresh) {
    this.news.withdraw();
    const list = place.querySelector(".lines");
    if (!list || !other.querySelector(".lines")) {
      replace(place, other);
    } else {
      const lines = new Map(linesOf(place).map((each) => [each.dataset.key, each]));
      const wanted = linesOf(other).map((each) => lines.get(each.dataset.key) ?? taken([each])[0]);
      for (const line of lines.values()) if (!wanted.includes(line)) line.remove();
      wanted.forEach((line, at) => list.children[at] !== line && list.insertBefore(line, list.children[at] ?? null));
      replace(place.querySelector(".pager"), other.querySelector(".pager"));
    }
    for (const line of linesOf(place)) line.classList.toggle("arrived", fresh.includes(line.dataset.key));
    if (fresh.length) this.news.say(fresh.length);
  }

  /** The button was pressed: everything, from the beginning. By keyboard, the first line is where one goes on. */
  #accept(byKeyboard) {
    const other = this.#waiting.get(LIST);
    if (!other) return;
    this.#waiting.delete(LIST);
    this.#settle(this.#main.querySelector(LIST), other, this.#changes(other).fresh);
    if (!this.#atTop()) this.#section.scrollIntoView();
    if (byKeyboard) this.#section.querySelector(".line-row")?.focus();
  }

  /** An older page: how many have opened since it was, as far as the first page tells. */
  #count(page) {
    const fresh = listed(linesOf(page)).filter(({ opened }) => opened > this.#loaded);
    if (fresh.length) this.news.offer(offered({ fresh, left: [] }, MOST), fresh.length);
  }
}

/** What is said of what has come and is not put in: a button at the top, a word to screen readers, an age. */
class News {
  #place = document.createElement("p");
  #told = document.createElement("p");
  #stale = document.createElement("span");
  #button;
  #said = 0;
  #unsaid = 0;
  #timer = 0;

  /** On an older page the button is a link to the first one. */
  constructor(main, section, older, accept) {
    this.#button = document.createElement(older ? "a" : "button");
    this.#button.className = "button";
    if (older) this.#button.href = main.querySelector(".pager a").href;
    else this.#button.addEventListener("click", ({ detail }) => accept(detail === 0));
    this.#place.append(this.#button);
    Object.assign(this.#place, { className: "news", hidden: true });
    this.#told.className = "visually-hidden";
    this.#told.setAttribute("role", "status");
    this.#stale.className = "as-of";
    const heading = section.querySelector("h2");
    heading.append(this.#stale);
    heading.after(this.#place);
    main.append(this.#told);
  }

  offer(words, count) {
    if (this.#place.hidden && count) this.say(count);
    if (this.#button.textContent !== words) this.#button.textContent = words;
    this.#place.hidden = false;
  }

  withdraw() {
    this.#place.hidden = true;
  }

  /** Since when nothing was heard; null where the page is current. */
  age(heard) {
    const words = heard === null ? "" : `as of ${clockTime(heard)} UTC, no answer since`;
    if (this.#stale.textContent !== words) this.#stale.textContent = words;
  }

  /** To screen readers, at most twice a minute. */
  say(count) {
    this.#unsaid += count;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#told.textContent = `${this.#unsaid} new episode${this.#unsaid === 1 ? "" : "s"}`;
      [this.#said, this.#unsaid] = [Date.now(), 0];
    }, Math.max(0, this.#said + QUIET - Date.now()));
  }
}

const main = document.querySelector("main.history[data-live]");
if (main) new History(main);
