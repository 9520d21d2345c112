// A shared answer outside the chat: its button while it is asked again, the passages behind its
// numbers, and the way on, which is the chat's.
const find = (selector, from = document) => from.querySelector(selector);
const FORM = "form[action='./shared']";

find(FORM)?.addEventListener("submit", (event) => {
  const button = find("button", event.target);
  setTimeout(() => { button.disabled = true; });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll(`${FORM} button`)) button.disabled = false;
});

document.addEventListener("click", (event) => {
  const marker = event.target.closest?.(".sanad-cite");
  if (marker) open(marker);
  const dialog = event.target.closest?.("dialog.sanad-passage");
  if (dialog && (event.target === dialog || event.target.closest(".sanad-close"))) dialog.close();
  // To ask on, or differently, is for the chat: the question goes along.
  const button = event.target.closest?.('[data-act="retry"], [data-act="edit"], [data-ask]');
  if (!button) return;
  location.assign(`./#${new URLSearchParams({ q: button.dataset.question ?? button.dataset.ask })}`);
});

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
