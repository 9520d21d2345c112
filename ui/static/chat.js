// What Gradio does not do: passages behind the numbers, the log of past exchanges,
// and where the reader's eye and focus go. No question or answer leaves this page here.
(() => {
  const find = (selector, from = document) => from.querySelector(selector);
  const turn = () => find("#sanad-turn .sanad-turn");

  // The log is this page's own: Gradio draws its frame once and never writes into it.
  function log() {
    const frame = find("#sanad-log");
    return find(".sanad-log", frame) ?? frame.appendChild(
      Object.assign(document.createElement("div"), { className: "sanad-log" })
    );
  }

  function archive() {
    const last = turn();
    if (last) {
      const kept = last.cloneNode(true);
      kept.dataset.state = "finished";
      find("[role=status]", kept)?.remove();
      log().append(kept);
      last.dataset.state = "asked";
    }
    follow = true;
  }

  function stopped() {
    const last = turn();
    if (last?.dataset.state !== "running") return;
    last.dataset.state = "finished";
    const words = document.documentElement.dataset.stopped;
    for (const stage of last.querySelectorAll(".sanad-stage")) stage.textContent = words;
    find("#sanad-question textarea")?.focus();
  }

  function forget() {
    log().replaceChildren();
    find("#sanad-question textarea")?.focus();
  }

  window.sanad = { archive, stopped, forget };

  // A new question is brought to the top of the window once; after that the reader scrolls.
  let follow = false;
  new MutationObserver(() => {
    const last = turn();
    if (follow && last?.dataset.state && last.dataset.state !== "asked") {
      follow = false;
      last.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
    }
    for (const box of document.querySelectorAll("#sanad-question textarea:not([data-dir])")) {
      box.dataset.dir = "";
      box.addEventListener("input", () => direct(box));
      put(new URLSearchParams(location.hash.slice(1)).get("q"), false); // from the widget
    }
    speak();
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-state", "lang"],
  });
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // Gradio writes the browser's language on the page; the page is in its own.
  function speak() {
    const page = document.documentElement;
    if (page.lang !== page.dataset.language) page.lang = page.dataset.language;
  }
  speak();

  // What is typed decides the direction; an empty box keeps the page's, for its placeholder.
  const direct = (box) => { box.dir = box.value ? "auto" : document.documentElement.dir; };

  document.addEventListener("click", (event) => {
    const marker = event.target.closest(".sanad-cite");
    if (marker) open(marker);
    const dialog = event.target.closest("dialog.sanad-passage");
    if (dialog && (event.target === dialog || event.target.closest(".sanad-close"))) dialog.close();
    const asked = event.target.closest("[data-ask]");
    if (asked) put(asked.dataset.ask, asked.matches(".sanad-choice"));
    const link = event.target.closest(".sanad-masthead nav a");
    if (link) link.search = location.search;
  });

  // A question of ours goes into the box as if it had been typed.
  function put(question, send) {
    const box = find("#sanad-question textarea");
    if (!box || !question) return;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, question);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
    // While an answer grows, the question waits in the box.
    if (send && turn()?.dataset.state !== "running") setTimeout(() => find("#sanad-send")?.click());
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
})();
