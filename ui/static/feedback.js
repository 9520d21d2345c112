// Feedback under a finished reply: a thumb, and for a bad one a reason. Sent to our server, and
// only when it is pressed. Shared by the chat page and the widget's frame.
(() => {
  const page = document.documentElement;

  addEventListener("click", (event) => {
    const button = event.target.closest?.(".sanad-feedback button");
    if (!button) return;
    const block = button.closest(".sanad-feedback");
    if (button.dataset.verdict === "bad") toggle(block, button);
    else send(block, button.dataset.verdict ?? "bad");
  });

  // The box for a reason comes when it is wanted, and goes again.
  function toggle(block, button) {
    const open = block.querySelector(".sanad-reason");
    button.setAttribute("aria-expanded", String(!open));
    if (open) return open.remove();
    const made = part(block, ".sanad-reason");
    block.querySelector(".sanad-told").before(made);
    made.querySelector("textarea").focus({ preventScroll: true });
    made.scrollIntoView({ block: "nearest" });
  }

  function part(block, selector) {
    return block.querySelector("template").content.querySelector(selector).cloneNode(true);
  }

  async function send(block, verdict) {
    const told = block.querySelector(".sanad-told"), buttons = block.querySelectorAll("button");
    const comment = block.querySelector("textarea")?.value.trim() ?? "";
    for (const button of buttons) button.disabled = true;
    const body = { ...JSON.parse(block.dataset.about), verdict, face: page.dataset.face };
    if (verdict === "bad") body.comment = comment;
    let done = false;
    try {
      const reply = await fetch(page.dataset.feedback, {
        method: "POST", credentials: "omit", referrerPolicy: "no-referrer",
        headers: { "content-type": "application/json" }, body: JSON.stringify(body),
      });
      done = reply.ok;
    } catch { /* said below */ }
    told.textContent = part(block, `[data-word="${done ? "thanks" : "failed"}"]`).textContent;
    for (const button of buttons) button.disabled = false;
    if (done) for (const rest of block.querySelectorAll(".sanad-thumbs, .sanad-reason")) rest.remove();
    told.focus(); // which reads it out; what had the focus may be gone
  }
})();
