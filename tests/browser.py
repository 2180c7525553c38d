"""A person in front of a real browser: what they see, and what nobody should see on any page."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.services import programs

DESKTOP = {"width": 1440, "height": 1000}
PHONE = {"width": 360, "height": 780}
# WCAG 2.1 AA (EN 301 549) and axe's own good practice. Only violations are told: describing all that passed as well would take axe three times as long.
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}, "resultTypes": ["violations"]}
OWN_FORM = "[data-own-form]"
# What axe finds out by drawing takes longer than all its other rules together. It depends on how a part of a page and what it stands in are marked
# up, not on what is written there, so it is looked at once for each such markup in the same window; and a style sheet for phones held upright only, once.
DRAWN = ["color-contrast", "link-in-text-block"]
ONCE = "css-orientation-lock"
LOOK = """async ([where, rules, drawn, once, sheets]) => {
  const split = element => element.children.length && ![...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.textContent.trim())
    ? [...element.children].flatMap(split) : [element];
  const above = part => part ? above(part.parentElement) + part.tagName + part.className : "";
  const attributes = / (id|for|href|src|action|name|value|title|placeholder|alt|lang|datetime|content|points|d|data-[a-z-]+|hx-[a-z-]+|aria-(label|labelledby|describedby|controls))="[^"]+"/g;
  const markup = part => part.outerHTML.replace(attributes, " $1")
    .replace(/>[^<]*[^<\\s][^<]*</g, ">words<");
  window.parts = [...document.querySelectorAll(where == "html" ? "body" : where)].flatMap(split).filter(part => !["SCRIPT", "TEMPLATE"].includes(part.tagName));
  const styled = [...document.styleSheets].map(sheet => sheet.href).join(" ");
  const without = [...drawn, ...(sheets.includes(styled) ? [once] : [])];
  const {violations} = await axe.run(where, {...rules, rules: Object.fromEntries(without.map(rule => [rule, {enabled: false}]))});
  return [violations, styled, parts.map(part => styled + above(part) + markup(part))];
}"""
SEE = """async ([numbers, drawn]) => {
  const there = numbers.filter(number => parts[number].isConnected);  // htmx may have changed the page since
  return [there.length ? (await axe.run({include: there.map(number => parts[number])}, {runOnly: drawn, resultTypes: ["violations"]})).violations : [], there];
}"""
SEEN: set[tuple[str, int]] = set()
STYLED: set[str] = set()
# A page lives for a second or two here: compiling its scripts for speed takes longer than it saves.
ARGUMENTS = ["--js-flags=--no-opt --no-maglev", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
WAIT_MILLISECONDS = 30_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """The one named by CHROMIUM, or Debian's."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=programs.browser(), args=ARGUMENTS)
        yield browser
        browser.close()


