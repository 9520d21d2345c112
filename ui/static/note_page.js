// The page of the briefing note. The server turns the note into cards, each quotation looked up;
// what the author does with them is kept in this browser.
import { change, number, read, word, write } from "./note_store.js";

const root = document.querySelector("#sanad-note");
const find = (selector, from = root) => from.querySelector(selector);
const list = find(".note-cards"), status = find(".note-status");
const cards = () => [...list.children];

function say(words, ...more) {
  status.replaceChildren(words, ...more.flatMap((each) => [" ", each]));
}

// What is there

function arrange() {
  const some = read().items.length > 0;
  find(".note-empty").hidden = some;
  for (const part of [".note-body", ".note-exports", ".note-clear"]) find(part).hidden = !some;
  for (const [i, card] of cards().entries()) {
    find('[data-do="up"]', card).disabled = i === 0;
    find('[data-do="down"]', card).disabled = i === cards().length - 1;
  }
}

async function show() {
  const note = read();
  for (const name of ["title", "introduction"]) find(`[name="${name}"]`).value = note[name];
  arrange();
  if (!note.items.length) return list.replaceChildren();
  say(word("note.loading"));
  const came = await send("cards", note);
  if (!came.ok) return say(came.message || word("note.not_shown"));
  const made = document.createElement("template");
  made.innerHTML = (await came.body.json()).html; // escaped by our server, as every page is
  list.replaceChildren(made.content);
  say("");
  arrange();
}

async function send(where, note) {
  const body = JSON.stringify(note);
  if (new Blob([body]).size > Number(root.dataset.most)) return { ok: false, message: word("note.too_large") };
  try {
    const answer = await fetch(`./note/${where}`, {
      method: "POST", credentials: "omit", referrerPolicy: "no-referrer",
      headers: { "content-type": "application/json" }, body,
    });
    if (answer.ok) return { ok: true, body: answer };
    const told = await answer.json().catch(() => ({}));
    return { ok: false, message: told.message ?? told.error ?? "" };
  } catch {
    return { ok: false, message: "" };
  }
}

// What the author writes and leaves out

root.addEventListener("input", (event) => {
  const { name, value } = event.target;
  const id = event.target.closest(".note-card")?.dataset.id;
  if (name === "comment") change((note) => { item(note, id).comment = value; });
  else if (name) change((note) => { note[name] = value; });
});

root.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches("[data-i]")) return;
  const i = Number(box.dataset.i);
  change((note) => {
    const one = item(note, box.closest(".note-card").dataset.id);
    one.out = (one.out ?? []).filter((each) => each !== i);
    if (!box.checked) one.out.push(i);
  });
  box.closest(".note-sentence").classList.toggle("note-out", !box.checked);
});

const item = (note, id) => note.items.find((each) => each.id === id) ?? {};

// Where they stand

root.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { do: act, export: form } = button.dataset;
  if (form) return save(form);
  if (button.matches(".note-clear")) return clear();
  const card = button.closest(".note-card");
  if (act === "remove") remove(card);
  else if (act) move(card, act, button);
});

function move(card, way, button) {
  const other = way === "up" ? card.previousElementSibling : card.nextElementSibling;
  if (!other) return;
  if (way === "up") other.before(card);
  else other.after(card);
  const order = cards().map((each) => each.dataset.id);
  change((note) => note.items.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id)));
  arrange();
  (button.disabled ? find("[data-do]:enabled", card) : button).focus(); // a moved button has lost it
  card.scrollIntoView({ block: "nearest" });
  say(word("note.moved"), number(order.indexOf(card.dataset.id) + 1));
}

function remove(card) {
  const before = read(), next = card.nextElementSibling ?? card.previousElementSibling;
  change((note) => { note.items = note.items.filter((each) => each.id !== card.dataset.id); });
  card.remove();
  arrange();
  if (next) find("h2", next).focus();
  undo(word("note.removed"), before);
}

function clear() {
  const before = read();
  write({ title: "", introduction: "", items: [] });
  show();
  undo(word("note.cleared"), before);
  find("button", status).focus();
}

function undo(words, before) {
  const back = Object.assign(document.createElement("button"), { type: "button", textContent: word("note.undo") });
  back.addEventListener("click", async () => {
    write(before);
    await show();
    find("h2", list)?.focus();
  });
  say(words, back);
}

// As a file

async function save(form) {
  say(word("note.preparing"));
  const came = await send(`export/${form}`, read());
  if (!came.ok) return say(came.message || word("note.failed"));
  const header = came.body.headers.get("content-disposition") ?? "";
  const name = /filename="([\w.-]+)"/.exec(header)?.[1] ?? `briefing-note.${form}`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await came.body.blob());
  Object.assign(link, { download: name, textContent: name });
  say(word("note.ready"), link); // a browser that saves nothing by itself is shown where it is
  link.click();
}

addEventListener("storage", show);
show();
