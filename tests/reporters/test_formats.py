"""Formats are found by name, and default file names are safe whatever an app calls itself."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import UsageError
from analyzer.model import ScanResult
from analyzer.reporters.formats import FORMATS, MAX_FILE_NAME_CHARACTERS, default_path, parse_format, render
from analyzer.reporters.json_report import render_json
from analyzer.reporters.sarif import render_sarif
from tests.reporters.results import APP, EXPIRED, full_result, result, unreadable_result

HTML = FORMATS["html"]
KNOWN = "text, html, json, sarif, markdown, junit, gitlab, github, csv, pins-csv"


def named(package: str, version: str | None = "2.4.1", code: int | None = 20401) -> ScanResult:
    return result(app=msgspec.structs.replace(APP, package=package, version_name=version, version_code=code))


# By name


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("json", "json", None),
        ("json=-", "json", None),
        ("json=out.json", "json", Path("out.json")),
        ("sarif=out/a=b.sarif", "sarif", Path("out/a=b.sarif")),
        ("html=/tmp/report.html", "html", Path("/tmp/report.html")),
        ("text", "text", None),
    ],
)
def test_a_format_may_name_its_path(text: str, name: str, path: Path | None) -> None:
    request = parse_format(text)
    assert (request.format.name, request.path) == (name, path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("pdf", f"unknown format 'pdf'; known are {KNOWN}"),
        ("JSON", f"unknown format 'JSON'; known are {KNOWN}"),
        ("", f"unknown format ''; known are {KNOWN}"),
        ("=out.json", f"unknown format ''; known are {KNOWN}"),
        ("json=", "--format json= needs a path after the equals sign"),
    ],
)
def test_a_wrong_format_is_refused_with_what_would_be_right(text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_format(text)
    assert str(refusal.value) == complaint


def test_a_hostile_format_name_does_not_reach_the_terminal() -> None:
    with pytest.raises(UsageError) as refusal:
        parse_format("\x1b[2J" + "x" * 1000)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 160


def test_json_and_sarif_are_the_reports_of_their_renderers() -> None:
    scan = full_result()
    assert render("json", [scan], reproducible=True) == render_json(scan, reproducible=True)
    assert render("json", [scan]) == render_json(scan, reproducible=False)
    assert render("sarif", [scan, scan], root="/work") == render_sarif([scan, scan], root="/work")


def test_html_is_one_page_about_the_app() -> None:
    page = render("html", [full_result()]).decode("utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert "com.example.shop" in page


def test_text_joins_the_views_of_several_apps() -> None:
    other = result(EXPIRED, app=msgspec.structs.replace(APP, package="org.example.other"))
    text = render("text", [full_result(), other], width=80).decode("utf-8")
    assert text.index("com.example.shop") < text.index("org.example.other")
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert "\x1b" not in text


@pytest.mark.parametrize("name", ["html", "json"])
def test_a_report_on_one_app_refuses_several(name: str) -> None:
    with pytest.raises(UsageError, match=rf"^a {name} report holds one app, not 2"):
        render(name, [result(), result()])


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_a_target_that_could_not_be_read(name: str) -> None:
    assert b"broken.apk" in render(name, [unreadable_result()])


# Default file names


@pytest.mark.parametrize(
    ("scan", "path"),
    [
        (named("com.example.shop"), "reports/com.example.shop-2.4.1.html"),
        (named("com.example.shop", "2.4.1-beta+3"), "reports/com.example.shop-2.4.1-beta+3.html"),
        (named("com.example.shop", None), "reports/com.example.shop-20401.html"),
        (named("com.example.shop", None, None), "reports/com.example.shop.html"),
        (named("com.example.shop", ""), "reports/com.example.shop-20401.html"),
    ],
)
def test_the_default_name_is_package_and_version(scan: ScanResult, path: str) -> None:
    assert default_path(scan, HTML).as_posix() == path


def test_each_format_has_its_suffix() -> None:
    names = [default_path(named("com.example.shop"), one).name for one in FORMATS.values()]
    assert [name.removeprefix("com.example.shop-2.4.1") for name in names] == [
        ".txt", ".html", ".json", ".sarif", ".md", ".xml", ".gitlab.json", ".github.txt", ".csv", ".pins.csv",
    ]  # fmt: skip


def test_a_target_that_could_not_be_read_is_named_after_its_file() -> None:
    assert default_path(unreadable_result("out/broken.apk"), HTML).name == "broken.apk-unreadable.html"


@pytest.mark.parametrize(
    ("package", "version", "pattern"),
    [
        ("../../etc/passwd", "1", r"_.._etc_passwd-1-[0-9a-f]{8}\.html"),
        ("com.example", "../../1", r"com\.example-\.\._\.\._1-[0-9a-f]{8}\.html"),
        ("C:\\Windows\\x", "1", r"C_Windows_x-1-[0-9a-f]{8}\.html"),
        (".hidden", "1", r"hidden-1-[0-9a-f]{8}\.html"),
        ("-rf", "1", r"rf-1-[0-9a-f]{8}\.html"),
        ("con.example", "1", r"_con\.example-1-[0-9a-f]{8}\.html"),
        ("LPT1", None, r"LPT1-20401\.html"),
        ("nul.x", "1", r"_nul\.x-1-[0-9a-f]{8}\.html"),
        ("com.example", "1\n2\x1b[2J\u202e", r"com\.example-1_2_2J_-[0-9a-f]{8}\.html"),
        ("com.example", "2.4.1 (beta)", r"com\.example-2\.4\.1_beta_-[0-9a-f]{8}\.html"),
        ("", "", r"20401-[0-9a-f]{8}\.html"),
        ("a\x00b", "1", r"a_b-1-[0-9a-f]{8}\.html"),
        ("half\ud800", "1", r"half_-1-[0-9a-f]{8}\.html"),
        ("com.example-1", "2", r"com\.example-1-2-[0-9a-f]{8}\.html"),
    ],
)
def test_what_is_not_plain_is_replaced_and_marked_with_a_digest(
    package: str, version: str | None, pattern: str
) -> None:
    path = default_path(named(package, version), HTML)
    assert re.fullmatch(pattern, path.name), path.name
    assert path.parent == Path("reports")


any_text = st.text(st.one_of(st.characters(), st.characters(categories=["Cs", "Cc"]), st.sampled_from("./\\:-")))


@given(any_text, any_text, st.sampled_from(list(FORMATS)))
def test_a_default_name_is_one_short_portable_component(package: str, version: str, name: str) -> None:
    wanted = FORMATS[name]
    path = default_path(named(package, version), wanted)
    assert path.parent == Path("reports")
    assert re.fullmatch(r"[A-Za-z0-9_+][A-Za-z0-9._+-]*", path.name)
    assert path.name.endswith(wanted.suffix)
    assert len(path.name) <= MAX_FILE_NAME_CHARACTERS
    assert path.name.partition(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


similar_text = st.text(st.sampled_from("a.-_ /1\x00é"), max_size=6)


@given(similar_text, similar_text, similar_text, similar_text)
def test_different_apps_get_different_names(package: str, version: str, other: str, other_version: str) -> None:
    one, two = named(package, version or None, None), named(other, other_version or None, None)
    assert (default_path(one, HTML) == default_path(two, HTML)) == ((package, version) == (other, other_version))


def test_long_names_that_differ_only_at_their_end_stay_different() -> None:
    one, two = default_path(named("a" * 300 + "x"), HTML), default_path(named("a" * 300 + "y"), HTML)
    assert one != two
    assert len(one.name) == len(two.name) == MAX_FILE_NAME_CHARACTERS


def test_two_builds_of_one_version_get_different_names_in_one_run() -> None:
    first = default_path(named("com.example.shop"), HTML)
    second = default_path(named("com.example.shop"), HTML, taken={first})
    third = default_path(named("com.example.shop"), HTML, taken={first, second})
    assert [path.name for path in (first, second, third)] == [
        "com.example.shop-2.4.1.html",
        "com.example.shop-2.4.1-abababab.html",
        "com.example.shop-2.4.1-abababab-2.html",
    ]


def test_names_that_differ_in_case_only_count_as_taken() -> None:
    path = default_path(named("com.example.Shop"), HTML, taken={Path("reports/com.example.shop-2.4.1.html")})
    assert path.name == "com.example.Shop-2.4.1-abababab.html"


def test_another_folder_may_be_given() -> None:
    assert default_path(named("com.example.shop"), FORMATS["json"], folder=Path("out")) == Path(
        "out/com.example.shop-2.4.1.json"
    )


def test_a_report_written_as_json_is_json() -> None:
    assert json.loads(render("json", [full_result()]))["app"]["package"] == "com.example.shop"
