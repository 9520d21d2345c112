// The filters of the chat: the page's address holds them, the server draws them. Pressing a chip
// changes the address; going back, another language and a shared link have them too.
(() => {
  const find = (selector, from = document) => from.querySelector(selector);
  const place = () => find("#sanad-filters");
  const KEYS = ["country", "city", "year", "kind", "event", "theme", "language", "document"];

  function chosen() {
    return new URLSearchParams(location.search);
  }

  function toggle(key, value) {
    const address = chosen();
    const same = address.getAll(key).filter((each) => each.toLowerCase() === value.toLowerCase());
    const rest = address.getAll(key).filter((each) => !same.includes(each));
    address.delete(key);
    for (const each of rest) address.append(key, each);
    if (!same.length) address.append(key, value);
    go(address);
  }

  function clear() {
    const address = chosen();
    for (const key of KEYS) address.delete(key);
    go(address);
  }

  function go(address) {
    const query = address.toString();
    history.pushState(null, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`);
    draw();
  }

  // The section anew, open where it was open, the focus where it was or on what is nearest.
  let latest = 0;
  async function draw() {
    const mine = ++latest;
    const query = new URLSearchParams([...chosen()].filter(([key]) => KEYS.includes(key)));
    const focused = place().contains(document.activeElement) ? document.activeElement : null;
    const known = focused && { key: focused.dataset.chip, value: focused.dataset.value, inside: !!focused.closest(".sanad-options") };
    let html;
    try {
      const reply = await fetch(`chips?${query}`, { cache: "no-store" });
      if (!reply.ok) throw new Error(reply.statusText);
      html = await reply.text();
    } catch {
      location.reload(); // the address is right; the server draws it whole
      return;
    }
    if (mine !== latest) return;
    const opened = find("details", place())?.open;
    const facet = find("[data-facet][aria-expanded=true]", place())?.dataset.facet;
    const sought = facet && find(`#sanad-facet-${facet} [data-find]`, place())?.value;
    const scrolled = facet && find(`#sanad-facet-${facet}`, place())?.scrollTop;
    place().innerHTML = html; // of our server, escaped there
    if (opened) find("details", place())?.setAttribute("open", "");
    const opener = facet && find(`[data-facet="${facet}"]`, place());
    if (opener) {
      show(opener, true);
      const list = find(`#sanad-facet-${facet}`, place());
      const box = find("[data-find]", list);
      if (box && sought) { box.value = sought; search(box); }
      list.scrollTop = scrolled ?? 0;
    }
    if (known) focus(known);
    for (const chip of document.querySelectorAll(".sanad-narrow [data-chip]")) {
      const on = chosen().getAll(chip.dataset.chip).includes(chip.dataset.value);
      chip.setAttribute("aria-pressed", String(on));
    }
  }

  function focus({ key, value, inside }) {
    const same = [...place().querySelectorAll("[data-chip]")]
      .find((each) => each.dataset.chip === key && each.dataset.value === value && !!each.closest(".sanad-options") === inside);
    (same ?? find(".sanad-chosen button", place()) ?? find("summary", place()))?.focus();
  }

  function show(opener, on) {
    for (const each of place().querySelectorAll("[data-facet]")) {
      const mine = on && each === opener;
      each.setAttribute("aria-expanded", String(mine));
      find(`#${each.getAttribute("aria-controls")}`, place()).hidden = !mine;
    }
  }

  const fold = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  function search(box) {
    for (const chip of box.parentElement.querySelectorAll(".sanad-list [data-chip]")) {
      chip.hidden = !fold(chip.textContent).includes(fold(box.value));
    }
  }

  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-chip]");
    if (chip) toggle(chip.dataset.chip, chip.dataset.value);
    if (event.target.closest("[data-clear]")) clear();
    const opener = event.target.closest("[data-facet]");
    if (opener) show(opener, opener.getAttribute("aria-expanded") !== "true");
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-find]")) search(event.target);
  });
  addEventListener("popstate", draw);
})();
