// Lists of rows: add and remove without leaving the page. Without this script the same buttons do it by way of the server.
(function () {
  "use strict";
  document.querySelectorAll("[data-rows]").forEach((list) => {
    const add = list.querySelector("[data-add-row]");
    const template = list.querySelector("template");
    if (!add || !template) return;
    let next = list.querySelectorAll("[data-row]").length;
    const rows = () => Array.from(list.querySelectorAll("[data-row]"));
    const filled = (row) => Array.from(row.querySelectorAll("input, textarea, select")).some((field) => (field.type === "checkbox" || field.type === "radio" ? field.checked : field.value.trim()));

    function renumber() {
      rows().forEach((row, index) => {
        row.setAttribute("aria-label", row.dataset.label + " " + (index + 1));
        row.querySelectorAll("[data-row-number]").forEach((number) => { number.textContent = index + 1; });
      });
      add.disabled = rows().length >= Number(list.dataset.maximum);
    }
    function changed(field) {
      document.dispatchEvent(new CustomEvent("rows:changed"));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    add.addEventListener("click", (event) => {
      event.preventDefault();
      const holder = document.createElement("template");
      holder.innerHTML = template.innerHTML.replaceAll("__row__", String(next)).replaceAll("__number__", String(next + 1));
      next += 1;
      const row = holder.content.firstElementChild;
      template.before(row);
      renumber();
      document.dispatchEvent(new CustomEvent("page:changed", { detail: row }));
      const first = row.querySelector("input, textarea, select");
      if (first) first.focus();
    });
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-remove-row]");
      if (!button) return;
      event.preventDefault();
      const row = button.closest("[data-row]");
      const had = filled(row);
      if (had && !window.confirm(list.dataset.sure)) return;
      row.remove();
      renumber();
      add.focus();
      if (had) changed(add);
    });
    renumber();
  });
})();
