// Keys inside the list of cases, only while the focus is in it: arrows move between cases, m takes one that nobody has.
(function () {
  "use strict";
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const row = event.target.closest("[data-queue] tbody tr");
    if (!row) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
      if (!next) return;
      event.preventDefault();
      next.querySelector("[data-row]").focus();
    } else if (event.key === "m") {
      const take = row.querySelector("[data-take]");
      if (!take) return;
      event.preventDefault();
      take.click();
    }
  });
})();
