// What tests of access ask a page. An object of functions; each returns what is wrong, in words.
({
  // Text that is drawn and cannot be seen whole: cut by an edge that does not scroll.
  cut: () => [...document.querySelectorAll("body *")].filter((e) => {
    const style = getComputedStyle(e);
    if (style.overflowX === "visible" || !e.innerText?.trim() || !e.checkVisibility()) return false;
    // "sr-only" is Gradio's word for unseen.
    if (e.closest(".sanad-unseen, .sr-only, [aria-hidden=true], .sanad-skip, [role=listbox]")) return false;
    const shut = (way) => way === "hidden" || way === "clip";
    return (shut(style.overflowX) && e.scrollWidth > e.clientWidth + 1)
      || (shut(style.overflowY) && e.scrollHeight > e.clientHeight + 1);
  }).map((e) => `${e.tagName}#${e.id}.${e.className} ${e.innerText.slice(0, 40)}`),

  // What can be pressed and is under 24 px, other than a link in a sentence (WCAG 2.2, 2.5.8).
  small: () => [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [role=button], [role=tab], label:has(input)"
  )].filter((e) => {
    if (!e.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return false;
    if (e.closest(".sanad-unseen, .sanad-skip")) return false;
    const box = e.getBoundingClientRect();
    if (!box.width || Math.min(box.width, box.height) >= 23.5) return false;
    if (e.labels?.length && e.matches("[type=radio], [type=checkbox]")) return false; // its label is
    const around = e.parentElement.innerText?.trim() ?? "";
    return !(e.matches("a") && around.length > e.innerText.trim().length + 3);
  }).map((e) => {
    const box = e.getBoundingClientRect();
    return `${e.tagName}.${e.className} ${e.innerText?.slice(0, 30)} ${box.width} by ${box.height}`;
  }),

  // Arabic letters outside lang=ar and right to left, and Latin words that run from the right.
  misplaced: () => {
    const wrong = [], arabic = /[\u0620-\u064a]/g, latin = /[A-Za-z\u00c0-\u024f]{2}.* /;
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walk.nextNode());) {
      const words = node.textContent.trim(), of = node.parentElement;
      if (!words || !of.checkVisibility()) continue;
      if (of.closest("script, style, template, noscript, pre, code, .sr-only, svg")) continue;
      const language = of.closest("[lang]")?.lang ?? "", way = getComputedStyle(of).direction;
      const told = `${words.slice(0, 60)} | lang=${language} dir=${way} in ${of.tagName}.${of.className}`;
      const letters = words.match(arabic)?.length ?? 0;
      if (letters > words.length / 4) {
        if (way !== "rtl") wrong.push(told);
        else if (!language.startsWith("ar") && !of.closest("[dir=auto]")) wrong.push(told);
      } else if (!letters && latin.test(words) && way !== "ltr" && !of.closest("bdi")) {
        wrong.push(told);
      }
    }
    return wrong;
  },

  // The element with the focus, and whether a reader sees that it has it.
  focused: () => {
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const style = getComputedStyle(e), box = e.getClientRects()[0]; // its first line
    const high = Math.min(box.height, innerHeight - box.y);
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + high / 2);
    const words = e.getAttribute("aria-label") ?? e.innerText ?? "";
    return {
      told: `${e.tagName}.${e.className} ${words.slice(0, 40)}`,
      ring: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
        || style.boxShadow !== "none",
      uncovered: !!top && (e.contains(top) || top.contains(e) || !!e.closest("label")?.contains(top)),
      place: [...document.querySelectorAll("*")].indexOf(e),
    };
  },

  // In forced colours backgrounds go: what is pressed keeps a line, an icon or an underline.
  unlined: () => [...document.querySelectorAll("button, select, textarea, input")].filter((e) => {
    if (!e.checkVisibility({ visibilityProperty: true })) return false;
    if (e.matches("[type=radio], [type=checkbox], [type=file], [type=range]")) return false;
    if (e.closest(".sanad-feedback, .sanad-actions, .sanad-unseen")) return false;
    const lined = [e, e.parentElement].some((one) => {
      const { borderBottomStyle, borderBottomWidth } = getComputedStyle(one);
      return borderBottomStyle !== "none" && parseFloat(borderBottomWidth) > 0;
    });
    return !lined && !/underline/.test(getComputedStyle(e).textDecorationLine)
      && !e.querySelector("svg");
  }).map((e) => `${e.tagName}.${e.className} ${e.innerText?.slice(0, 30)}`),

  // What goes on moving, or slides where it could appear.
  moving: () => [
    ...document.getAnimations()
      .filter((a) => a.playState === "running" && a.effect.getComputedTiming().iterations === Infinity)
      .map((a) => String(a.animationName)),
    ...[...document.querySelectorAll("[class*=sanad-], [id^=sanad-]")].filter((e) => {
      const style = getComputedStyle(e);
      return style.scrollBehavior === "smooth"
        || (/transform|height|width|inset|top|left|margin/.test(style.transitionProperty)
          && parseFloat(style.transitionDuration) > 0);
    }).map((e) => e.id || String(e.className)),
  ],

  // Left edges of the first letters of pieces of a line, as they are drawn.
  drawn: ([selector, line, pieces]) => {
    const e = document.querySelector(selector), before = e.innerHTML;
    e.textContent = line;
    const edges = pieces.map((piece) => {
      const range = document.createRange(), at = line.indexOf(piece);
      range.setStart(e.firstChild, at);
      range.setEnd(e.firstChild, at + 1);
      return Math.round(range.getClientRects()[0].left);
    });
    e.innerHTML = before;
    return edges;
  },
})
