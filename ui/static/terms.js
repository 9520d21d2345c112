// Short forms of the glossary in an answer: what they stand for, by pointer, keyboard or touch.
// A word is wrapped where it stands; the text of a quotation, and what is copied of it, stays.
(() => {
  const WHERE = ".sanad-quote, .sanad-written, .sanad-lead, .sanad-row";
  const LEAVE_MS = 200;
  const find = (selector, from = document) => from.querySelector(selector);
  let shown = null, leaving = 0;

  document.addEventListener("sanad:finished", ({ detail: turn }) => {
    if (!turn.dataset.terms) return;
    for (const term of JSON.parse(turn.dataset.terms)) wrap(turn, term);
  });

  // The first place of a short form in a turn.
  function wrap(turn, { short, meanings }) {
    const whole = new RegExp(`(?<![\\p{L}\\p{N}_])${short.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}(?![\\p{L}\\p{N}_])`, "u");
    for (const block of turn.querySelectorAll(WHERE)) {
      if (block.closest("dialog, .sanad-sources")) continue;
      const texts = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        if (text.parentElement.closest("button, .sanad-term")) continue;
        const at = text.data.search(whole);
        if (at < 0) continue;
        const rest = text.splitText(at);
        rest.splitText(short.length);
        const term = document.createElement("dfn");
        Object.assign(term, { className: "sanad-term", tabIndex: 0, textContent: short });
        for (const [name, value] of [["role", "button"], ["aria-expanded", "false"]]) term.setAttribute(name, value);
        term.dataset.meanings = JSON.stringify(meanings);
        rest.replaceWith(term);
        return;
      }
    }
  }

  function sheet() {
    return find("#sanad-explained") ?? document.body.appendChild(
      Object.assign(document.createElement("div"), { id: "sanad-explained", hidden: true })
    );
  }

  function show(term) {
    clearTimeout(leaving);
    if (shown === term) return;
    hide();
    shown = term;
    const box = sheet();
    box.replaceChildren(...JSON.parse(term.dataset.meanings).flatMap(({ name, lang, note }) => [
      name && row(name, lang), note && row(note, "en"),
    ].filter(Boolean)));
    box.hidden = false;
    term.setAttribute("aria-expanded", "true");
    term.setAttribute("aria-describedby", box.id);
    const word = term.getBoundingClientRect(), size = box.getBoundingClientRect();
    const left = Math.min(Math.max(word.left, 16), document.documentElement.clientWidth - size.width - 16);
    const below = word.bottom + 6 + size.height < innerHeight;
    box.style.left = `${left + scrollX}px`;
    box.style.top = `${scrollY + (below ? word.bottom + 6 : word.top - size.height - 6)}px`;
  }

  function row(words, lang) {
    const line = document.createElement("p");
    const dir = /^(ar|fa|he|ur)\b/.test(lang) ? "rtl" : "ltr";
    return Object.assign(line, { textContent: words, lang, dir });
  }

  function hide() {
    if (!shown) return;
    shown.setAttribute("aria-expanded", "false");
    shown.removeAttribute("aria-describedby");
    shown = null;
    sheet().hidden = true;
  }

  const over = (event) => event.target.closest?.(".sanad-term, #sanad-explained");
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const on = over(event);
    clearTimeout(leaving);
    if (on?.matches(".sanad-term")) show(on);
    else if (!on && shown && document.activeElement !== shown) leaving = setTimeout(hide, LEAVE_MS);
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.(".sanad-term")) show(event.target);
    else hide();
  });
  document.addEventListener("click", (event) => {
    const on = over(event);
    if (on?.matches(".sanad-term")) show(on);
    else if (!on) hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown) hide();
    else if (["Enter", " "].includes(event.key) && event.target.matches?.(".sanad-term")) {
      event.preventDefault();
      if (shown) hide();
      else show(event.target);
    }
  });
})();
