"""The system's Chromium for tests that look at a page as a reader does."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_browser() -> str | None:
    """Return the path of a Chromium: the one that PINSCOPE_CHROMIUM names, or one of the system's."""
    named = os.environ.get("PINSCOPE_CHROMIUM")
    if named:
        return named
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextlib.contextmanager
def launch_browser() -> Iterator["Browser"]:
    """Run a headless Chromium; skip the test when there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium on this machine; set PINSCOPE_CHROMIUM to its path")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class OpenedPage:
    """A page, with everything that it said and asked for."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.console: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"error: {error}"))
        page.on("request", lambda request: self.requests.append(request.url))


@contextlib.contextmanager
def open_file(browser: "Browser", path: Path, **options: Any) -> Iterator[OpenedPage]:
    """Open a local file in a context of its own; `options` are those of ``Browser.new_context``."""
    context = browser.new_context(**options)
    try:
        opened = OpenedPage(context.new_page())
        opened.page.goto(path.as_uri())
        yield opened
    finally:
        context.close()
