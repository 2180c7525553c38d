// Beside the form: what follows from what is being written. Asks again once typing stops; the last answer stays until the next one is there.
(function () {
  "use strict";
  const PAUSE_MILLISECONDS = 800;

  function start(box) {
    const form = document.querySelector("form[data-edit-form]");
    const panel = box.closest("[data-side-panel]");
    if (!form || !panel) return;
    const status = box.querySelector("[data-live-status]");
    const results = box.querySelector("[data-live-results]");
    let pause = null;
    let asking = null;
    let asked = null;

    async function ask(again) {
      if (panel.hidden) return;
      const body = new URLSearchParams(new FormData(form));
      if (!again && body.toString() === asked) return;
      asked = body.toString();
      if (asking) asking.abort();
      const mine = new AbortController();
      asking = mine;
      results.setAttribute("aria-busy", "true");
      if (!results.childElementCount) status.textContent = box.dataset.busy;
      try {
        const response = await fetch(box.dataset.livePanel, { method: "POST", body, signal: mine.signal, credentials: "same-origin", redirect: "error" });
        if (!response.ok) throw new Error(String(response.status));
        results.innerHTML = await response.text();
        status.textContent = results.querySelector("[data-said]").textContent;
        results.removeAttribute("aria-busy");
      } catch (error) {
        if (mine.signal.aborted) return;
        asked = null;
        status.textContent = box.dataset.failed;
        results.removeAttribute("aria-busy");
      }
    }

    const later = () => {
      window.clearTimeout(pause);
      pause = window.setTimeout(ask, PAUSE_MILLISECONDS);
    };
    ["input", "change", "keyup"].forEach((kind) => form.addEventListener(kind, later));
    panel.addEventListener("show", () => ask());
    box.querySelector("[data-live-refresh]").addEventListener("click", () => ask(true));
    ask();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-live-panel]").forEach(start));
})();
