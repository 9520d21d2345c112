// The reader beside the chat: opens a quote in its document, follows the reader's own links, and
// gives the focus back. Asks nothing but the page `read` of this server. On a wide screen the chat
// stays usable beside it; on a narrow one it is a sheet over the chat.

const WIDE = matchMedia("(min-width: 70rem)");
const SMALL = matchMedia("(max-width: 40rem)");
const find = (selector, from = document) => from.querySelector(selector);
const root = document.documentElement;

let panel = null; // made when it is first opened
let origin = null; // the turn and the number that the focus goes back to
let running = null; // the request under way

function made() {
  if (panel) return panel;
  panel = find("#sanad-reader-panel").content.firstElementChild.cloneNode(true);
  document.body.append(panel);
  panel.addEventListener("close", closed);
  panel.addEventListener("click", (event) => {
    if (event.target.closest(".sanad-close")) panel.close();
    const way = event.target.closest("a[data-way]");
    if (way && plain(event)) {
      event.preventDefault();
      go(way.getAttribute("href"), way.dataset.way);
    }
  });
  WIDE.addEventListener("change", () => { if (panel.open) { panel.dataset.moving = ""; panel.close(); show(); } });
  return panel;
}

const plain = (event) => event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
const scroll = () => find(".sanad-panel-scroll", made());

// A document of ours that is open beside the chat is no modal dialog: both can be used.
function show() {
  const element = made();
  if (!element.open) {
    if (WIDE.matches) element.show();
    else element.showModal();
  }
  root.classList.toggle("sanad-reading", WIDE.matches);
}

function closed() {
  if ("moving" in panel.dataset) { // only from panel to sheet, or back
    delete panel.dataset.moving;
    return;
  }
  running?.abort();
  root.classList.remove("sanad-reading");
  mark(null);
  const back = origin && find(`.sanad-cite[data-n="${origin.n}"]`, origin.turn);
  (back?.isConnected ? back : find("#sanad-question textarea"))?.focus();
}

// Which number the reader stands at is said on the number, too.
function mark(marker) {
  for (const each of document.querySelectorAll(".sanad-cite[aria-current]")) each.removeAttribute("aria-current");
  marker?.setAttribute("aria-current", "true");
}

// A citation's address, and with it the other quotes of its answer and the collection's name.
function target(marker) {
  const turn = marker.closest(".sanad-turn");
  const links = [...(turn?.querySelectorAll("dialog.sanad-passage a[data-quote]") ?? [])];
  const link = links.find((each) => each.closest("dialog").dataset.n === marker.dataset.n);
  if (!link) return null;
  const [path, query] = link.getAttribute("href").split("#")[0].split("?");
  const values = new URLSearchParams(query);
  for (const each of links) values.append("quotes", each.dataset.quote);
  let generation = "";
  try { generation = JSON.parse(turn.dataset.reply).generation ?? ""; } catch { /* an older turn */ }
  if (generation) values.set("generation", generation);
  if (SMALL.matches) values.set("view", "text"); // print is too small there; one tap shows it
  return `${path}?${values}#quote`;
}

function open(marker) {
  const address = target(marker);
  if (!address) return false;
  origin = { turn: marker.closest(".sanad-turn"), n: marker.dataset.n };
  mark(marker);
  show();
  go(address, "");
  return true;
}

async function go(address, way) {
  running?.abort();
  const mine = running = new AbortController();
  const element = made(), place = scroll();
  element.setAttribute("aria-busy", "true");
  if (!find(".sanad-reader", place)) {
    place.replaceChildren(find("#sanad-reader-opening").content.cloneNode(true));
    find("[tabindex]", place).focus({ preventScroll: true });
  }
  const [path] = address.split("#");
  try {
    const reply = await fetch(`${path}&part=1`, { signal: mine.signal, headers: { accept: "text/html" } });
    const body = await reply.text();
    if (!(reply.ok || reply.status === 404 || reply.status === 503) || !body.startsWith("<article")) throw new Error(reply.status);
    place.innerHTML = body; // of our own server, which escapes what is not its own
    arrived(way, mine);
  } catch (error) {
    if (mine.signal.aborted) return;
    failed(address, way);
  } finally {
    if (running === mine) element.removeAttribute("aria-busy");
  }
}

async function arrived(way, mine) {
  const place = scroll(), quote = find("#quote", place);
  const same = way && find(`a[data-way="${way}"]`, place);
  (same || find("[tabindex]", place) || place).focus({ preventScroll: true });
  const where = find(".sanad-where", place), status = find("[role=status]", panel);
  status.textContent = same && where ? where.textContent : "";
  const picture = find(".sanad-picture img", place);
  place.scrollTop = 0;
  centre(quote);
  if (picture && !picture.complete) {
    await picture.decode().catch(() => {});
    if (running === mine) centre(quote);
  }
  follow();
}

// The quote to the upper part of the panel; nothing outside it moves.
function centre(quote) {
  if (!quote) return;
  const place = scroll(), box = quote.getBoundingClientRect(), frame = place.getBoundingClientRect();
  if (box.bottom > frame.bottom - 40 || box.top < frame.top + 60) {
    place.scrollTop += box.top - frame.top - place.clientHeight * 0.3;
  }
  const picture = quote.closest(".sanad-picture");
  if (picture && picture.scrollWidth > picture.clientWidth) {
    picture.scrollLeft += box.left - picture.getBoundingClientRect().left - 16;
  }
}

// Going from quote to quote in the reader, the focus will go back to the one it stands at.
function follow() {
  const at = find(".sanad-reader", scroll())?.dataset.quote;
  if (!at || !origin) return;
  const links = [...origin.turn.querySelectorAll("dialog.sanad-passage a[data-quote]")];
  const n = links.find((each) => each.dataset.quote === at)?.closest("dialog").dataset.n;
  const marker = n && find(`.sanad-cite[data-n="${n}"]`, origin.turn);
  if (marker) {
    origin.n = n;
    mark(marker);
  }
}

function failed(address, way) {
  const place = scroll();
  place.replaceChildren(find("#sanad-reader-failed").content.cloneNode(true));
  find("button", place).addEventListener("click", () => {
    place.replaceChildren();
    go(address, way);
  });
  find("a", place).setAttribute("href", address);
  find("[tabindex]", place).focus({ preventScroll: true });
}

// Before the chat hears of it: a number pressed while the reader is open moves the reader.
document.addEventListener("click", (event) => {
  const marker = event.target.closest?.(".sanad-cite");
  if (marker && panel?.open && WIDE.matches && open(marker)) event.stopPropagation();
  const link = event.target.closest?.("a[data-quote]");
  const dialog = link?.closest("dialog.sanad-passage");
  if (!dialog || !plain(event)) return;
  const cite = find(`.sanad-cite[data-n="${dialog.dataset.n}"]`, dialog.closest(".sanad-turn"));
  if (!cite || !target(cite)) return;
  event.preventDefault();
  // Its focus goes back to the number first, then on to the reader.
  dialog.addEventListener("close", () => open(cite), { once: true });
  dialog.close();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !panel?.open || event.defaultPrevented) return;
  if (panel.matches(":modal") || find("dialog:modal")) return; // the browser closes those
  event.preventDefault();
  panel.close();
});
