// A conversation in this browser, for who asks for it. Off at first; nothing of it goes to the
// server. What is stored is text with its kind and language, and is built anew as such: nothing
// that somebody wrote into the storage can become markup.
(() => {
  const NAME = "sanad.conversation", MOST = 30;
  const KINDS = ["preface", "label", "lead", "row", "from", "quote", "written", "declined", "note", "gloss", "missing"];
  const LINES = [...KINDS.map((kind) => `.sanad-${kind}`), ".sanad-quoted tr"].join();
  const find = (selector, from = document) => from.querySelector(selector);
  const frame = find("#sanad-keeping"), box = find("input", frame), gone = find("button", frame);
  const words = find("template", frame).dataset, said = find("[role=status]", frame);

  function stored() {
    try {
      const held = JSON.parse(localStorage.getItem(NAME));
      return Array.isArray(held) ? held.slice(-MOST) : null;
    } catch {
      return null;
    }
  }

  function store(turns) {
    try {
      localStorage.setItem(NAME, JSON.stringify(turns.slice(-MOST)));
    } catch { /* no room, or none allowed: then nothing is kept */ }
  }

  // An exchange as text

  function taken(turn) {
    const lines = [...turn.querySelectorAll(LINES)]
      .filter((line) => !line.closest("dialog, .sanad-feedback, .sanad-next, .sanad-sources, .sanad-machine, .sanad-more"))
      .map((line) => {
        const copy = line.cloneNode(true);
        const cites = [...copy.querySelectorAll(".sanad-cite")].map((cite) => {
          cite.remove();
          return Number(cite.dataset.n);
        });
        for (const unseen of copy.querySelectorAll(".sanad-unseen")) unseen.remove();
        for (const cell of [...copy.cells ?? []].slice(1)) cell.prepend(" | ");
        const kind = line.matches("tr") ? "quote" : KINDS.find((each) => line.classList.contains(`sanad-${each}`));
        return { kind, text: copy.textContent.trim(), lang: line.closest("[lang]").lang, cites };
      });
    const question = find(".sanad-question", turn).lastChild.textContent;
    return { question, lang: turn.lang, lines, reply: turn.dataset.reply ?? "" };
  }

  // ... and back

  const RIGHT_TO_LEFT = /^(ar|fa|he|ur|ps|ckb|dv|sd|ug|yi)\b/;
  function marked(element, lang) {
    if (typeof lang !== "string" || !/^[a-z]{2,3}(-\w{1,8})*$/i.test(lang)) element.dir = "auto";
    else Object.assign(element, { lang, dir: RIGHT_TO_LEFT.test(lang) ? "rtl" : "ltr" });
    return element;
  }
  function made(tag, name, text = "") {
    return Object.assign(document.createElement(tag), { className: name, textContent: text });
  }

  function built(turn) {
    if (typeof turn?.question !== "string" || !Array.isArray(turn.lines)) return null;
    const article = marked(made("article", "sanad-turn"), turn.lang);
    Object.assign(article.dataset, { state: "finished", kept: "" });
    if (reply(turn)) article.dataset.reply = JSON.stringify(reply(turn));
    const heading = made("h2", "sanad-question", turn.question);
    heading.dir = "auto";
    article.append(heading, ...turn.lines.map(line).filter(Boolean));
    return article;
  }

  function line(told) {
    if (!KINDS.includes(told?.kind) || typeof told.text !== "string") return null;
    const quoted = told.kind === "quote";
    const row = made("p", `sanad-${told.kind}`, quoted ? "" : told.text);
    if (quoted) row.append(made("span", "sanad-end", told.text));
    for (const n of Array.isArray(told.cites) ? told.cites.map(Number).filter(Number.isInteger) : []) {
      const cite = made("button", "sanad-cite", String(n));
      cite.type = "button";
      cite.dataset.n = String(n);
      row.append("\u00a0", cite);
    }
    if (!quoted) return marked(row, told.lang);
    const section = made("section", "sanad-said"), quote = marked(made("blockquote", ""), told.lang);
    quote.append(row);
    section.append(quote);
    return section;
  }

  function reply(turn) {
    try {
      const told = JSON.parse(turn.reply);
      return Array.isArray(told?.citations) ? told : null;
    } catch {
      return null;
    }
  }

  // The switch

  let restored = false; // the server does not know what was asked before this page was opened
  window.sanad = {
    ...window.sanad,
    earlier: () => {
      const turns = restored ? stored() ?? [] : [];
      restored = false;
      return turns.slice(-6).map((turn) => {
        const told = reply(turn);
        const documents = (told?.citations ?? []).map((each) => String(each.document_id));
        return { question: String(told?.searched || turn.question).slice(0, 1000), documents: [...new Set(documents)].slice(0, 8) };
      });
    },
  };

  function show() {
    const turns = stored();
    box.checked = turns !== null;
    gone.hidden = !turns?.length;
    return turns ?? [];
  }

  document.addEventListener("sanad:finished", (event) => {
    const turns = stored();
    if (turns === null || event.detail.dataset.state !== "finished") return;
    store([...turns, taken(event.detail)]);
    show();
  });
  document.addEventListener("sanad:forgotten", () => {
    if (stored() !== null) store([]);
    restored = false;
    show();
  });
  box.addEventListener("change", () => {
    said.textContent = "";
    if (!box.checked) return remove();
    store([...document.querySelectorAll('#sanad-log .sanad-turn, #sanad-turn .sanad-turn[data-state="finished"]')].map(taken));
    show();
  });
  gone.addEventListener("click", () => {
    remove();
    box.focus();
  });
  function remove() {
    localStorage.removeItem(NAME);
    for (const kept of document.querySelectorAll("[data-kept], .sanad-before")) kept.remove();
    restored = false;
    said.textContent = words.deleted;
    show();
  }

  try {
    localStorage.getItem(NAME);
    frame.hidden = false;
  } catch { /* this browser keeps nothing */ }
  const turns = show().map(built).filter(Boolean);
  if (turns.length) {
    restored = true;
    const heading = made("h2", "sanad-label sanad-before", words.before);
    find("#sanad-log").append(heading, ...turns);
  }
})();
