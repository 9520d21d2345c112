// The library while one types or chooses: the same page is fetched again and its list put in
// place. Without this script the form is sent as any form is.

const form = document.querySelector(".sanad-search");
const WAIT = 250; // ms after the last key
let timer = 0, running = null;

if (form) {
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, WAIT); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); show(); });
  document.addEventListener("click", (event) => {
    const way = event.target.closest?.(".sanad-pager a");
    if (!way || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(way.href, true);
  });
  addEventListener("popstate", () => location.reload());
}

function address() {
  const given = [...new FormData(form)].filter(([, value]) => value.trim() !== "");
  const query = new URLSearchParams(given).toString();
  return query ? `./library?${query}` : "./library";
}

async function show(to = address(), turned = false) {
  running?.abort();
  running = new AbortController();
  try {
    const reply = await fetch(to, { signal: running.signal, credentials: "same-origin" });
    if (!reply.ok) throw new Error(String(reply.status));
    const made = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const part of ["#sanad-found", ".sanad-cleared"]) {
      const now = document.querySelector(part), next = made.querySelector(part);
      if (now && next) now.replaceChildren(...next.childNodes);
    }
    // The same view in another language is the view as it is now.
    const ways = made.querySelectorAll(".sanad-languages a");
    document.querySelectorAll(".sanad-languages a").forEach((a, i) => { if (ways[i]) a.setAttribute("href", ways[i].getAttribute("href")); });
    history[turned ? "pushState" : "replaceState"](null, "", to);
    if (turned) {
      const found = document.querySelector("#sanad-found");
      found.tabIndex = -1;
      found.focus({ preventScroll: true });
      found.scrollIntoView();
    }
  } catch (error) {
    if (error.name !== "AbortError") location.assign(to);
  }
}
