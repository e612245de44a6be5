"""The HTML report as readers meet it: in a browser, on a phone, without script, on paper, by ear."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.reporters.html_report import render_html
from tests.reporters import report_cases as cases
from tests.support.browser import launch_browser, open_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

CASES = {
    "shop": cases.shop,
    "clean": cases.clean,
    "refused": cases.refused,
    "unreadable": cases.unreadable,
    "hostile": cases.hostile,
}
OPEN_EVERYTHING = "document.querySelectorAll('details').forEach(node => { node.open = true; })"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with launch_browser() as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    paths = {}
    for name, build in CASES.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(render_html(build()), encoding="utf-8")
    return paths


@pytest.mark.parametrize("name", CASES)
def test_a_report_loads_nothing_and_complains_of_nothing(browser: "Browser", pages: dict[str, Path], name: str) -> None:
    with open_file(browser, pages[name]) as opened:
        opened.page.evaluate(OPEN_EVERYTHING)
        for button in opened.page.get_by_role("button", name="Copy").all()[:3]:
            button.click()
        assert opened.console == []
        assert [url for url in opened.requests if not url.startswith("data:")] == [pages[name].as_uri()]


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("name", CASES)
def test_only_tables_scroll_sideways(browser: "Browser", pages: dict[str, Path], name: str, width: int) -> None:
    with open_file(browser, pages[name], viewport={"width": width, "height": 800}) as opened:
        opened.page.evaluate(OPEN_EVERYTHING)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", CASES)
def test_a_report_has_no_accessibility_violation(
    browser: "Browser", pages: dict[str, Path], name: str, scheme: Any
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    with open_file(browser, pages[name], color_scheme=scheme, bypass_csp=True, reduced_motion="reduce") as opened:
        opened.page.evaluate(OPEN_EVERYTHING)
        outcome = axe.Axe().run(opened.page)
        violations = [
            (violation["id"], [node["target"] for node in violation["nodes"]][:3])
            for violation in outcome.response["violations"]
        ]
        assert violations == []
        assert len(outcome.response["passes"]) > 10


def test_dark_and_light_differ(browser: "Browser", pages: dict[str, Path]) -> None:
    colours = []
    for scheme in ("light", "dark"):
        with open_file(browser, pages["shop"], color_scheme=scheme) as opened:
            colours.append(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours[0] != colours[1]


def test_everything_is_there_without_script(browser: "Browser", pages: dict[str, Path]) -> None:
    with open_file(browser, pages["shop"], java_script_enabled=False) as opened:
        page = opened.page
        assert page.get_by_text("3 of 5 host patterns are pinned by the network security configuration.").is_visible()
        assert page.locator(".finding").count() == 9
        assert all(finding.is_visible() for finding in page.locator(".finding").all())
        assert page.locator("input:visible").count() == 0
        assert page.get_by_role("button").count() == 0
        page.locator("#hosts summary").first.click()
        assert page.locator("#hosts .pins").first.is_visible()


def test_every_finding_can_be_reached_by_its_address(browser: "Browser", pages: dict[str, Path]) -> None:
    with open_file(browser, pages["shop"]) as opened:
        page = opened.page
        anchors = [link.get_attribute("href") or "" for link in page.locator(".finding .anchor").all()]
        assert len(set(anchors)) == 9
        for anchor in anchors:
            page.goto(pages["shop"].as_uri() + anchor)
            assert page.locator(anchor).is_visible()
        links = page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href'))")
        missing = page.evaluate("links => links.filter(link => !document.getElementById(link.slice(1)))", links)
        assert missing == []


def test_filters_by_severity_and_text_work_from_the_keyboard(browser: "Browser", pages: dict[str, Path]) -> None:
    with open_file(browser, pages["shop"]) as opened:
        page = opened.page
        page.get_by_label("Low (2)").focus()
        page.keyboard.press("Space")
        assert page.locator(".finding:visible").count() == 7
        page.locator(".filters input[type=search]").focus()
        page.keyboard.type("INTRANET pins")
        shown = [node.inner_text() for node in page.locator(".group:visible h3").all()]
        assert len(shown) == 3 and all("High" in title for title in shown)
        assert page.get_by_role("status").inner_text() == "3 of 9 findings shown"


def test_a_link_to_a_filtered_finding_brings_it_back(browser: "Browser", pages: dict[str, Path]) -> None:
    with open_file(browser, pages["shop"]) as opened:
        page = opened.page
        page.get_by_label("Critical (1)").uncheck()
        link = page.locator(".blocking a").first
        target = link.get_attribute("href") or ""
        assert not page.locator(target).is_visible()
        link.click()
        page.locator(target).wait_for(state="visible")


def test_raw_facts_can_be_searched(browser: "Browser", pages: dict[str, Path]) -> None:
    with open_file(browser, pages["shop"]) as opened:
        page = opened.page
        page.locator("#facts summary").click()
        page.locator("#facts input").fill("isrg root")
        shown = [row.inner_text() for row in page.locator("table.raw tbody tr:visible").all()]
        assert len(shown) == 2 and all("ISRG Root X1" in row for row in shown)


def test_a_digest_can_be_copied(browser: "Browser", pages: dict[str, Path]) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with open_file(browser, pages["shop"], permissions=permissions) as opened:
        page = opened.page
        page.locator("#method .copier").first.click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == cases.shop().tool.rules_digest


@pytest.mark.parametrize("script", [True, False])
def test_paper_shows_what_is_folded_on_the_screen(browser: "Browser", pages: dict[str, Path], script: bool) -> None:
    with open_file(browser, pages["shop"], java_script_enabled=script) as opened:
        page = opened.page
        page.emulate_media(media="print")
        folded = page.locator("details:not([open]) > :not(summary, .search)")
        assert folded.count() > 10
        assert [node.inner_html()[:80] for node in folded.all() if not node.is_visible()] == []
        assert not page.locator("nav").is_visible()
        assert page.pdf()[:5] == b"%PDF-"


def test_hostile_text_becomes_neither_script_nor_markup(browser: "Browser", pages: dict[str, Path]) -> None:
    with open_file(browser, pages["hostile"]) as opened:
        page = opened.page
        assert page.evaluate("document.scripts.length") == 1
        assert page.evaluate("document.querySelectorAll('style').length") == 1
        assert "⟨U+202E⟩" in page.locator("h1").inner_text()
        assert "49" not in page.locator("h1").inner_text()


def test_focus_can_be_seen_and_the_first_stop_skips_to_the_verdict(browser: "Browser", pages: dict[str, Path]) -> None:
    with open_file(browser, pages["shop"]) as opened:
        page = opened.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the verdict"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0


def test_findings_can_be_chosen_by_host_and_by_owner(browser: "Browser", pages: dict[str, Path]) -> None:
    with open_file(browser, pages["shop"]) as opened:
        page = opened.page
        hosts = page.get_by_role("combobox", name="Host")
        offered = [option.inner_text() for option in hosts.locator("option").all()]
        patterns = page.locator("#hosts .pattern:not(.words)").all_inner_texts()
        assert offered[0] == "all" and len(offered) > 1 and set(offered[1:]) <= set(patterns)
        for name in offered[1:]:
            hosts.select_option(name)
            shown = page.locator(".finding:visible").all_inner_texts()
            assert 0 < len(shown) < 9 and all(name in text for text in shown)
        hosts.select_option("")
        owners = page.get_by_role("combobox", name="Owner")
        counted = 0
        for name in [option.inner_text() for option in owners.locator("option").all()][1:]:
            owners.select_option(name)
            shown = page.locator(".finding:visible dl.facts").all_inner_texts()
            assert shown and all(name in text for text in shown)
            counted += len(shown)
        assert counted == 9


def test_a_link_to_a_finding_of_another_host_brings_it_back_each_time(
    browser: "Browser", pages: dict[str, Path]
) -> None:
    with open_file(browser, pages["shop"]) as opened:
        page = opened.page
        hosts = page.get_by_role("combobox", name="Host")
        link = page.locator(".blocking a").first
        target = page.locator(link.get_attribute("href") or "")
        for _ in range(2):
            for index in range(1, hosts.locator("option").count()):
                hosts.select_option(index=index)
                if not target.is_visible():
                    break
            assert not target.is_visible()
            link.click()
            target.wait_for(state="visible")
            assert hosts.input_value() == ""


def test_the_report_of_a_large_app_opens_and_filters_at_once(browser: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "crowded.html"
    path.write_text(render_html(cases.crowded()), encoding="utf-8")
    assert path.stat().st_size < 2_000_000
    with open_file(browser, path, viewport={"width": 360, "height": 740}) as opened:
        page = opened.page
        # On an idle machine it is a fraction of a second; others may be at work on this one.
        timing = "performance.getEntriesByType('navigation')[0].loadEventEnd"
        assert 0 < page.evaluate(timing) < 4000
        spent = page.evaluate(
            "(() => { const start = performance.now(); const input = document.querySelector('.filters [type=search]');"
            " input.value = 'nothing like this'; input.dispatchEvent(new Event('input', { bubbles: true }));"
            " document.body.getBoundingClientRect(); return performance.now() - start; })()"
        )
        assert spent < 2000
        assert page.locator(".finding:visible").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_name_of_an_app_breaks_between_its_parts(browser: "Browser", pages: dict[str, Path]) -> None:
    with open_file(browser, pages["shop"]) as opened:
        title = opened.page.locator("h1")
        assert title.locator("wbr").count() == title.inner_text().count(".") > 0
