// What a page of another site loads: a button, and on its first press a frame with the chat
// from our server. Before that nothing is asked of the network; nothing is ever stored, and
// of the page only its language is read.
(() => {
  const WORDS = "__WORDS__"; // language -> words; the server fills them in from rag/messages
  const VERSION = 1; // of the messages between the page and the frame
  const SLOW_MS = 15000, SILENT_MS = 2500; // a frame that has not spoken: in all, and once loaded
  const MOST_RETURNS = 20; // a page that takes the button away again and again wins

  const script = document.currentScript;
  const told = script?.dataset ?? {};
  if (!script?.isConnected || !told.site) return;
  const base = new URL(".", script.src);

  const language = [told.lang, document.documentElement.lang, ...navigator.languages, "en"]
    .map((tag) => (tag ?? "").toLowerCase().split("-")[0])
    .find((code) => code in WORDS);
  const words = WORDS[language];
  const colour = /^#[0-9a-f]{6}$/i.test(told.color) ? told.color : "#1c5a49";
  const side = ["left", "right"].includes(told.position)
    ? told.position
    : (told.position === "start") === (words.dir === "rtl") ? "right" : "left";

  // The same site a second time takes the place of the first; another site stands above it.
  const launchers = () => [...document.querySelectorAll("[data-sanad-site]")];
  for (const other of launchers()) {
    if (other.dataset.sanadSite === told.site) other.dispatchEvent(new Event("sanad-end"));
  }
  const below = launchers().filter((other) => other.dataset.sanadSide === side).length;

  const make = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  function icon(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    svg.firstChild.setAttribute("d", path);
    return svg;
  }

  // Whiter or blacker letters, whichever can be read on the colour (WCAG 2.2, 1.4.3).
  function onColour() {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.18 ? "#fdfbf7" : "#12211c";
  }

  // The page's rules lose against !important rules of a shadow tree, whatever they say.
  const style = `
    :host { all: initial !important; display: block !important; position: fixed !important;
      z-index: 2147483647 !important; inset: auto !important; overflow: visible !important;
      bottom: ${16 + 68 * below}px !important; ${side}: 16px !important; }
    * { box-sizing: border-box; }
    button, a { all: unset; box-sizing: border-box; cursor: pointer;
      font: 600 16px/1.25 "Source Sans 3", "Segoe UI", "Noto Sans", "Noto Sans Arabic", system-ui, sans-serif; }
    :focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #12211c; }
    svg { width: 22px; height: 22px; flex: none; fill: none; stroke: currentColor;
      stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .launcher { display: flex; align-items: center; gap: 10px; min-height: 52px; padding: 8px 20px 8px 16px;
      max-width: calc(100vw - 32px); border: 1px solid transparent; border-radius: 26px;
      background: ${colour}; color: ${onColour()}; }
    .launcher[dir=rtl] { padding: 8px 16px 8px 20px; }
    .launcher:not(:focus-visible) { box-shadow: 0 1px 3px rgb(0 0 0 / 25%), 0 6px 20px rgb(0 0 0 / 18%); }
    .launcher[aria-expanded=true] { padding: 14px; }
    .launcher[aria-expanded=true] span { display: none; }
    .panel { all: unset; position: fixed; bottom: ${80 + 68 * below}px; ${side}: 16px; overflow: hidden;
      width: min(420px, 100vw - 32px); height: min(700px, 100vh - ${96 + 68 * below}px);
      border: 1px solid #c9c1b0; border-radius: 14px; background: #f7f4ed; color: #23211c;
      box-shadow: 0 2px 8px rgb(0 0 0 / 16%), 0 16px 48px rgb(0 0 0 / 22%); }
    .panel:not([open]), [hidden] { display: none !important; }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    .wait { position: absolute; inset: 0; padding: 12px; background: inherit; text-align: start;
      font: 16px/1.6 "Source Sans 3", "Segoe UI", "Noto Sans", "Noto Sans Arabic", system-ui, sans-serif; }
    .wait button { display: block; margin-inline-start: auto; padding: 10px; border-radius: 8px; line-height: 0; }
    .wait p { margin: 20px 12px; }
    .wait a { color: #1c5a49; text-decoration: underline; padding-block: 10px; }
    @media (max-width: 640px), (max-height: 480px) {
      .panel { inset: 0; width: 100vw; height: 100vh; height: 100dvh; border: 0; border-radius: 0; } }
    @media (prefers-color-scheme: dark) {
      .panel.auto { background: #1a1916; color: #e8e3d7; border-color: #3b372f; }
      .panel.auto a { color: #8ec7b0; } }
    @media (prefers-reduced-motion: no-preference) {
      .panel[open] { animation: rise .16s ease-out; }
      @keyframes rise { from { opacity: 0; transform: translateY(12px); } } }
    @media (forced-colors: active) { .launcher { border-color: ButtonText; } :focus-visible { outline-color: Highlight; } }
    @media print { :host { display: none !important; } }`;

  const host = make("div");
  host.dataset.sanadSite = told.site;
  host.dataset.sanadSide = side;
  const root = host.attachShadow({ mode: "open" });
  try { // a sheet made here is no inline style: a strict policy of the page lets it be
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make("style", { textContent: style }));
  }

  const talk = icon("M21 12a8 8 0 0 1-8 8H4l2-3.5A8 8 0 1 1 21 12ZM9 10h8M9 14h5");
  const cross = icon("M6 6l12 12M18 6 6 18");
  const launcher = make("button", { type: "button", className: "launcher", lang: language, dir: words.dir },
    talk, make("span", { textContent: words.launcher }));
  launcher.setAttribute("aria-expanded", "false");

  const leave = make("button", { type: "button", onclick: () => close() }, cross.cloneNode(true));
  leave.setAttribute("aria-label", words.close);
  const excuse = make("p", { hidden: true }, `${words.blocked} `, make("a", {
    textContent: words.full_page, href: new URL(`${language}/`, base), target: "_blank", rel: "noopener",
  }));
  const wait = make("div", { className: "wait" }, leave, excuse);
  wait.setAttribute("role", "status");
  const panel = make("dialog", { className: "panel", lang: language, dir: words.dir }, wait);
  if (told.theme !== "light") panel.classList.add("auto");
  panel.setAttribute("aria-label", words.name);
  root.append(panel, launcher);

  let frame, ready = false;

  // Made on the first press, and not before.
  function makeFrame() {
    const address = new URL(`widget/${encodeURIComponent(told.site)}/?lang=${language}`, base);
    const settings = { origin: location.origin };
    for (const name of ["color", "greeting", "starters", "theme"]) {
      if (told[name]) settings[name] = told[name];
    }
    address.hash = new URLSearchParams(settings); // after the #: it reaches no server
    frame = make("iframe", { title: words.name, referrerPolicy: "origin", allow: "clipboard-write" });
    frame.setAttribute("sandbox",
      "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox");
    frame.addEventListener("load", () => setTimeout(blocked, SILENT_MS));
    setTimeout(blocked, SLOW_MS);
    frame.src = address;
    panel.append(frame);
  }

  function blocked() {
    if (!ready) wait.hidden = excuse.hidden = false;
  }

  function refused(violation) {
    const ours = violation.blockedURI?.startsWith(base.origin);
    if (ours && /frame-src|child-src|default-src/.test(violation.effectiveDirective)) blocked();
  }

  function heard(event) {
    if (event.origin !== base.origin || !frame || event.source !== frame.contentWindow) return;
    if (event.data?.sanad !== VERSION) return;
    if (event.data.type === "ready") {
      ready = wait.hidden = true;
      if (panel.open && panel.contains(root.activeElement)) enter();
    }
    if (event.data.type === "close") close();
  }

  function enter() {
    if (!ready) return leave.focus();
    frame.focus();
    frame.contentWindow.postMessage({ sanad: VERSION, type: "opened" }, base.origin);
  }

  function open(focus = true) {
    if (panel.open) return;
    if (!frame) makeFrame();
    const whole = matchMedia("(max-width: 640px), (max-height: 480px)").matches;
    if (whole) panel.showModal();
    else panel.show();
    shown(true);
    if (focus) enter();
    else panel.contains(root.activeElement) && root.activeElement.blur();
  }

  function close() {
    if (!panel.open) return;
    panel.close();
    shown(false);
    launcher.focus();
  }

  function shown(open) {
    launcher.setAttribute("aria-expanded", open);
    if (open) launcher.setAttribute("aria-label", words.close);
    else launcher.removeAttribute("aria-label");
    launcher.replaceChild(open ? cross : talk, launcher.firstChild);
  }

  launcher.addEventListener("click", () => (panel.open ? close() : open()));
  panel.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.open) { event.stopPropagation(); close(); }
  });

  // The button lives as long as its script element, and comes back when the page is redrawn.
  let returns = 0, tied = true;
  function attach() {
    document.documentElement.append(host);
    try { // above every z-index, and outside every transformed box
      host.popover = "manual";
      host.showPopover();
    } catch { /* an older browser: the highest z-index has to do */ }
  }
  const watch = new MutationObserver(() => {
    if (tied && !script.isConnected) end();
    else if (!host.isConnected && returns++ < MOST_RETURNS) attach();
  });
  function end() {
    watch.disconnect();
    removeEventListener("message", heard);
    document.removeEventListener("securitypolicyviolation", refused);
    host.remove();
  }
  // Some loaders take a script element away once it has run: that ends nothing.
  script.addEventListener("load", () => setTimeout(() => { tied = script.isConnected; }));
  host.addEventListener("sanad-end", end);
  addEventListener("message", heard);
  document.addEventListener("securitypolicyviolation", refused);
  watch.observe(document, { childList: true, subtree: true });
  attach();
  if ("open" in told) open(false);
})();
