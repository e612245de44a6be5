"""Rules explain themselves: complete texts, known references, plain words."""

import re
from urllib.parse import urlsplit
from xml.parsers import expat

import pytest

from analyzer.model import Severity
from analyzer.ruleset.loader import read_rule, rules_folder
from analyzer.ruleset.schema import Rule
from tests.rules.sample_facts import evaluate_sample

FOLDER = rules_folder() / "checks"
RULES = [read_rule(path) for path in sorted(FOLDER.rglob("*.yaml"))]
FAMILIES = {"app", "nsc", "pin", "okhttp", "tm", "hv", "webview", "trustkit", "cronet", "cert", "live", "net", "xplat",
            "native", "policy"}  # fmt: skip
CWE = {
    183, 201, 252, 295, 296, 297, 298, 299, 319, 321, 322, 326, 327, 328, 345, 347, 359, 367, 390, 477, 489, 599, 636,
    693, 703, 757, 798, 829, 1104, 1188, 1395,
}  # fmt: skip
MASTG = {
    *(f"MASTG-TEST-{number:04}" for number in
      (217, 218, 233, 234, 235, 236, 237, 238, 239, 242, 243, 244, 282, 283, 284, 285, 286, 295)),
    *(f"MASTG-BEST-{number:04}" for number in (7, 8, 10, 20, 21)),
}  # fmt: skip
LINT = {
    "AcceptsUserCertificates", "AllowAllHostnameVerifier", "BadHostnameVerifier", "CustomX509TrustManager",
    "DefaultCleartextTraffic", "DefaultTrustedUserCerts", "HardcodedDebugMode", "InsecureBaseConfiguration",
    "MissingBackupPin", "NetworkSecurityConfig", "PinSetExpiry", "SSLCertificateSocketFactoryCreateSocket",
    "SSLCertificateSocketFactoryGetInsecure", "TrustAllX509TrustManager", "UsingHttp",
    "WebViewClientOnReceivedSslError",
}  # fmt: skip
SITES = {
    "developer.android.com", "mas.owasp.org", "cwe.mitre.org", "www.rfc-editor.org", "square.github.io",
    "source.android.com", "android.googlesource.com", "github.com", "letsencrypt.org", "publicsuffix.org",
}  # fmt: skip
# Words that promise too much or say too little, outside of code in backticks.
MISLEADING = re.compile(r"\b(in)?secure(ly|d)?\b|vulnerab|\bhack|\bobviously\b|\bsimply\b", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(TODO|FIXME|TBD|XXX)\b|lorem", re.IGNORECASE)

each_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])


def prose(rule: Rule) -> dict[str, str]:
    """Return the texts that people read, code in backticks and quoted values left out."""
    texts = {"what": rule.texts.what, "why": rule.texts.why, "fix": rule.texts.fix, "limits": rule.texts.limits}
    messages = {f"cases[{number}]": case.message or "" for number, case in enumerate(rule.cases)}
    shown = {"title": rule.title, **texts, "message": rule.message, **messages}
    return {key: re.sub(r"`[^`]*`|\{[^}]*\}|\"[^\"]*\"", "", text) for key, text in shown.items()}


def test_there_are_rules() -> None:
    assert RULES


@pytest.mark.parametrize("field", ["id", "name", "title"])
def test_nothing_is_named_twice(field: str) -> None:
    values = [getattr(rule, field) for rule in RULES]
    assert sorted({value for value in values if values.count(value) > 1}) == []


def test_every_rule_stands_in_the_folder_of_its_family() -> None:
    for path in FOLDER.rglob("*.yaml"):
        family = path.stem.split("-")[0].lower()
        assert family in FAMILIES
        assert path.relative_to(FOLDER).as_posix() == f"{family}/{path.stem}.yaml"


@each_rule
def test_a_name_says_what_would_be_allowed(rule: Rule) -> None:
    words = rule.name.split("-")
    assert words[0] not in {"no", "not", "disallow", "avoid", "use", "check", "detect", "missing", "prefer"}
    assert 2 <= len(words) <= 6