class Walker:
    """Somebody who walks through the product in one language, on a desktop or a phone.

    Every page they reach is looked at: axe finds nothing, nothing is refused by the Content Security Policy or fails in a script, nothing
    sticks out sideways, and the page is in their language. With SCREENSHOTS=folder each page leaves a picture there.
    """

    def __init__(self, browser: Browser, address: str, language: str, viewport: dict[str, int], name: str) -> None:
        self.address, self.language, self.name = address, language, name
        self.context = browser.new_context(viewport=viewport, locale="it-IT" if language == "it" else "en-GB", reduced_motion="reduce")  # type: ignore[arg-type]
        self.width = viewport["width"]
        self.context.add_init_script(AXE_SCRIPT)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MILLISECONDS)
        expect.set_options(timeout=WAIT_MILLISECONDS)
        self.complaints: list[str] = []
        self.pictures = 0
        self.page.on("console", lambda message: self._heard(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))

    def _heard(self, kind: str, text: str) -> None:
        # The browser reports refusals (400 to 422) as errors; tests assert those by what the page says. htmx reports an answer that nobody waits
        # for any longer because more was typed.
        if kind == "error" and not re.search(r"status of (400|403|404|409|422)|^htmx:(sendAbort|afterRequest)$", text):
            self.complaints.append(text)

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(self.address + path)
        self.look()

    def follow(self, name: str | re.Pattern[str], *, within: Locator | None = None, nth: int = 0) -> None:
        """Click a link by what it says, and look at the page it leads to."""
        self._click((within or self.page).get_by_role("link", name=name).nth(nth))

    def press(self, name: str | re.Pattern[str], *, within: Locator | None = None, nth: int = 0) -> None:
        """Press a button by what it says, and look at the page that answers."""
        self._click((within or self.page).get_by_role("button", name=name).nth(nth))

    def _click(self, target: Locator) -> None:
        """Click what leads to another page, in the middle of the window as people scroll it there, and look at the page that comes."""
        target.evaluate("element => element.scrollIntoView({block: 'center', behavior: 'instant'})")
        with self.page.expect_navigation(wait_until="load"):
            target.click()
        self.look()

    def fill(self, label: str | re.Pattern[str], value: str, *, nth: int = 0) -> None:
        self.page.get_by_label(label).nth(nth).fill(value)

    def tick(self, selector: str, wanted: bool = True) -> None:
        """Click the label of a box or a radio button, as people do: the design system hides the box itself."""
        field = self.page.locator(selector)
        if field.is_checked() != wanted:
            label = self.page.locator(f'label[for="{field.get_attribute("id")}"]')
            label.evaluate("element => element.scrollIntoView({block: 'center', behavior: 'instant'})")
            label.click(force=True)  # beside a short word the hidden box lies over its label: either takes the click
            expect(field).to_be_checked(checked=wanted)

    def sees(self, *texts: str | re.Pattern[str]) -> None:
        """These words are visible on the page."""
        for text in texts:
            expect(self.page.get_by_text(text).locator("visible=true").first).to_be_visible()

    def sees_not(self, *texts: str | re.Pattern[str]) -> None:
        for text in texts:
            expect(self.page.get_by_text(text).locator("visible=true")).to_have_count(0)

    def look(self) -> None:
        """What must hold on every page."""
        self.page.wait_for_load_state("load")
        self._picture()
        where = f"{self.page.url} ({self.language}, {self.page.viewport_size})"
        assert not self.complaints, f"{where}: {self.complaints}"
        among_wagtails = "/editing/" in self.page.url  # their markup and colours are not ours to mend, but for the forms of ours among them
        if among_wagtails and not self.page.locator(OWN_FORM).count():
            return
        assert self.page.locator("html").get_attribute("lang") == self.language, where
        over = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{where} sticks out sideways by {over} px"
        found, styled, markups = self.page.evaluate(LOOK, [OWN_FORM if among_wagtails else "html", RULES, DRAWN, ONCE, list(STYLED)])
        new = {(markup, self.width): number for number, markup in enumerate(markups) if (markup, self.width) not in SEEN}
        if new:
            drawn, there = self.page.evaluate(SEE, [list(new.values()), DRAWN])
            found += drawn
            SEEN.update(key for key, number in new.items() if number in there)
        STYLED.add(styled)
        assert not found, f"{where}:\n" + "\n".join(f"{v['id']}: {v['help']}: {[node['html'][:160] for node in v['nodes'][:3]]}" for v in found)

    def _picture(self) -> None:
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            self.pictures += 1
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{folder}/{self.name}-{self.language}-{self.pictures:02d}.png", full_page=True)

    def close(self) -> None:
        self.context.close()


def walkers(browser: Browser, address: str, name: str) -> Iterator[Any]:
    """Makes walkers and closes their browsers' windows at the end: `make(language, viewport)`."""
    made: list[Walker] = []

    def make(language: str, viewport: dict[str, int]) -> Walker:
        made.append(Walker(browser, address, language, viewport, f"{name}{len(made) or ''}"))
        return made[-1]

    yield make
    for walker in made:
        walker.close()
