// On every page: how many answers the note holds, and the button that keeps one. Pressing it is
// asking: nothing is kept before.
import { has, keep, number, read, reply, tell, word } from "./note_store.js";

function count() {
  const kept = read().items.length;
  for (const link of document.querySelectorAll('.sanad-places a[href$="/note"]')) {
    link.querySelector(".sanad-kept")?.remove();
    if (!kept) continue;
    const shown = document.createElement("span");
    shown.className = "sanad-kept";
    shown.append("\u00a0", document.createElement("bdi")); // the space follows the page, not the bracket
    shown.lastChild.textContent = `(${number(kept)})`;
    link.append(shown);
  }
}

function press(button) {
  const said = reply(button);
  if (!said) return;
  const came = keep(said);
  const words = document.createDocumentFragment();
  words.append(word(`note.${came}`));
  if (came !== "cannot_keep") {
    const link = Object.assign(document.createElement("a"), { href: "./note" });
    link.textContent = word("note.open");
    words.append(" ", link);
  }
  mark(button);
  tell(button, words);
}

// The button says whether its answer is in the note.
function mark(button) {
  const said = reply(button);
  const label = button.querySelector("span");
  if (!said || !label) return;
  button.dataset.label ??= label.textContent;
  const kept = has(said);
  label.textContent = kept ? word("note.in_note") : button.dataset.label;
  button.toggleAttribute("data-kept", kept);
}

const all = () => document.querySelectorAll('[data-act="keep"]').forEach(mark);

document.addEventListener("click", (event) => {
  const button = event.target.closest?.('[data-act="keep"]');
  if (button) press(button);
});
document.addEventListener("sanad:note", () => { count(); all(); });
document.addEventListener("sanad:finished", all);
addEventListener("storage", () => { count(); all(); });
addEventListener("pageshow", () => { count(); all(); });
count();
all();
