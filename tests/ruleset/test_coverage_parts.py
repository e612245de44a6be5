"""What a socket that could not be judged leaves unanswered: the rules about sockets, and no others."""

import pytest

from analyzer.model import FactKind
from analyzer.ruleset.engine import evaluate
from analyzer.ruleset.loader import load_rules
from tests import factories

SOCKET_RULES = {
    "HV-ENDPOINT-ID-CLEARED", "HV-RESULT-IGNORED", "HV-SSLCERTSOCKET", "HV-SSLSOCKET-NONE", "TM-GETINSECURE",
}  # fmt: skip
EVERYTHING: tuple[FactKind, ...] = ("app", "policy", "pin", "callback", "certificate", "sdk", "host", "chain", "code")


def unanswered(hides: FactKind) -> set[str]:
    facts = factories.facts(covered=EVERYTHING)
    found = evaluate(load_rules(), facts, [factories.gap(hides=(hides,))], factories.options())
    without = evaluate(load_rules(), facts, [], factories.options())
    return {one.rule_id for one in found.not_evaluated} - {one.rule_id for one in without.not_evaluated}


def test_an_unclear_socket_leaves_open_what_reads_sockets_alone() -> None:
    assert unanswered("socket") == SOCKET_RULES


@pytest.mark.parametrize("hides", ["callback", "code"])
def test_what_hides_callbacks_hides_sockets(hides: FactKind) -> None:
    assert unanswered(hides) > SOCKET_RULES


def test_it_is_said_once_what_may_be_hidden() -> None:
    facts = factories.facts(covered=EVERYTHING)
    found = evaluate(load_rules(), facts, [factories.gap(hides=("callback",))], factories.options())
    reason = next(one.reason for one in found.not_evaluated if one.rule_id == "HV-SSLSOCKET-NONE")
    assert "sockets made by hand" not in reason
    assert "Classes that take part in TLS decisions may be hidden" in reason
