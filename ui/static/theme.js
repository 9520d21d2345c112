// The theme of the reader's choice, set before anything is drawn: this script is small and blocks.
// A choice is kept in this browser once it is made; "as the system" keeps nothing. ?__theme= is
// Gradio's word for it and goes first.
(() => {
  const root = document.documentElement, KEY = "sanad-theme";
  const known = (theme) => (theme === "light" || theme === "dark" ? theme : "");
  const system = matchMedia("(prefers-color-scheme: dark)");
  let theme = known(new URLSearchParams(location.search).get("__theme")) || known(kept());

  function kept() {
    try { return localStorage.getItem(KEY); } catch { return ""; }
  }

  function keep() {
    try {
      if (theme) localStorage.setItem(KEY, theme);
      else localStorage.removeItem(KEY);
    } catch { /* a browser that keeps nothing forgets the choice with the page */ }
  }

  function apply() {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    follow();
  }

  // Gradio's own parts go by a class of <body>, which it sets by its own lights.
  function follow() {
    const dark = theme ? theme === "dark" : system.matches;
    const gradio = document.querySelector("gradio-app, .gradio-container");
    if (gradio && document.body.classList.contains("dark") !== dark) {
      document.body.classList.toggle("dark", dark);
    }
  }

  // The choice stands hidden in the page, for without this script it would do nothing.
  function show() {
    for (const choice of document.querySelectorAll(".sanad-theme[hidden]")) {
      const own = choice.querySelector(`[value="${theme}"]`);
      if (!own) continue; // the page is still being read
      choice.hidden = false;
      own.checked = true;
    }
    follow();
  }

  apply();
  new MutationObserver(show).observe(root, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["class"],
  });
  system.addEventListener("change", follow);
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.(".sanad-theme input")) return;
    theme = known(event.target.value);
    const asked = new URL(location.href);
    if (asked.searchParams.has("__theme")) {
      asked.searchParams.delete("__theme");
      history.replaceState(history.state, "", asked);
    }
    keep();
    apply();
  });
})();
