// What Gradio does not do: a box to type in before its own is there, the log of past exchanges,
// what to ask next, and where the reader's eye and focus go. What is typed leaves the page only
// when it is asked; after an answer the server is asked what else the collection answers.
(() => {
  const page = document.documentElement;
  const find = (selector, from = document) => from.querySelector(selector);
  const BOX = "#sanad-question textarea";
  const turn = () => find("#sanad-turn .sanad-turn");
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const tell = (what, detail) => document.dispatchEvent(new CustomEvent(`sanad:${what}`, { detail }));

  // The log is this page's own: past exchanges, in order.
  function archive() {
    const last = turn();
    if (last && last.dataset.state !== "asked") {
      const kept = last.cloneNode(true);
      kept.dataset.state = "finished";
      for (const gone of kept.querySelectorAll("[role=status], .sanad-next, .sanad-translate:disabled")) gone.remove();
      find("#sanad-log").append(kept);
      last.dataset.state = "asked";
    }
    follow = true;
  }

  // Called by Gradio with a question that it takes; what this gives back goes along.
  function sent(question, history) {
    if (question.trim()) wished = "";
    halted = false;
    archive();
    const earlier = window.sanad.earlier?.() ?? [];
    return [question, history, JSON.stringify({ address: location.search.slice(1), earlier })];
  }

  let halted = false; // until the next question: a step that was on its way may still be drawn
  function stopped() {
    if (!running()) return;
    halt();
    find(BOX)?.focus();
  }

  function halt() {
    halted = true;
    const last = turn();
    last.dataset.state = "finished";
    for (const stage of last.querySelectorAll(".sanad-stage")) stage.textContent = page.dataset.stopped;
  }

  function forget() {
    find("#sanad-log").replaceChildren();
    tell("forgotten");
    find(BOX)?.focus();
  }

  window.sanad = { ...window.sanad, sent, stopped, forget, put };

  // A new question is brought to the top of the window once; after that the reader scrolls.
  let follow = false;
  const told = new WeakSet(); // finished exchanges that were seen
  new MutationObserver(() => {
    if (halted && running()) halt();
    const last = turn();
    if (follow && last?.dataset.state && last.dataset.state !== "asked") {
      follow = false;
      last.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
    }
    if (last?.dataset.state === "finished" && !told.has(last)) {
      told.add(last);
      tell("finished", last);
      onward(last);
    }
    const box = find(`${BOX}:not([data-dir])`);
    if (box) adopt(box);
    speak();
  }).observe(page, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-state", "lang"],
  });

  // Gradio writes the browser's language on the page; the page is in its own.
  function speak() {
    if (page.lang !== page.dataset.language) page.lang = page.dataset.language;
  }

  // The box that stands until Gradio's is there; what was typed, and asked, goes over.

  const early = () => find("#sanad-early");
  let waiting = false; // a question was sent from the early box

  function adopt(box) {
    box.dataset.dir = "";
    box.addEventListener("input", () => direct(box));
    const before = find("textarea", early() ?? document.createElement("p"));
    if (!before) return;
    const { value, selectionStart, selectionEnd } = before;
    const focused = document.activeElement === before || waiting;
    early().remove();
    put(new URLSearchParams(location.hash.slice(1)).get("q"), false); // from the widget
    if (value) put(value, false);
    if (waiting) send(value);
    if (focused) {
      box.focus({ preventScroll: true });
      if (value && !waiting) box.setSelectionRange(selectionStart, selectionEnd);
    }
  }

  // Gradio drops, without a word, what is sent before all its parts hear, and what is sent before
  // it has closed the answer before: a moment after that stands on the page. So a question is sent
  // again until Gradio has taken it, or somebody changed it.
  const AGAIN_MS = 100, TRIES = 300;
  let wished = ""; // the question being sent
  const running = () => turn()?.dataset.state === "running";

  function send(question, later = 0) {
    if (running()) return; // it waits in the box
    wished = question;
    setTimeout(() => again(question, TRIES), later);
  }

  function again(question, tries) {
    if (wished !== question || find(BOX)?.value !== question || running() || !tries) return;
    find("#sanad-send")?.click();
    setTimeout(() => again(question, tries - 1), AGAIN_MS);
  }

  // What the visitor sends, Gradio hears by itself; an empty box asks nothing.
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest?.(BOX)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (event.target.value.trim()) send(event.target.value, AGAIN_MS);
    else event.preventDefault();
  }, true);
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#sanad-send")) return;
    const { value } = find(BOX);
    if (!value.trim()) event.stopImmediatePropagation();
    else if (event.isTrusted) send(value, AGAIN_MS);
  }, true);

  function hold() {
    if (!find("textarea", early()).value.trim()) return;
    waiting = true;
    find("p", early()).hidden = false;
  }

  document.addEventListener("keydown", (event) => {
    if (!event.target.closest?.("#sanad-early textarea")) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    hold();
  });
  document.addEventListener("input", (event) => {
    if (event.target.closest?.("#sanad-early")) {
      waiting = false;
      direct(event.target);
    }
  });

  // What is typed decides the direction; an empty box keeps the page's, for its placeholder.
  function direct(box) {
    box.dir = box.value ? "auto" : page.dir;
  }

  // A question of ours goes into the box as if it had been typed.
  function put(question, asked) {
    const box = find(BOX) ?? find("#sanad-early textarea");
    if (!box || !question) return;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, question);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    // Where a finger asks, the keyboard would cover what is to be read.
    if (asked && !matchMedia("(pointer: fine)").matches) document.activeElement?.blur();
    else box.focus();
    box.setSelectionRange(question.length, question.length);
    if (!asked) return;
    if (early()) hold();
    else send(question);
  }

  document.addEventListener("click", (event) => {
    const marker = event.target.closest(".sanad-cite");
    if (marker) open(marker);
    const dialog = event.target.closest("dialog.sanad-passage");
    if (dialog && (event.target === dialog || event.target.closest(".sanad-close"))) dialog.close();
    const asked = event.target.closest("[data-ask]");
    if (asked) put(asked.dataset.ask, asked.matches(".sanad-choice, [data-send]"));
    const again = event.target.closest('[data-act="retry"], [data-act="edit"]');
    if (again) put(again.dataset.question, again.dataset.act === "retry");
    if (event.target.closest("#sanad-early button")) hold();
    if (event.target.closest(".sanad-skip")) {
      event.preventDefault();
      (find(BOX) ?? find("#sanad-early textarea"))?.focus();
    }
    if (event.target.closest("#sanad-new")) find("#sanad-fresh")?.click();
    const link = event.target.closest(".sanad-masthead .sanad-languages a");
    if (link) link.search = location.search;
  });

  // What the collection answers besides, under the answer; it comes when it comes.
  async function onward(last) {
    if (!last.dataset.reply) return;
    const reply = JSON.parse(last.dataset.reply);
    const quoted = reply.citations.slice(0, 50)
      .map(({ document_id, page: number, start }) => ({ document_id, page: number, start }));
    const question = reply.searched || reply.question;
    const body = { question, language: reply.language, filters: reply.filters, quoted };
    try {
      const found = await fetch("next", {
        method: "POST", credentials: "same-origin", cache: "no-store",
        headers: { "content-type": "application/json" }, body: JSON.stringify(body),
      });
      const html = found.ok ? await found.text() : "";
      if (html && last.isConnected && last.dataset.state === "finished") {
        last.insertAdjacentHTML("beforeend", html); // of our server, escaped there
      }
    } catch { /* an answer stands without it */ }
  }

  function open(marker) {
    const dialog = find(
      `dialog.sanad-passage[data-n="${Number(marker.dataset.n)}"]`, marker.closest(".sanad-turn")
    );
    if (!dialog) return;
    dialog.addEventListener("close", () => marker.focus(), { once: true });
    dialog.showModal();
    find(".sanad-close", dialog).focus({ preventScroll: true });
    find("mark", dialog)?.scrollIntoView({ block: "nearest" });
  }

  // Who has a keyboard types at once; a finger sees the page from its top.
  if (matchMedia("(pointer: fine)").matches) find("textarea", early() ?? document.createElement("p"))?.focus({ preventScroll: true });
  speak();
})();
