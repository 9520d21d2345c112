// The briefing note as this browser keeps it, and nowhere else. Every change reads it anew, so
// that two open pages do not undo each other.
const KEY = "sanad-note";
const MOST = 40; // answers, as the server takes them
const EMPTY = { title: "", introduction: "", items: [] };

export function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return Array.isArray(kept?.items) ? { ...EMPTY, ...kept } : { ...EMPTY, items: [] };
  } catch {
    return { ...EMPTY, items: [] };
  }
}

// Whether it could be kept.
export function write(note) {
  try {
    const empty = !note.items.length && !note.title && !note.introduction;
    if (empty) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(note));
  } catch {
    return false;
  }
  document.dispatchEvent(new CustomEvent("sanad:note"));
  return true;
}

export function change(how) {
  const note = read();
  how(note);
  return write(note);
}

const same = (a, b) => a.question === b.question && a.generation === b.generation
  && JSON.stringify(a.sentences) === JSON.stringify(b.sentences);

// "kept", "full" or "cannot_keep".
export function keep(reply) {
  const note = read();
  if (note.items.some((item) => same(item.reply, reply))) return "kept";
  if (note.items.length >= MOST) return "full";
  const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
  note.items.push({ id, reply, out: [], comment: "" });
  return write(note) ? "kept" : "cannot_keep";
}

export const has = (reply) => read().items.some((item) => same(item.reply, reply));

// What the page says: sentences of the catalogue, in a template.
export function word(key) {
  const words = document.querySelector("#sanad-words")?.content;
  return words?.querySelector(`[data-word="${key}"]`)?.textContent ?? "";
}

const page = document.documentElement;
export const number = (n) => new Intl.NumberFormat(`${page.dataset.language}-u-nu-latn`).format(n);

export const reply = (element) => {
  try {
    return JSON.parse(element.closest("[data-reply]")?.dataset.reply ?? "null");
  } catch {
    return null;
  }
};

// A line under an answer that says what came of a press, and is read out.
export function tell(button, words) {
  const row = button.closest(".sanad-actions");
  let line = row.parentElement.querySelector(".sanad-acted");
  if (!line) {
    line = Object.assign(document.createElement("p"), { className: "sanad-acted" });
    line.setAttribute("role", "status");
    row.after(line);
  }
  line.replaceChildren();
  requestAnimationFrame(() => { // a region speaks of what comes into it
    line.append(words);
    line.scrollIntoView({ block: "nearest" });
  });
  return line;
}
