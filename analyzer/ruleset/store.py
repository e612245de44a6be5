"""Google Play's verdict on classes that take part in TLS decisions.

Google Play blocks builds that contain an unsafe trust manager, host name verifier or handler of WebViews' certificate
errors: its checks look at the class, not at whether the app uses it or who wrote it (Play Console Help, answers
6346016, 7188426 and 7071387). So the verdict stands beside the findings, whose severity does depend on use.
"""

from collections.abc import Iterable, Mapping, Sequence

from analyzer.model import AnalysisGap, CallbackFact, Facts
from analyzer.model.store import Likelihood, StorePolicy, StoreRejection, StoreVerdict
from analyzer.ruleset.functions.callbacks import is_librarys_allow_all, web_engine

_POLICIES: Mapping[str, StorePolicy] = {
    "trust_manager": "unsafe-trust-manager",
    "hostname_verifier": "unsafe-host-name-verifier",
    "webview_ssl_error": "unsafe-ssl-error-handler",
}
_REASONS: Mapping[tuple[str, str], tuple[Likelihood, str]] = {
    ("trust_manager", "accept-all"): ("rejected", "checkServerTrusted never refuses a certificate."),
    ("trust_manager", "null-guard"): ("rejected", "checkServerTrusted refuses nothing but missing arguments."),
    ("trust_manager", "swallow"): ("rejected", "checkServerTrusted catches the refusal and returns."),
    ("trust_manager", "validity-only"): ("rejected", "checkServerTrusted looks at dates alone."),
    ("trust_manager", "name-compare"): ("may-be-rejected", "checkServerTrusted compares names that anyone can write."),
    ("trust_manager", "self-signed"): (
        "may-be-rejected",
        "checkServerTrusted checks the certificate with its own key.",
    ),
    ("hostname_verifier", "accept-all"): ("rejected", "verify accepts every name."),
    ("hostname_verifier", "swallow"): ("rejected", "verify turns a refusal into an acceptance."),
    ("hostname_verifier", "session-valid"): ("may-be-rejected", "verify asks for a valid session alone."),
    ("hostname_verifier", "peerhost-tautology"): ("may-be-rejected", "verify compares the name with itself."),
    ("webview_ssl_error", "proceed"): ("rejected", "onReceivedSslError goes on whatever the error is."),
    ("webview_ssl_error", "error-code"): ("may-be-rejected", "onReceivedSslError goes on after some kinds of error."),
    ("webview_ssl_error", "url"): ("may-be-rejected", "onReceivedSslError goes on for some addresses or names."),
    ("webview_ssl_error", "dialog"): ("may-be-rejected", "onReceivedSslError goes on when whoever is asked agrees."),
}


def store_verdict(facts: Facts | None, gaps: Sequence[AnalysisGap]) -> StoreVerdict:
    """Say for which classes Google Play would reject a build; pure.

    Args:
        facts: What the app contains; None when it could not be read.
        gaps: What was not analysed.
    """
    if facts is None:
        return StoreVerdict(state="unknown", unknown="The app could not be read.")
    found = [one for callback in facts.callbacks if (one := _rejection(callback)) is not None]
    found.sort(key=lambda one: (one.likelihood != "rejected", one.class_name, one.variant or 0))
    unknown = _unknown(facts, gaps)
    if found:
        state = found[0].likelihood
        return StoreVerdict(state=state, rejections=tuple(found), unknown=unknown)
    return StoreVerdict(state="nothing-found" if unknown is None else "unknown", unknown=unknown)


def _rejection(fact: CallbackFact) -> StoreRejection | None:
    found = _REASONS.get((fact.kind, fact.behaviour))
    # The policy on WebViews is about android.webkit; what accepts in debuggable builds only is not released.
    if found is None or fact.debug_only or web_engine(fact):
        return None
    likelihood, reason = found
    if is_librarys_allow_all(fact):
        likelihood = "may-be-rejected"
    return StoreRejection(
        policy=_POLICIES[fact.kind],
        likelihood=likelihood,
        class_name=fact.class_name,
        variant=fact.variant,
        owner=fact.owner,
        behaviour=fact.behaviour,
        activation=fact.activation,
        reason=reason,
        evidence=fact.evidence[:1],
    )


def _unknown(facts: Facts, gaps: Iterable[AnalysisGap]) -> str | None:
    """Say why classes may be missing from the verdict."""
    hiding = [gap for gap in gaps if {"callback", "code"} & set(gap.hides)]
    if hiding:
        first = hiding[0].detail.rstrip(".")
        more = f", and {len(hiding) - 1} more" if len(hiding) > 1 else ""
        return f"Not every class could be judged: {first}{more}."
    return None if "callback" in facts.covered else "Not every class that decides about certificates was judged."
