// Suggestions while typing: a combobox with a list (WAI-ARIA 1.2). Without this script the box is a plain one.
(function () {
  "use strict";
  const DELAY = 150;
  const SHORTEST = 2;

  function prepare(box, number) {
    const list = document.createElement("ul");
    const status = document.createElement("span");
    list.id = "suggestions-" + number;
    list.className = "tcl-suggestions";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", box.dataset.suggestLabel);
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    box.parentElement.classList.add("tcl-suggest");
    box.after(list, status);
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-expanded", "false");
    box.setAttribute("aria-controls", list.id);

    let timer = 0;
    let asked = null;
    const options = () => Array.from(list.children);
    const current = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");

    function point(index) {
      options().forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
      const chosen = options()[index];
      if (!chosen) return box.removeAttribute("aria-activedescendant");
      box.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    }

    function show(wanted) {
      const open = wanted && list.children.length > 0;
      list.hidden = !open;
      list.style.left = box.offsetLeft + "px";
      list.style.top = box.offsetTop + box.offsetHeight + "px";
      list.style.width = box.offsetWidth + "px";
      box.setAttribute("aria-expanded", String(open));
      if (!open) point(-1);
    }

    function close() {
      clearTimeout(timer);
      if (asked) asked.abort();
      status.textContent = "";
      show(false);
    }

    function choose(option) {
      box.value = option.textContent;
      close();
      list.replaceChildren();
      box.form.requestSubmit();
    }

    function fill(page) {
      list.replaceChildren(...Array.from(page.querySelectorAll("li"), (item, at) => {
        const option = document.createElement("li");
        option.id = list.id + "-" + at;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.textContent = item.textContent;
        return option;
      }));
      status.textContent = page.querySelector("p").textContent;
      box.removeAttribute("aria-activedescendant");
      show(true);
    }

    // The list that stands stays until the next one is there. An answer that comes too late, or not at all, changes nothing.
    async function ask() {
      if (asked) asked.abort();
      asked = new AbortController();
      const address = new URL(box.dataset.suggest, location.href);
      address.searchParams.set("q", box.value.trim());
      try {
        const answer = await fetch(address, { signal: asked.signal });
        if (answer.ok) fill(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch (error) {
        if (error.name !== "AbortError") show(false);
      }
    }

    box.addEventListener("input", () => {
      clearTimeout(timer);
      if (box.value.trim().length < SHORTEST) return close();
      timer = setTimeout(ask, DELAY);
    });

    box.addEventListener("keydown", (event) => {
      const open = !list.hidden;
      const count = list.children.length;
      const at = current();
      if (event.key === "Escape" && open) close();
      else if (event.key === "Enter" && open && at >= 0) choose(options()[at]);
      else if (event.key === "ArrowDown" && count) { show(true); point(at + 1 < count ? at + 1 : 0); }
      else if (event.key === "ArrowUp" && count) { show(true); point(at > 0 ? at - 1 : count - 1); }
      else return;
      event.preventDefault();
    });

    // Pressing the mouse would take the focus, and with it the list, before the click arrives.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => { const option = event.target.closest("[role=option]"); if (option) choose(option); });
    box.addEventListener("blur", close);
    box.form.addEventListener("submit", close);
  }

  document.querySelectorAll("[data-suggest]").forEach(prepare);
})();
