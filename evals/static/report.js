// Filters of the report. Without this script every case is shown.
"use strict";
const form = document.querySelector("form");
const cases = [...document.querySelectorAll("details.case")];
const shown = document.getElementById("shown");

function matches(one, wanted) {
  const { words, ...fields } = wanted;
  return Object.entries(fields).every(([name, value]) => !value || one.dataset[name].split("|").includes(value))
    && (!words || one.textContent.toLowerCase().includes(words.toLowerCase()));
}

function filter() {
  const wanted = Object.fromEntries(new FormData(form));
  let count = 0;
  for (const one of cases) {
    one.hidden = !matches(one, wanted);
    count += one.hidden ? 0 : 1;
  }
  shown.textContent = `${count} of ${cases.length} replies are shown.`;
}

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
filter();
