"""The HTML report as text: what it holds, in which order, and what it can never hold."""

import base64
import hashlib
import html
import itertools
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from analyzer.model import Severity
from analyzer.reporters.html_report import render_html
from tests.reporters import report_cases as cases

_VOID = {"meta", "link", "br", "wbr", "hr", "img", "input"}
CASES = {
    "shop": cases.shop,
    "clean": cases.clean,
    "refused": cases.refused,
    "unreadable": cases.unreadable,
    "hostile": cases.hostile,
}


class Outline(HTMLParser):
    """Collects what the tests ask about, and checks that every element is closed in order."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str]] = []
        self.text: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)
        if self.headings and any(re.fullmatch(r"h[1-6]", tag) for tag in self.open):
            level, title = self.headings[-1]
            self.headings[-1] = (level, title + data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("name", CASES)
def test_every_element_is_closed_and_every_id_is_unique(name: str) -> None:
    outline = Outline(render_html(CASES[name]()))
    assert outline.open == []
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", CASES)
def test_headings_form_an_outline_without_gaps(name: str) -> None:
    levels = [level for level, _ in Outline(render_html(CASES[name]())).headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_sections_follow_the_order_in_which_readers_ask() -> None:
    titles = [title for level, title in Outline(render_html(cases.shop())).headings if level == 2]
    assert titles == [
        "Is it all right?",
        "Which hosts, and what protects each?",
        "What is wrong, worst first?",
        "What would Google Play reject?",
        "How long will it hold?",
        "What was not looked at?",
        "What is good?",
        "Can I trust this?",
        "Raw facts",
    ]


@pytest.mark.parametrize("name", CASES)
def test_only_the_inlined_style_and_script_are_allowed(name: str) -> None:
    document = render_html(CASES[name]())
    (policy,) = [
        meta["content"] or ""
        for meta in Outline(document).all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    (style,) = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", document, re.DOTALL)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for text, directive in ((style, "style-src"), (script, "script-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_loaded_and_nothing_runs_from_an_attribute(name: str) -> None:
    outline = Outline(render_html(CASES[name]()))
    for tag, attributes in outline.elements:
        assert "style" not in attributes
        assert not [attribute for attribute in attributes if attribute.startswith("on")]
        assert "src" not in attributes
        target = attributes.get("href")
        if target is not None:
            assert target.startswith("#") or tag in ("a", "link")
            assert target.startswith(("#", "https://", "data:,"))


def test_links_to_other_places_send_no_referrer() -> None:
    links = [link for link in Outline(render_html(cases.shop())).all("a") if (link["href"] or "").startswith("https")]
    assert links
    assert all("noreferrer" in (link["rel"] or "") and "noopener" in (link["rel"] or "") for link in links)


def test_hostile_text_is_text() -> None:
    document = render_html(cases.hostile())
    outline = Outline(document)
    assert len(outline.all("script")) == 1
    assert "<script>alert" not in document
    assert "\x1b" not in document and "\u202e" not in document and "\u200b" not in document
    shown = "<script>alert(1)</script>⟨U+001B⟩[31m⟨U+202E⟩⟨U+200B⟩'\"&{{7*7}}</style><!-- ::error::"
    assert shown in "".join(outline.text)


def test_a_rule_can_not_bring_a_link_that_runs() -> None:
    rule = cases.rule_text("TM-X", "X", Severity.HIGH)
    rule = replace(rule, references=(replace(rule.references[0], url="javascript:alert(1)"),))
    document = render_html(cases.scan_result(findings=[cases.finding(rule, "a", ".")], rules=[rule]))
    assert "javascript:" not in document


def test_each_finding_shows_what_where_why_and_how_to_fix() -> None:
    text = html.unescape(" ".join("".join(Outline(render_html(cases.shop())).text).split()))
    for part in (
        "The pin-set for legacy.api.shop.example ended on 2025-11-30; since then no pin is checked there.",
        f"{cases.POLICY_ENTRY}:11",
        '<pin-set expiration="2027-03-02">',
        "Whoever holds a certificate from any trusted authority",
        "Declare the setting in the file that the manifest names",
        f'<pin digest="SHA-256">{cases.PIN_OWN}</pin>',
        "CWE-295, MASVS-NETWORK-2, MASTG-TEST-0242, Android Lint PinSetExpiry",
        "Waived until 2026-04-30: Image host of a partner, moves to TLS in spring",
        "Severity adjusted, critical → high: a second pin may match",
        "Owner SDK Ad Network",
        "Android 7.0–8.1 (API 24–27)",
        "Confidence tentative",
    ):
        assert part in text


def test_severity_is_a_word_and_a_shape_beside_its_colour() -> None:
    document = render_html(cases.shop())
    for level in ("critical", "high", "medium", "low"):
        shape = f'<svg class="icon" aria-hidden="true" focusable="false"><use href="#i-{level}"/></svg>'
        assert f'<span class="tag sev-{level}">{shape}{level.capitalize()}</span>' in document
        assert f'<symbol id="i-{level}"' in document


def test_every_bar_of_the_time_line_is_also_told_in_words() -> None:
    bars = [svg for svg in Outline(render_html(cases.shop())).all("svg") if "bar" in (svg.get("class") or "").split()]
    assert [bar["aria-label"] for bar in bars] == [
        "Pin-set ended 46 days ago, on 2025-11-30",
        "Pin-set ends in 411 days, on 2027-03-02",
        "Bundled certificate ends in 897 days, on 2028-06-30",
    ]
    assert all(bar["role"] == "img" for bar in bars)


def test_an_unreadable_target_still_gives_a_report_that_says_why() -> None:
    text = " ".join("".join(Outline(render_html(cases.unreadable())).text).split())
    assert "notes.apk could not be read as an Android app." in text
    assert "Gate: Incomplete" in text
    assert "No rule could be evaluated." in text
    assert "Nothing is known of the hosts of this target." in text


def test_a_clean_app_is_not_called_more_than_its_rules_found() -> None:
    text = " ".join("".join(Outline(render_html(cases.clean())).text).split())
    assert "The rules that could be evaluated found nothing" in text
    assert "secure" not in text.lower().replace("network security configuration", "")


@pytest.mark.parametrize("name", CASES)
def test_the_same_result_gives_the_same_bytes(name: str) -> None:
    assert render_html(CASES[name]()) == render_html(CASES[name]())


def test_five_hundred_findings_stay_below_two_megabytes() -> None:
    document = render_html(cases.crowded(500))
    assert len(Outline(document).all("article")) == 500
    assert len(document.encode()) < 2_000_000


def test_a_policy_of_five_hundred_domains_stays_below_two_megabytes() -> None:
    scopes = "".join(
        f'<domain-config><domain includeSubdomains="true">host-{number}.shop.example</domain>'
        f'<pin-set><pin digest="SHA-256">{cases.PIN_OWN}</pin><pin digest="SHA-256">{cases.PIN_ISRG}</pin></pin-set>'
        "</domain-config>"
        for number in range(500)
    )
    result = cases.app_with_policy((f"<network-security-config>{scopes}</network-security-config>", ""))
    document = render_html(result)
    assert "251 more rows left out here; the JSON report has them all." in document
    assert len(document.encode()) < 2_000_000
