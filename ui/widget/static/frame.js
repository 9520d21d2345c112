// The chat in a frame of another site: questions go to our server, which sends back the
// exchange as escaped HTML as it grows. The conversation is kept in this page's memory and
// nowhere else. The page around may close the frame and be told that it is ready: no more.
(() => {
  const VERSION = 1; // of the messages between the page and the frame
  const MOST_STARTERS = 6, MOST_CHARACTERS = 300; // of what the page around may have us say
  const LONG_WAIT_S = 600; // a longer wait gets a time, but no button
  const SOLVED_AT_ONCE = 256;
  const MOST_BYTES = 15000; // of a question with its history; the server takes little more

  const page = document.documentElement;
  const find = (selector, from = document) => from.querySelector(selector);
  const [main, intro, log, status, send, stop, fresh, leave] =
    ["main", "#intro", "#log", "#status", "#send", "#stop", "#new", "#close"].map((name) => find(name));
  const box = find("textarea");
  const word = (name) => find(`[data-word="${name}"]`, find("#words").content).textContent;

  // The page around

  // Only an allowed origin can frame us (frame-ancestors); what it says is taken from there alone.
  const told = new URLSearchParams(location.hash.slice(1));
  const allowed = [location.origin, ...page.dataset.origins.split(" ")];
  const around = parent !== window && allowed.includes(told.get("origin")) ? told.get("origin") : "";
  const tell = (type) => around && parent.postMessage({ sanad: VERSION, type }, around);
  const wish = (name) => (around ? told.get(name) ?? "" : "");

  if (["light", "dark"].includes(wish("theme"))) page.dataset.theme = wish("theme");
  colour();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", colour);
  if (around) leave?.removeAttribute("hidden");
  leave?.addEventListener("click", () => tell("close"));
  addEventListener("message", (event) => {
    if (!around || event.source !== parent || event.origin !== around) return;
    if (event.data?.sanad === VERSION && event.data.type === "opened") settle();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !find("dialog[open]")) tell("close");
  });

  // Where one writes; by touch the keyboard would cover what is to be read.
  function settle() {
    const there = box && matchMedia("(pointer: fine)").matches ? box : main;
    main.toggleAttribute("data-quiet", there === main); // no ring where nobody tabbed
    there.focus({ preventScroll: true });
  }

  // The site's colour, darkened or lightened until it can be read here (WCAG 2.2, 1.4.3).
  function colour() {
    if (!/^#[0-9a-f]{6}$/i.test(wish("color"))) return;
    page.style.removeProperty("--sanad-accent");
    const value = (name) => rgb(getComputedStyle(page).getPropertyValue(name).trim());
    const ground = value("--sanad-page"), ink = value("--sanad-ink");
    let accent = rgb(wish("color"));
    for (let step = 0; step < 20 && contrast(accent, ground) < 4.6; step += 1) {
      accent = accent.map((part, at) => part + (ink[at] - part) * 0.1);
    }
    page.style.setProperty("--sanad-accent", `rgb(${accent.map(Math.round)})`);
    page.style.setProperty("--sanad-on-accent", light(accent) < 0.18 ? "#fdfbf7" : "#12211c");
  }
  function rgb(hex) {
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  }
  function light(parts) {
    const [r, g, b] = parts.map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function contrast(one, other) {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  main.addEventListener("blur", () => main.removeAttribute("data-quiet"));
  tell("ready");
  if (!box) return; // a notice, not a chat

  if (wish("greeting")) find(".greeting").textContent = wish("greeting").slice(0, MOST_CHARACTERS);
  const starters = wish("starters").split("|").map((each) => each.trim()).filter(Boolean);
  if (starters.length) {
    const rows = starters.slice(0, MOST_STARTERS).map((question) => {
      const asked = question.slice(0, MOST_CHARACTERS);
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: asked, dir: "auto" });
      button.dataset.ask = asked;
      const row = document.createElement("li");
      row.append(button);
      return row;
    });
    find("ul", intro).replaceChildren(...rows);
    find("#starters").hidden = false;
  }

  // Talking to the server

  let token = "", renewing = null, history = [], running = null;

  function post(what, body, signal) {
    return fetch(what, {
      method: "POST", signal, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
      headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
  }

  // A token for a session of half an hour; the server may ask for some counting first.
  function renew() {
    renewing ??= fetchToken().finally(() => { renewing = null; });
    return renewing;
  }
  async function fetchToken() {
    let reply = await post("token", { language: page.lang });
    let said = await reply.json();
    if (said.challenge) {
      reply = await post("token", { language: page.lang, proof: await solved(said.challenge) });
      said = await reply.json();
    }
    if (!reply.ok) throw new Refusal(said);
    token = said.token;
  }

  // ALTCHA: the number that, after the salt, has the SHA-256 that was asked for.
  async function solved({ algorithm, challenge, salt, signature, ...rest }) {
    const most = rest.maxNumber ?? rest.maxnumber;
    const encoder = new TextEncoder();
    const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
    for (let first = 0; first <= most; first += SOLVED_AT_ONCE) {
      const hashes = await Promise.all(Array.from({ length: SOLVED_AT_ONCE }, (_, at) =>
        crypto.subtle.digest("SHA-256", encoder.encode(`${salt}${first + at}`))));
      const at = hashes.findIndex((hash) => hex(hash) === challenge);
      if (at >= 0) return btoa(JSON.stringify({ algorithm, challenge, number: first + at, salt, signature }));
    }
    return "";
  }

  class Refusal extends Error {
    constructor(said) {
      super(said.message ?? word("error"));
      this.wait = said.retry_after;
    }
  }

  async function* answer(question, signal) {
    if (!token) await renew();
    const body = () => {
      const whole = { token, question, history, language: page.lang };
      while (history.length && new Blob([JSON.stringify(whole)]).size > MOST_BYTES) whole.history = history = history.slice(1);
      return whole;
    };
    let reply = await post("ask", body(), signal);
    if (reply.status === 401) {
      await renew();
      reply = await post("ask", body(), signal);
    }
    if (!reply.ok) throw new Refusal(await reply.json().catch(() => ({})));
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    let waiting = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (waiting + value).split("\n\n");
      waiting = events.pop();
      for (const event of events) {
        const data = event.split("\n").find((line) => line.startsWith("data: "));
        if (data) yield JSON.parse(data.slice(6));
      }
    }
  }

  // One exchange

  async function ask(question, place = log.appendChild(document.createElement("div"))) {
    if (running || !question.trim()) return;
    const mine = running = new AbortController();
    begin(question, place);
    let finished = false, begun = false;
    try {
      for await (const event of answer(question, mine.signal)) {
        if (mine.signal.aborted) return;
        if (event.type === "failed") throw new Refusal({ message: event.message });
        if (event.type !== "page") continue;
        begun = true;
        const announced = show(place, event.html);
        if (!event.done) continue;
        finished = true;
        history = event.history;
        status.textContent = announced;
        finish(question, place);
      }
      if (!finished) interrupted(question, place, word("cut"));
    } catch (error) {
      if (mine.signal.aborted) return;
      const known = error instanceof Refusal;
      interrupted(question, place, known ? error.message : word(begun ? "cut" : "unreachable"), error.wait);
    } finally {
      if (running === mine) rest();
    }
  }

  function begin(question, place) {
    intro.hidden = true;
    fresh.hidden = send.hidden = true;
    stop.hidden = false;
    const turn = find("#turn").content.cloneNode(true);
    find(".sanad-asked", turn).textContent = question;
    place.replaceChildren(turn);
    status.textContent = word("working");
    // A new question goes to the top once, with room below for its answer.
    for (const each of log.children) each.style.minHeight = "";
    place.style.minHeight = "100cqh"; // of main, which grows when the answer is done
    main.scrollTop += place.getBoundingClientRect().top - main.getBoundingClientRect().top;
  }

  function rest() {
    running = null;
    stop.hidden = true;
    fresh.hidden = send.hidden = false;
  }

  // The server's HTML, escaped there; what had the focus keeps it. Returns what to announce.
  function show(place, html) {
    const within = () => [...place.querySelectorAll("button, a, summary, [tabindex]")];
    const focused = within().indexOf(document.activeElement);
    place.innerHTML = html;
    for (const way of place.querySelectorAll("a[data-quote]")) { // to the full reader, outside the frame
      way.setAttribute("href", `../../${page.lang}/${way.getAttribute("href")}`);
      way.target = "_blank";
      way.rel = "noopener";
    }
    if (focused >= 0) within()[focused]?.focus();
    const region = find("[role=status]", place);
    region?.remove(); // the page has one region that speaks
    return region?.textContent ?? "";
  }

  function finish(question, place) {
    const actions = find("#actions").content.cloneNode(true);
    const copy = find("button", actions), reader = find("a", actions);
    reader.setAttribute("href", `${reader.getAttribute("href")}#${new URLSearchParams({ q: question })}`);
    if (find(".sanad-cite", place)) copy.addEventListener("click", () => copied(copy, place));
    else copy.remove();
    find(".sanad-turn", place).append(actions);
  }

  function end(place, words) {
    const turn = find(".sanad-turn", place);
    turn.dataset.state = "finished";
    const stages = turn.querySelectorAll(".sanad-stage");
    for (const stage of stages) stage.remove();
    const notice = find("#notice").content.cloneNode(true);
    find("p", notice).textContent = words;
    turn.append(notice);
    status.textContent = words;
    return turn.lastElementChild;
  }

  function interrupted(question, place, words, wait = 0) {
    const clock = { hour: "numeric", minute: "2-digit" };
    const time = wait && new Date(Date.now() + wait * 1000 + 59000).toLocaleTimeString(page.lang, clock);
    const notice = end(place, wait > 30 ? `${words} ${word("again_at").replace("{time}", time)}` : words);
    const retry = find("button", notice);
    if (wait > LONG_WAIT_S) {
      retry.remove();
      box.value ||= question;
      return;
    }
    retry.disabled = wait > 0;
    setTimeout(() => { retry.disabled = false; }, wait * 1000);
    retry.addEventListener("click", () => { settle(); ask(question, place); });
  }

  // Copying

  async function copied(button, place) {
    let done = true;
    try {
      await navigator.clipboard.writeText(plain(find(".sanad-turn", place)));
    } catch {
      done = false;
    }
    const before = word("copy");
    button.textContent = status.textContent = word(done ? "copied" : "copy_failed");
    setTimeout(() => { button.textContent = before; }, 2500);
  }

  // An exchange as plain text: its lines with [n], then what each number points to.
  function plain(turn) {
    const marks = { ar: "«»", es: "«»", fr: "«»" };
    const lines = [...turn.querySelectorAll(
      ".sanad-asked, .sanad-preface, .sanad-lead, caption, th:not(.sanad-quoted th), .sanad-quoted tr, .sanad-row, .sanad-from, .sanad-quote, .sanad-written, .sanad-gloss, .sanad-missing, .sanad-more > summary",
    )].map((line) => {
      const copy = line.cloneNode(true);
      for (const cite of copy.querySelectorAll(".sanad-cite")) cite.replaceWith(`[${cite.dataset.n}]`);
      for (const unseen of copy.querySelectorAll(".sanad-unseen")) unseen.remove();
      if (line.matches(".sanad-quote")) {
        const [open, close] = marks[line.closest("[lang]").lang] ?? "“”";
        find(".sanad-end", copy)?.append(close);
        copy.prepend(open);
      }
      for (const cell of [...copy.cells ?? []].slice(1)) cell.prepend(" | ");
      return copy.textContent.replace(/\s+/g, " ").trim();
    });
    const sources = [...turn.querySelectorAll("dialog")].map((passage) => [
      `[${passage.dataset.n}] ${find("h3", passage).textContent}`,
      find(".sanad-facts", passage).textContent,
      find(".sanad-original a", passage)?.href,
    ].filter(Boolean).join("\n    "));
    return [find(".sanad-question", turn).lastChild.textContent, ...lines, "", ...sources].join("\n");
  }

  // What the visitor presses

  // No form: a sandboxed frame may submit none.
  function put() {
    if (running || !box.value.trim()) return;
    ask(box.value);
    box.value = "";
    direct();
  }
  send.addEventListener("click", () => { put(); settle(); });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    put();
  });
  const direct = () => { box.dir = box.value ? "auto" : page.dir; };
  box.addEventListener("input", direct);
  box.addEventListener("input", () => { if (!token) renew().catch(() => {}); }, { once: true });

  stop.addEventListener("click", () => {
    running?.abort();
    end(log.lastElementChild, word("stopped")).querySelector("button").remove();
    rest();
    settle();
  });
  fresh.addEventListener("click", () => {
    log.replaceChildren();
    history = [];
    token = "";
    intro.hidden = false;
    fresh.hidden = true;
    status.textContent = "";
    main.scrollTop = 0;
    settle();
  });

  addEventListener("click", (event) => {
    const marker = event.target.closest(".sanad-cite");
    if (marker) open(marker);
    const dialog = event.target.closest("dialog");
    if (dialog && (event.target === dialog || event.target.closest(".sanad-close"))) dialog.close();
    const asked = event.target.closest("[data-ask]");
    if (!asked) return;
    settle();
    if (asked.matches(".sanad-edit") || running) {
      box.value = asked.dataset.ask;
      direct();
    } else {
      ask(asked.dataset.ask);
    }
  });

  function open(marker) {
    const turn = marker.closest(".sanad-turn");
    const dialog = find(`dialog[data-n="${Number(marker.dataset.n)}"]`, turn);
    if (!dialog) return;
    dialog.addEventListener("close", () => marker.focus(), { once: true });
    dialog.showModal();
    find(".sanad-close", dialog).focus({ preventScroll: true });
    find("mark", dialog)?.scrollIntoView({ block: "nearest" });
  }
})();
