"""What Google Play would reject: decided from the classes alone, apart from the risk."""

import pytest

from analyzer.model import AnalysisGap, CallbackFact, Facts, Location
from analyzer.ruleset.store import store_verdict
from tests.factories import facts as make_facts

_WEBVIEW = "onReceivedSslError(Landroid/webkit/WebView;Landroid/webkit/SslErrorHandler;Landroid/net/http/SslError;)V"
_X5 = (
    "onReceivedSslError(Lcom/tencent/smtt/sdk/WebView;Lcom/tencent/smtt/export/external/interfaces/SslErrorHandler;L;)V"
)


def _callback(kind: str, behaviour: str, **more: object) -> CallbackFact:
    method = str(more.pop("method", _WEBVIEW if kind == "webview_ssl_error" else "verify"))
    place = Location(kind="code", entry="classes.dex", class_name="a.B", method=method, snippet="return true;")
    given: dict[str, object] = {
        "class_name": "a.B",
        "activation": "active",
        "owner": "first-party",
        "evidence": (place,),
    }
    return CallbackFact(kind=kind, behaviour=behaviour, **{**given, **more})  # type: ignore[arg-type]


def _facts(*callbacks: CallbackFact) -> Facts:
    return make_facts(callbacks=callbacks, covered=("app", "callback", "code", "policy"))


@pytest.mark.parametrize(
    ("kind", "behaviour", "likelihood"),
    [
        ("trust_manager", "accept-all", "rejected"),
        ("trust_manager", "null-guard", "rejected"),
        ("trust_manager", "swallow", "rejected"),
        ("trust_manager", "validity-only", "rejected"),
        ("hostname_verifier", "accept-all", "rejected"),
        ("hostname_verifier", "swallow", "rejected"),
        ("hostname_verifier", "peerhost-tautology", "may-be-rejected"),
        ("webview_ssl_error", "proceed", "rejected"),
        ("webview_ssl_error", "dialog", "may-be-rejected"),
        ("webview_ssl_error", "error-code", "may-be-rejected"),
    ],
)
def test_unsafe_classes_are_named_with_what_they_do(kind: str, behaviour: str, likelihood: str) -> None:
    verdict = store_verdict(_facts(_callback(kind, behaviour)), ())
    (one,) = verdict.rejections
    assert (verdict.state, one.likelihood, one.class_name, one.behaviour) == (likelihood, likelihood, "a.B", behaviour)
    assert one.reason.endswith(".")
    assert verdict.unknown is None


@pytest.mark.parametrize("activation", ["active", "created", "defined_only", "unknown"])
@pytest.mark.parametrize("owner", ["first-party", "sdk:ads", "unknown"])
def test_use_and_owner_change_nothing_about_it(activation: str, owner: str) -> None:
    callback = _callback("trust_manager", "accept-all", activation=activation, owner=owner)
    (one,) = store_verdict(_facts(callback), ()).rejections
    assert (one.likelihood, one.activation, one.owner) == ("rejected", activation, owner)


@pytest.mark.parametrize(
    "callback",
    [
        _callback("trust_manager", "delegate"),
        _callback("trust_manager", "pin-validated"),
        _callback("trust_manager", "always-throw"),
        _callback("hostname_verifier", "delegate"),
        _callback("hostname_verifier", "custom"),
        _callback("hostname_verifier", "deny"),
        _callback("webview_ssl_error", "cancel"),
        _callback("webview_ssl_error", "neither"),
        _callback("webview_ssl_error", "certificate"),
        _callback("webview_ssl_error", "debug-guarded", debug_only=True),
        _callback("hostname_verifier", "accept-all", debug_only=True),
        _callback("webview_ssl_error", "proceed", method=_X5),
    ],
    ids=lambda callback: f"{callback.kind} {callback.behaviour}",
)
def test_sound_classes_and_those_of_no_policy_are_not_named(callback: CallbackFact) -> None:
    verdict = store_verdict(_facts(callback), ())
    assert (verdict.state, verdict.rejections, verdict.unknown) == ("nothing-found", (), None)


def test_apaches_own_class_is_left_to_who_looks() -> None:
    name = "org.apache.http.conn.ssl.AllowAllHostnameVerifier"
    verdict = store_verdict(_facts(_callback("hostname_verifier", "accept-all", class_name=name)), ())
    assert [one.likelihood for one in verdict.rejections] == ["may-be-rejected"]


def test_certain_rejections_come_first() -> None:
    perhaps = _callback("webview_ssl_error", "dialog", class_name="a.A")
    certain = _callback("trust_manager", "accept-all", class_name="z.Z")
    verdict = store_verdict(_facts(perhaps, certain), ())
    assert [one.class_name for one in verdict.rejections] == ["z.Z", "a.A"]
    assert verdict.state == "rejected"


def test_without_a_look_at_the_code_nothing_is_told() -> None:
    facts = make_facts(covered=("app", "policy"))
    assert store_verdict(facts, ()).state == "unknown"
    assert store_verdict(None, ()).state == "unknown"


def test_a_gap_leaves_open_whether_there_are_more() -> None:
    gap = AnalysisGap(stage="code", reason="packed", subject="app", detail="The code is packed.", hides=("callback",))
    verdict = store_verdict(_facts(), (gap,))
    assert verdict.state == "unknown"
    assert verdict.unknown == "Not every class could be judged: The code is packed."
    found = store_verdict(_facts(_callback("trust_manager", "accept-all")), (gap,))
    assert (found.state, found.unknown is None) == ("rejected", False)
