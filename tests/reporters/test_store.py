"""What Google Play would say of a build, in the reports that people read."""

from msgspec.structs import replace

from analyzer.model import ScanResult, StoreRejection, StoreVerdict
from analyzer.reporters.formats import render
from analyzer.reporters.terminal import render_terminal
from analyzer.reporters.view import build_view
from tests.reporters import report_cases as cases

_LONG = "com.example.shop.network.internal.compatibility.legacy.VeryPermissiveHostnameVerifierForTests"


def _rejection(class_name: str, **changes: object) -> StoreRejection:
    one = StoreRejection(
        policy="unsafe-host-name-verifier",
        likelihood="rejected",
        class_name=class_name,
        variant=None,
        owner="first-party",
        behaviour="accept-all",
        activation="defined_only",
        reason="verify accepts every name.",
        evidence=(replace(cases.CLIENT_CODE, class_name=class_name, snippet="return true;"),),
    )
    return replace(one, **changes)


def _result(*rejections: StoreRejection, unknown: str | None = None) -> ScanResult:
    state = rejections[0].likelihood if rejections else "unknown" if unknown else "nothing-found"
    return replace(cases.shop(), store=StoreVerdict(state=state, rejections=rejections, unknown=unknown))


def _terminal(result: ScanResult, *, verbose: bool = False) -> str:
    return render_terminal(result, width=80, color=False, verbose=verbose)


def _section(text: str, title: str) -> str:
    return text.partition(f"\n{title}\n")[2].partition("\n\n")[0]


def test_certain_rejections_stand_apart_from_what_may_be_rejected() -> None:
    perhaps = _rejection("a.Page", likelihood="may-be-rejected", variant=3, owner="sdk:ads", activation="active")
    store = build_view(_result(_rejection("a.Names"), perhaps)).store
    assert [(one.name, one.owner, one.use) for one in store.rejected] == [
        ("a.Names", "first party", "defined, never built")
    ]
    assert [(one.name, one.owner, one.use) for one in store.perhaps] == [("a.Page (case 3)", "SDK ads", "in use")]
    assert store.rejected[0].code == "return true;"
    assert (store.title, store.nothing, store.note) == ("Google Play would reject", None, None)


def test_nothing_found_and_not_known_are_told_apart() -> None:
    nothing = build_view(_result()).store
    assert nothing.nothing is not None and nothing.note is None
    unknown = build_view(_result(unknown="The code is packed.")).store
    assert (unknown.nothing, unknown.note) == (None, "The code is packed.")


def test_the_terminal_names_class_owner_use_and_reason_within_its_width() -> None:
    text = _terminal(_result(_rejection(_LONG), _rejection("a.B", owner="sdk:ads"), unknown="One class is damaged."))
    assert max(map(len, text.split("\n"))) <= 80
    section = _section(text, "Google Play would reject")
    words = " ".join(section.split())
    assert "✗ a.B (SDK ads; defined, never built): verify accepts every name." in words
    assert _LONG in words.replace(" ", "")
    assert words.endswith("? One class is damaged.")


def test_the_terminal_counts_what_it_does_not_list() -> None:
    result = _result(*(_rejection(f"a.C{number}") for number in range(9)))
    assert _section(_terminal(result), "Google Play would reject").rstrip().endswith("and 3 more classes")
    assert "a.C8" in _terminal(result, verbose=True)


def test_the_terminal_shows_the_deciding_code_when_asked() -> None:
    section = _section(_terminal(_result(_rejection("a.Names")), verbose=True), "Google Play would reject")
    assert "return true;" in section


def test_without_classes_the_terminal_is_silent_unless_asked() -> None:
    assert "Google Play" not in _terminal(_result())
    assert "Google Play: nothing found that it would reject" in _terminal(_result(), verbose=True)


def test_the_html_report_lists_the_classes_with_their_code() -> None:
    html = render("html", [_result(_rejection("a.Names"), unknown="One class is damaged.")]).decode()
    section = html.partition('<section id="play"')[2].partition("</section>")[0]
    for part in ("a.Names", "rejected", "verify accepts every name.", "first party", "defined, never built",
                 "return true;", "One class is damaged."):  # fmt: skip
        assert part in section


def test_markdown_lists_them_as_well() -> None:
    text = render("markdown", [_result(_rejection("a.Names"))]).decode()
    assert "### Google Play would reject\n\n- `a.Names` (first party; defined, never built): verify accepts" in text


def test_the_json_report_has_the_verdict() -> None:
    text = render("json", [_result(_rejection("a.Names"))]).decode()
    assert '"store": {\n    "state": "rejected"' in text
