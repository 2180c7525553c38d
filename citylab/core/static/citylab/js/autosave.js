// Saving while typing: the line beside the buttons says what is saved, and whatever fails is told where it can be mended.
(function () {
  "use strict";
  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const words = form.dataset;
  const RETRY_MILLISECONDS = 8000;
  let edits = 0; // counts what was typed
  let sent = 0; // as far as the request on its way knows
  let saved = 0; // as far as the server has it
  let busy = false;
  let retry = null;
  let pressed = null; // a button pressed while something was unsaved

  const line = () => document.getElementById("save-line");
  const conflict = () => document.querySelector("#conflict [data-conflict]");
  function say(text, failed) {
    const box = line();
    if (!box) return;
    box.textContent = text;
    box.classList.toggle("is-failed", Boolean(failed));
  }
  let lastSaved = line() ? line().textContent.trim() : "";

  function trouble(kind) {
    document.querySelectorAll("[data-trouble]").forEach((box) => { box.hidden = box.dataset.trouble !== kind; });
    const last = document.querySelector("[data-last-saved]");
    if (last && kind === "offline") last.textContent = lastSaved;
    window.clearTimeout(retry);
    if (kind === "offline" || kind === "server") retry = window.setTimeout(save, RETRY_MILLISECONDS);
    if (kind) { say(words.failed, true); pressed = null; }
  }
  function save() {
    if (saved < edits && !conflict() && window.htmx) window.htmx.trigger(form, "save-now");
  }

  form.addEventListener("input", () => { edits += 1; if (!busy && !conflict()) say(words.waiting); });
  document.addEventListener("rows:changed", () => { edits += 1; });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt !== form) return;
    // While two texts wait for a choice, or when nothing was typed, there is nothing to save.
    if (conflict() || saved >= edits) { event.preventDefault(); return; }
    busy = true;
    sent = edits;
    say(words.saving);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt !== form || !event.detail.xhr) return;
    busy = false;
    const status = event.detail.xhr.status;
    if (status === 200) { saved = sent; trouble(null); }
    else if (status === 409) { trouble(null); say(words.failed, true); pressed = null; }
    // Without its cookies the browser is signed out as well.
    else if (status === 401 || (status === 403 && !document.cookie.includes("csrftoken="))) trouble("session");
    else if (status === 403 || status === 404) trouble("refused");
    else if (status) trouble("server");
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (busy || conflict() || saved < sent || !line()) return;
    if (!line().classList.contains("is-failed")) lastSaved = line().textContent.trim();
    if (pressed && saved >= edits) { const button = pressed; pressed = null; form.requestSubmit(button); }
  });
  document.addEventListener("htmx:sendError", (event) => { if (event.detail.elt === form) trouble("offline"); });
  document.addEventListener("htmx:timeout", (event) => { if (event.detail.elt === form) trouble("offline"); });

  // A button saves first without leaving the page: if that fails, what was typed is still here.
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if ((button && button.hasAttribute("data-at-once")) || saved >= edits) { saved = edits; return; }
    event.preventDefault();
    pressed = button;
    if (!busy) save();
  });
  window.addEventListener("online", save);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && document.querySelector("[data-trouble]:not([hidden])")) save(); });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-retry]")) save(); });
  window.addEventListener("beforeunload", (event) => { if (saved < edits) event.preventDefault(); });
})();
