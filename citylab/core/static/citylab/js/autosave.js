// Saving while typing: the words beside the buttons say what is saved, and leaving with unsaved text asks once.
(function () {
  "use strict";
  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const words = form.dataset;
  let unsaved = false;
  const line = () => document.getElementById("save-line");
  const say = (text, failed) => { const box = line(); if (box) { box.textContent = text; box.classList.toggle("is-failed", Boolean(failed)); } };
  form.addEventListener("input", () => { unsaved = true; });
  form.addEventListener("submit", () => { unsaved = false; });
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt === form) say(words.saving); });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt !== form) return;
    if (event.detail.successful) unsaved = false; else say(words.failed, true);
  });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
})();
