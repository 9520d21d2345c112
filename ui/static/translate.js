// Quotations in another language, translated by the reader's own browser where it can (the
// Translator API): on the device, on request, labelled as a machine's. The quotation stays.
import { word } from "./note_store.js";

const page = document.documentElement;
const QUOTES = ".sanad-said blockquote[lang], .sanad-rows blockquote[lang], .sanad-table td > blockquote[lang]";

document.addEventListener("sanad:finished", ({ detail: turn }) => offer(turn));
document.addEventListener("click", ({ target }) => {
  const pressed = target.closest?.(".sanad-translate");
  if (pressed) translate(pressed);
});

async function offer(turn) {
  if (!("Translator" in self)) return;
  const target = turn.lang || page.dataset.language;
  for (const quote of turn.querySelectorAll(QUOTES)) {
    if (quote.lang === target || quote.nextElementSibling?.matches(".sanad-translate, .sanad-machine")) continue;
    const pair = { sourceLanguage: quote.lang, targetLanguage: target };
    const can = await self.Translator.availability(pair).catch(() => "unavailable");
    if (can === "unavailable") continue;
    quote.after(Object.assign(document.createElement("button"), {
      type: "button", className: "sanad-translate", textContent: word("translate.ask"),
    }));
  }
}

async function translate(pressed) {
  const quote = pressed.previousElementSibling, turn = pressed.closest(".sanad-turn");
  const pair = { sourceLanguage: quote.lang, targetLanguage: turn.lang || page.dataset.language };
  pressed.disabled = true;
  pressed.textContent = word("translate.working");
  const box = Object.assign(document.createElement("div"), { className: "sanad-machine", tabIndex: -1 });
  Object.assign(box, { lang: pair.targetLanguage, dir: turn.dir || page.dir });
  try {
    const translator = await self.Translator.create(pair);
    for (const line of lines(quote)) {
      const said = document.createElement("p");
      said.textContent = await translator.translate(line);
      box.append(said);
    }
    translator.destroy?.();
    box.prepend(label(word("translate.label")));
  } catch {
    box.replaceChildren(label(word("translate.failed")));
  }
  pressed.replaceWith(box);
  box.focus({ preventScroll: true });
}

// What a quotation says, line by line, without the buttons of its numbers.
function lines(quote) {
  return [...quote.querySelectorAll(".sanad-quote, .sanad-quoted tr")].map((line) => {
    const copy = line.cloneNode(true);
    for (const part of copy.querySelectorAll("button, .sanad-unseen")) part.remove();
    for (const cell of [...copy.cells ?? []].slice(1)) cell.prepend(" | ");
    return copy.textContent.replace(/\s+/g, " ").trim();
  }).filter(Boolean);
}

function label(words) {
  return Object.assign(document.createElement("p"), { className: "sanad-label", textContent: words });
}
