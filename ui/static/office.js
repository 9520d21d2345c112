// The office while a run is under way: how far it is, and what it did when it is over. And
// files that are dropped. Without this script a page shows the same when it is loaded again.

const EVERY = 1000; // ms
const drop = document.querySelector(".sanad-drop");

if (document.querySelector("#sanad-job[data-running]")) setTimeout(look, EVERY);

async function look() {
  const section = document.querySelector("#sanad-job");
  try {
    const reply = await fetch("./office-job", { credentials: "same-origin", redirect: "error" });
    if (!reply.ok) throw new Error(String(reply.status));
    const job = await reply.json();
    if (!job.running) return over(section);
    const said = section.querySelector("[data-said]"), bar = section.querySelector("progress");
    if (said.textContent !== job.said) said.textContent = job.said;
    if (job.stage !== "index" && job.of) { bar.max = job.of; bar.value = job.done; }
    else bar.removeAttribute("value");
  } catch { /* the server may be busy, or ended: look again */ }
  setTimeout(look, EVERY);
}

// The section is put in place of the old one; what was typed on the page stays.
async function over(section) {
  const reply = await fetch("./office", { credentials: "same-origin" });
  const made = new DOMParser().parseFromString(await reply.text(), "text/html");
  const next = made.querySelector("#sanad-job"), list = made.querySelector(".sanad-held");
  if (!next) return location.reload();
  section.replaceWith(next);
  const held = document.querySelector(".sanad-held");
  if (list && held && !held.querySelector("input")?.value) held.replaceWith(list);
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

if (drop) {
  const input = drop.querySelector("input");
  const over = (event, is) => { event.preventDefault(); drop.classList.toggle("sanad-over", is); };
  drop.addEventListener("dragover", (event) => over(event, true));
  drop.addEventListener("dragleave", (event) => over(event, false));
  drop.addEventListener("drop", (event) => {
    over(event, false);
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
}
