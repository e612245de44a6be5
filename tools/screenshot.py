"""Take ``docs/report.png``, the picture of an HTML report in the README (needs Chromium and Playwright)."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support.browser import find_browser

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "reports" / "live-chains.html"


def main() -> int:
    """Write the picture."""
    path = find_browser()
    if path is None:
        print("no Chromium on this machine; set PINSCOPE_CHROMIUM to its path", file=sys.stderr)
        return 2
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 1150}, reduced_motion="reduce")
        page.goto(REPORT.as_uri())
        page.screenshot(path=ROOT / "docs" / "report.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
