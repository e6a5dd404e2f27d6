// The edit panel and the buttons: forms that work by themselves, sent here without leaving the page.
// A field that nobody has touched follows the cluster; one that somebody types in is left alone, and so is the value
// that it was shown with: the cluster refuses an edit of what has changed meanwhile.

import { html, nothing, render } from "lit";
import { since } from "viz/parts.js";
import { value } from "viz/object.js";
import { middle, plain } from "viz/wording.js";

const main = document.querySelector("main[data-object]");
const form = document.getElementById("change");
const acts = document.getElementById("acts");

async function send(target, submitter) {
  const body = new URLSearchParams(new FormData(target, submitter));
  const buttons = target.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    const answer = await fetch(target.action, { method: "POST", body, headers: { Accept: "application/json" } });
    return await answer.json();
  } catch {
    return { ok: false, message: "No answer from ReconcilerViz: whether anything changed is not known.", errors: [], diff: [] };
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

function tell(outcome) {
  const place = document.getElementById("outcome") ?? acts;
  const fields = new Map((outcome.errors ?? []).map((problem) => [problem.field, problem.message]));
  for (const span of form?.querySelectorAll("[data-problem]") ?? []) {
    const message = fields.get(span.dataset.problem) ?? "";
    span.textContent = plain(message, 400);
    const input = form.elements[span.dataset.problem];
    if (message) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    fields.delete(span.dataset.problem);
  }
  render(html`<div class="notice ${outcome.ok ? "good" : "error"} outcome"><p>${plain(outcome.message, 500)}</p>${[...fields.values()].map((message) => html`<p>${plain(message, 400)}</p>`)}${outcome.diff?.length ? html`<ol class="diff">${outcome.diff.map((line) => html`<li><bdi class="path">${plain(line.path, 200)}</bdi><span class="values"><bdi class="before">${value(line.before)}</bdi> → <bdi class="after">${value(line.after)}</bdi></span></li>`)}</ol>` : nothing}</div>`, place === acts ? note() : place);
}

/** Where the outcome of a button goes on a page without an edit panel. */
function note() {
  let place = document.getElementById("note");
  if (!place) {
    place = Object.assign(document.createElement("div"), { id: "note" });
    main.querySelector(".title").after(place);
  }
  return place;
}

const dirty = (input) => input.value !== form.elements[`shown.${input.name}`].value;
const fields = () => [...form.querySelectorAll("input")].filter((input) => form.elements[`shown.${input.name}`]);

function step(by) {
  const input = form.elements.replicas;
  const count = Number.parseInt(input.value, 10);
  input.value = String(Math.max(0, (Number.isNaN(count) ? 0 : count) + by));
}

if (form) {
  form.addEventListener("click", (event) => {
    const by = event.target.closest("[data-step]")?.dataset.step;
    if (by) step(Number(by));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // Enter in a field previews: it presses the form's first button.
    const applied = event.submitter?.value === "apply";
    const outcome = await send(form, event.submitter);
    tell(outcome);
    if (outcome.ok && applied) for (const input of fields()) form.elements[`shown.${input.name}`].value = input.value;
    const conflict = !outcome.ok && outcome.message.startsWith("It has changed");
    if (conflict) for (const { field, value: fresh } of outcome.errors) if (form.elements[`shown.${field}`]) form.elements[`shown.${field}`].value = fresh;
  });
}

if (acts) {
  acts.addEventListener("submit", async (event) => {
    event.preventDefault();
    const outcome = await send(event.target, event.submitter);
    event.target.closest("details")?.removeAttribute("open");
    tell(outcome);
  });
  document.addEventListener("click", (event) => {
    for (const open of acts.querySelectorAll("details[open]")) if (!open.contains(event.target)) open.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const open of acts.querySelectorAll("details[open]")) open.open = false;
  });
}

main?.addEventListener("view", ({ detail: view }) => {
  const edit = view?.edit ?? null;
  for (const set of main.querySelectorAll("fieldset")) set.disabled = edit === null;
  for (const each of acts?.querySelectorAll("[data-act]") ?? []) {
    const may = edit !== null && edit.can.includes(each.dataset.act);
    each.hidden = !may || (each.dataset.act === "rollback" && edit.revisions.length < 2);
  }
  if (!edit) return;
  if (form) follow(edit);
  offer(edit.revisions);
});

function follow(edit) {
  const current = new Map(edit.containers.map(({ name, image }) => [`image.${name}`, image]));
  if (edit.replicas !== null) current.set("replicas", String(edit.replicas));
  for (const input of fields()) {
    const fresh = current.get(input.name);
    if (fresh === undefined || dirty(input) || document.activeElement === input) continue;
    input.value = fresh;
    form.elements[`shown.${input.name}`].value = fresh;
  }
  const list = document.getElementById("undoers");
  list.hidden = !edit.undoers.length;
  list.replaceChildren(...edit.undoers.map((sentence) => Object.assign(document.createElement("li"), { textContent: plain(sentence) })));
}

function offer(revisions) {
  const place = document.getElementById("revisions");
  if (!place) return;
  const mark = JSON.stringify(revisions);
  if (place.mark === mark || place.contains(document.activeElement)) return;
  if (place.mark === undefined) place.replaceChildren();
  place.mark = mark;
  render(revisions.map((each) => html`<label><input type="radio" name="revision" value=${each.revision} ?disabled=${each.current} required><span>${each.revision}</span><span class="mono">${middle(each.images.join(", "), 60)}</span><span class="quiet">${each.current ? "current" : since(each.created)}</span></label>`), place);
}
