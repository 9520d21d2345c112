// What leaves with an answer: a link that asks for it again, or the answer as text with its
// sources. Nothing is stored anywhere for either.
import { reply, tell, word } from "./note_store.js";

const MARKS = { ar: "«»", es: "«»", it: "«»", fr: ["«\u202f", "\u202f»"], de: "„“" };
const LINES = ".sanad-searched, .sanad-preface, .sanad-label, .sanad-lead, caption, "
  + "th:not(.sanad-quoted th), .sanad-quoted tr, .sanad-row, .sanad-from, .sanad-quote, "
  + ".sanad-written, .sanad-gloss, .sanad-missing, .sanad-more > summary";
const page = document.documentElement;

document.addEventListener("click", (event) => {
  const button = event.target.closest?.('[data-act="share"], [data-act="copy"]');
  if (!button || !reply(button)) return;
  if (button.dataset.act === "share") share(button);
  else copy(button);
});

async function share(button) {
  const said = reply(button);
  const query = said.link ?? new URLSearchParams({ q: said.searched || said.question });
  const url = new URL(`./shared?${query}`, location.href).href;
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    try {
      await navigator.share({ title: word("share.name"), text: said.question, url });
      return;
    } catch (error) {
      if (error.name === "AbortError") return; // the reader thought better of it
    }
  }
  if (await wrote(url)) tell(button, word("share.link_copied"));
  else byHand(button, url);
}

async function copy(button) {
  const turn = button.closest(".sanad-turn");
  const rows = lines(turn), text = plain(rows), html = rich(rows);
  if (await wrote(text, html)) tell(button, word("share.copied"));
  else byHand(button, text);
}

async function wrote(text, html) {
  try {
    if (html && window.ClipboardItem) {
      const part = (words, type) => new Blob([words], { type });
      await navigator.clipboard.write([new ClipboardItem({
        "text/plain": part(text, "text/plain"), "text/html": part(html, "text/html"),
      })]);
    } else await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed, or not a secure page
  }
}

// Where a page may not write to the clipboard, its reader may.
function byHand(button, text) {
  const words = document.createDocumentFragment();
  const label = document.createElement("label");
  const field = document.createElement("textarea");
  Object.assign(field, { value: text, readOnly: true, rows: text.includes("\n") ? 6 : 2, dir: "auto" });
  label.append(word("share.copy_by_hand"), field);
  words.append(label);
  tell(button, words);
  requestAnimationFrame(() => { field.focus(); field.select(); });
}

// The answer as lines: {kind, text, lang}, then its sources and the collection's date.
function lines(turn) {
  const question = turn.querySelector(".sanad-question");
  const rows = [{ kind: "question", text: question.lastChild.textContent.trim(), lang: turn.lang }];
  for (const line of turn.querySelectorAll(LINES)) {
    if (line.closest("dialog, .sanad-sources, .sanad-next, .sanad-actions, .sanad-machine")) continue;
    const made = line.cloneNode(true);
    for (const cite of made.querySelectorAll(".sanad-cite")) cite.replaceWith(`[${cite.dataset.n}]`);
    for (const part of made.querySelectorAll(".sanad-unseen, button")) part.remove();
    const lang = line.closest("[lang]")?.lang ?? "";
    for (const cell of [...made.cells ?? []].slice(1)) cell.prepend(" | ");
    let text = tidy(made.textContent);
    if (line.matches(".sanad-quote")) {
      const [open, close] = MARKS[lang] ?? "“”";
      const cut = text.search(/(\s*\[\d+\])+$/);
      text = cut < 0 ? `${open}${text}${close}` : `${open}${text.slice(0, cut)}${close}${text.slice(cut)}`;
    }
    const kind = line.matches(".sanad-quote, .sanad-quoted tr, .sanad-written") ? "said" : "about";
    if (text) rows.push({ kind, text, lang });
  }
  return [...rows, ...sources(turn), ...asOf(turn)];
}

function sources(turn) {
  return [...turn.querySelectorAll("dialog.sanad-passage")].map((passage) => ({
    kind: "source",
    n: passage.dataset.n,
    text: [passage.querySelector("h3"), passage.querySelector(".sanad-facts")]
      .filter(Boolean).map((part) => tidy(part.textContent)).join(" · "),
    url: passage.querySelector(".sanad-original a[target]")?.href ?? "",
    lang: turn.lang,
  }));
}

// The day is in the generation's name.
function asOf(turn) {
  const found = /^(\d{4})(\d\d)(\d\d)T/.exec(reply(turn)?.generation ?? "");
  if (!found) return [];
  const day = new Date(Date.UTC(found[1], found[2] - 1, found[3]));
  const date = day.toLocaleDateString(`${page.dataset.language}-u-nu-latn`, { dateStyle: "long", timeZone: "UTC" });
  return [{ kind: "date", text: word("share.collection").replace("{date}", date), lang: page.lang }];
}

const tidy = (words) => words.replace(/\s+/g, " ").trim();

function plain(rows) {
  return rows.map((row) => {
    if (row.kind === "question") return `${row.text}\n`;
    if (row.kind === "source") return `[${row.n}] ${row.text}${row.url ? `\n    ${row.url}` : ""}`;
    return row.kind === "date" ? `\n${row.text}` : row.text;
  }).join("\n").replace(/\n(\[\d+\] )/, "\n\n$1");
}

// The same for programs that take formatted text. Built from nodes, so that no text is markup.
function rich(rows) {
  const made = document.createElement("div");
  for (const row of rows) {
    const tag = { question: "h3", said: "blockquote" }[row.kind] ?? "p";
    const part = made.appendChild(document.createElement(tag));
    if (row.lang) part.lang = row.lang;
    part.dir = "auto";
    part.textContent = row.kind === "source" ? `[${row.n}] ${row.text} ` : row.text;
    if (row.url) {
      const link = part.appendChild(document.createElement("a"));
      Object.assign(link, { href: row.url, textContent: row.url });
    }
  }
  return made.outerHTML;
}
