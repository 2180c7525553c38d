// Sending a file: its size is looked at before, how far it got is shown, and the page does not change around it.
(function () {
  "use strict";
  document.querySelectorAll("form[data-upload]").forEach((form) => {
    const input = form.querySelector('input[type="file"]');
    const button = form.querySelector('button[type="submit"]');
    const progress = form.querySelector("[data-progress]");
    const errors = document.getElementById(input.id + "-e");
    if (!input || !progress || !errors) return;

    function tell(text) {
      errors.replaceChildren();
      input.classList.toggle("is-invalid", Boolean(text));
      if (!text) { input.removeAttribute("aria-invalid"); return; }
      const line = document.createElement("p");
      line.className = "tcl-error";
      line.textContent = text;
      errors.append(line);
      input.setAttribute("aria-invalid", "true");
    }
    const tooLarge = () => input.files.length > 0 && input.files[0].size > Number(form.dataset.maximum);
    input.addEventListener("change", () => tell(tooLarge() ? form.dataset.tooLarge : ""));
    form.addEventListener("submit", (event) => {
      if (tooLarge()) { event.preventDefault(); tell(form.dataset.tooLarge); input.focus(); return; }
      if (!input.files.length) return;
      button.disabled = true;
      progress.hidden = false;
      progress.querySelector("span").textContent = form.dataset.sending + " " + input.files[0].name;
      progress.querySelector("progress").removeAttribute("value");
    });
    window.addEventListener("pageshow", () => { button.disabled = false; progress.hidden = true; });
  });
})();