@each_rule
def test_a_title_is_short_and_no_sentence(rule: Rule) -> None:
    assert len(rule.title) <= 70
    assert not rule.title.endswith(".")
    first = rule.title.split()[0]
    # A name from the platform keeps its spelling: `usesCleartextTraffic`, targetSdk, debug-overrides.
    assert rule.title[0].isupper() or re.search(r"[`A-Z-]", first)


@each_rule
def test_texts_are_whole_sentences(rule: Rule) -> None:
    for key in ("what", "why", "fix", "limits"):
        text = getattr(rule.texts, key).strip()
        assert len(text) >= (10 if key == "fix" else 40), key
        assert text.endswith((".", ".)", ":")), key
        assert not UNFINISHED.search(text), key
    for message in (rule.message, *(case.message for case in rule.cases if case.message)):
        assert message.strip().endswith((".", ".}", "}"))


@each_rule
def test_texts_promise_nothing_and_blame_nobody(rule: Rule) -> None:
    found = {key: match[0] for key, text in prose(rule).items() if (match := MISLEADING.search(text))}
    assert found == {}


@each_rule
def test_code_in_backticks_is_closed(rule: Rule) -> None:
    for key in ("what", "why", "fix", "limits"):
        assert getattr(rule.texts, key).count("`") % 2 == 0, key


@each_rule
def test_catalogue_numbers_exist(rule: Rule) -> None:
    assert set(rule.mapping.cwe) <= CWE
    assert set(rule.mapping.mastg) <= MASTG
    assert set(rule.mapping.lint) <= LINT


@each_rule
def test_a_problem_says_which_weakness_it_is(rule: Rule) -> None:
    if rule.type == "strength" or rule.severity is Severity.INFO:
        return
    assert rule.mapping.cwe
    assert rule.mapping.masvs


@each_rule
def test_references_lead_to_known_sites(rule: Rule) -> None:
    for link in rule.references:
        parts = urlsplit(link.url)
        assert (parts.scheme, parts.netloc in SITES) == ("https", True), link.url
        for number in re.findall(r"MASTG-[A-Z]+-\d+", link.url):
            assert number in rule.mapping.mastg
        for number in re.findall(r"cwe\.mitre\.org/data/definitions/(\d+)", link.url):
            assert int(number) in rule.mapping.cwe
    urls = [link.url for link in rule.references]
    assert len(set(urls)) == len(urls)


@each_rule
def test_a_snippet_of_xml_is_well_formed(rule: Rule) -> None:
    assert rule.texts.snippet_language is None or rule.texts.snippet is not None
    if rule.texts.snippet is not None and rule.texts.snippet_language == "xml":
        assert malformed(rule.texts.snippet) is None


@each_rule
def test_what_a_finding_says_can_be_read(rule: Rule) -> None:
    for sample in rule.samples.bad:
        evaluation = evaluate_sample(rule, sample)
        for statement in evaluation.findings + evaluation.strengths:
            assert statement.message == statement.message.strip()
            assert statement.message.endswith((".", ".)"))
            assert "  " not in statement.message and "\n" not in statement.message
            assert "{" not in statement.message
            assert not re.search(r"\bNone\b|\bTrue\b|\bFalse\b", statement.message)
            assert len(statement.message) <= 600
        for finding in evaluation.findings:
            if finding.fix is not None and finding.fix.lstrip().startswith("<"):
                assert malformed(finding.fix) is None


@each_rule
def test_a_finding_shows_where(rule: Rule) -> None:
    if rule.for_each in ("app", "policy", "sdk", "host", "chain", "certificate", "callback", "api_use", "pin"):
        # These samples give their facts without places.
        return
    for sample in rule.samples.bad:
        if sample.facts or (sample.policy is None and not sample.orphans):
            continue
        evaluation = evaluate_sample(rule, sample)
        statements = evaluation.findings + evaluation.strengths
        assert all(statement.locations for statement in statements)


def malformed(fragment: str) -> str | None:
    """Return why an XML fragment is not well-formed."""
    namespaces = "xmlns:android='http://schemas.android.com/apk/res/android' xmlns:tools='tools'"
    try:
        expat.ParserCreate().Parse(f"<root {namespaces}>{fragment}</root>", True)
    except expat.ExpatError as error:
        return f"{error}: {fragment}"
    return None
