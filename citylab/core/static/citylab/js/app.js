// Small manners of every page: focus the error summary, count characters, show what a condition asks for, tell when the connection is gone.
(function () {
  "use strict";
  const one = (selector, root) => (root || document).querySelector(selector);
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  // Signing in in another window gives a new token; forms of pages that were open before must send that one.
  const token = () => (document.cookie.match(/(?:^|; )(?:__\w+-)?csrftoken=([^;]+)/) || [])[1];
  document.addEventListener("submit", (event) => {
    const field = one('input[name="csrfmiddlewaretoken"]', event.target);
    if (field && token() && event.target.method === "post") field.value = token();
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if (!token()) return;
    event.detail.headers["X-CSRFToken"] = token();
    if (event.detail.verb !== "get") event.detail.parameters.csrfmiddlewaretoken = token();
  });

  function prepare(root) {
    const summary = one("[data-focus]", root);
    if (summary) summary.focus();
    all("[data-limit]", root).forEach((field) => {
      const counter = document.getElementById(field.id + "-c");
      if (!counter) return;
      const show = () => {
        const limit = Number(field.dataset.limit);
        counter.textContent = field.value.length + " / " + limit;
        counter.classList.toggle("is-over", field.value.length > limit);
      };
      field.addEventListener("input", show);
      show();
    });
    all("[data-shown-when]", root).forEach((box) => {
      const [name, value] = box.dataset.shownWhen.split("=");
      const fields = all('[name="' + name + '"]');
      const show = () => {
        const given = fields.filter((f) => (f.type === "checkbox" || f.type === "radio" ? f.checked : true)).map((f) => f.value);
        box.hidden = !given.includes(value);
      };
      fields.forEach((field) => field.addEventListener("change", show));
      show();
    });
    all("[data-hidden-when]", root).forEach((box) => {
      const [name, value] = box.dataset.hiddenWhen.split("=");
      const field = one('[name="' + name + '"]');
      const show = () => { box.hidden = field.value === value; };
      field.addEventListener("change", show);
      show();
    });
    all("[data-auto-submit]", root).forEach((form) => form.addEventListener("change", () => form.requestSubmit()));
  }

  document.addEventListener("DOMContentLoaded", () => prepare(document));
  document.addEventListener("htmx:afterSwap", (event) => prepare(event.detail.elt));
  document.addEventListener("page:changed", (event) => prepare(event.detail));

  // What is wrong with a field is said below it; the field itself must know too.
  function mark(box) {
    const wrong = box.childElementCount > 0;
    all("input, textarea, select", box.parentElement).forEach((field) => {
      field.classList.toggle("is-invalid", wrong);
      if (wrong) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
    });
  }
  document.addEventListener("htmx:oobAfterSwap", (event) => { if (event.detail.target.matches("[data-errors]")) mark(event.detail.target); });

  // A consequential form is sent once, however often its button is pressed.
  all("form[data-once]").forEach((form) => form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.addEventListener("pageshow", () => { delete form.dataset.sent; });
  }));

  function connection(kind) {
    const box = document.getElementById("connection");
    if (!box || one("form[data-autosave]")) return;
    box.hidden = !kind;
    if (kind) box.textContent = box.dataset[kind];
  }
  let waiting = null;
  document.addEventListener("htmx:sendError", (event) => { waiting = event.detail.elt; connection("offline"); });
  document.addEventListener("htmx:responseError", () => connection("error"));
  document.addEventListener("htmx:afterOnLoad", () => connection(null));
  window.addEventListener("online", () => { connection(null); if (waiting && window.htmx) { window.htmx.trigger(waiting, "change"); waiting = null; } });
})();
// On a phone a fold marked so starts closed; without this script it is open, and on a desktop it always is.
(function () {
  "use strict";
  if (window.matchMedia("(min-width: 992px)").matches) return;
  const close = (root) => root.querySelectorAll("details[data-fold]").forEach((fold) => fold.removeAttribute("open"));
  close(document);
  document.addEventListener("htmx:load", (event) => close(event.detail.elt));
})();
