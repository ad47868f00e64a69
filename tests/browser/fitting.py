"""Whether an open page fits: phones and desks, text as it is and twice as large, and every control wide enough for a
finger (44 CSS px, WCAG 2.2 §2.5.5)."""

from __future__ import annotations

from collections.abc import Sequence

from browser.phone_in_chromium import Phone
from playwright.sync_api import expect

NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 860}


def misfits(one: Phone, *, viewports: Sequence[dict[str, int]] = (NARROW, WIDE)) -> list[str]:
    """What does not fit on the page that is open, in each of these windows, at text sizes 100 and 200.

    The window and the size change under the page: what it shows was loaded once.
    """
    expect(one.page.locator("main:not([aria-busy]) h1").first).to_be_visible()
    window, size = one.page.viewport_size, one.page.locator("html").get_attribute("data-text-size")
    found = []
    for viewport in viewports:
        one.page.set_viewport_size({"width": viewport["width"], "height": viewport["height"]})
        for per_cent in ("100", "200"):
            _set_text_size(one, per_cent)
            where = f"{one.page.url} at {viewport['width']} px, {per_cent} %"
            if one.is_wider_than_the_screen():
                found.append(f"{where}: has to be scrolled sideways")
            found += [f"{where}: too small: {control}" for control in small_controls(one)]
    found += [f"{one.page.url}: too small with a short name: {control}" for control in small_if_short(one)]
    if window is not None:
        one.page.set_viewport_size(window)
    _set_text_size(one, size or "100")
    return found


def small_controls(one: Phone) -> list[str]:
    """Controls of the open page that a finger would miss, or that have no name."""
    found: list[str] = one.page.evaluate(
        """() => [...document.querySelectorAll('button, a[href], summary, input, select, textarea')]
            .filter((control) => control.checkVisibility() && !control.matches('.skip'))
            .map((control) => [control.closest('label')?.querySelector('input') === control ? control.closest('label') : control])
            .map(([control]) => [(control.textContent || control.ariaLabel || control.id || '').trim().slice(0, 40),
                                 control.getBoundingClientRect()])
            .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
            .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""
    )
    return found


def small_if_short(one: Phone) -> list[str]:
    """Links and buttons of the open page that a finger would miss if what they are named after had a name of one letter."""
    found: list[str] = one.page.evaluate(
        """() => {
            const controls = [...document.querySelectorAll('main a[href], main button')].filter((each) => each.checkVisibility());
            const words = controls.flatMap((each) => {
                const walker = document.createTreeWalker(each, NodeFilter.SHOW_TEXT);
                const found = [];
                while (walker.nextNode()) found.push([walker.currentNode, walker.currentNode.data]);
                return found;
            });
            for (const [node] of words) node.data = '0';
            const small = controls.map((each) => [each, each.getBoundingClientRect()])
                .filter(([, box]) => box.width > 0 && (box.height < 43.5 || box.width < 43.5));
            for (const [node, was] of words) node.data = was;
            return small.map(([each, box]) => `${each.textContent.trim().slice(0, 40)} (${each.className}) ${box.width}x${box.height}`);
        }"""
    )
    return found


def _set_text_size(one: Phone, per_cent: str) -> None:
    one.page.evaluate("(size) => { document.documentElement.dataset.textSize = size; }", per_cent)
