"""Key stores in code: which hosts they decide about, and that the path then has to end in them."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from analyzer.live.settings import LiveSettings, read_settings
from analyzer.live.stage import Looked, look
from analyzer.live.wired_hosts import wired_hosts
from analyzer.model import BundledAnchor, ClientFact, Facts, HostFact, PinFact
from analyzer.options import LiveOptions
from tests import factories
from tests.live.chains import pin_of
from tests.live.pki import NOW, Issued, authority

HOST = "api.shop.com"
OWN = authority("Own Root")
OTHER = authority("Other Root")
INTERMEDIATE = authority("Own CA", OWN)
LEAF = INTERMEDIATE.issue("leaf", hosts=[HOST])


def kept(issued: Issued, **changes: Any) -> PinFact:
    """A certificate in a key store that OkHttp's client trusts."""
    given: dict[str, Any] = {
        "host": None,
        "mechanism": "keystore-tm",
        "hashed_object": "certificate",
        "value": "res/raw/trust.bks",
        "scope": "shop.Net.trust",
        "clients": ("okhttp",),
    }
    return pin_of(hashlib.sha256(issued.der).digest(), **{**given, **changes})


def client(name: str) -> ClientFact:
    return ClientFact(
        kind="okhttp",
        class_name=name,
        method="make()V",
        derived=False,
        pinned=False,
        own_socket_factory=True,
        own_verifier=False,
        activation="active",
    )


def asked(name: str, by: str = "okhttp") -> HostFact:
    return HostFact(name=name, owner="first-party", source="code", client=by)


def facts_of(*pins: PinFact, known: tuple[Issued, ...] = (OWN, OTHER), **details: Any) -> Facts:
    anchors = tuple(
        BundledAnchor(certificate=one.der, certificate_sha256=hashlib.sha256(one.der).digest()) for one in known
    )
    given: dict[str, Any] = {"hosts": (asked(HOST),), "clients": (client("shop.Net"),), "anchors": anchors}
    return factories.facts(pins=pins, **{**given, **details})


@pytest.fixture
def live(tmp_path: Path) -> LiveSettings:
    (tmp_path / f"{HOST}_443.pem").write_text(LEAF.pem + INTERMEDIATE.pem)
    return read_settings(LiveOptions(chains=tmp_path))


def looked(facts: Facts, live: LiveSettings) -> Looked:
    return look(facts, live, factories.options(as_of=NOW), identify=lambda _: None)


def test_a_path_to_a_certificate_of_the_store_satisfies_it(live: LiveSettings) -> None:
    (outcome,) = looked(facts_of(kept(OWN)), live).checks
    assert (outcome.status, outcome.host, outcome.store) == ("match", HOST, "the key store of shop.Net.trust")
    assert [match.role for match in outcome.matches] == ["anchor"]


def test_an_intermediate_or_the_leaf_may_be_what_is_trusted(live: LiveSettings) -> None:
    for trusted, role in ((INTERMEDIATE, "anchor"), (LEAF, "leaf")):
        (outcome,) = looked(facts_of(kept(trusted), known=(trusted,)), live).checks
        assert (outcome.status, [match.role for match in outcome.matches]) == ("match", [role])


def test_a_chain_that_leads_elsewhere_does_not_match(live: LiveSettings) -> None:
    (outcome,) = looked(facts_of(kept(OTHER)), live).checks
    assert (outcome.status, outcome.breaks_on) == ("no-match", NOW.date().isoformat())


def test_the_renewed_certificate_of_an_authority_is_the_same_anchor(live: LiveSettings) -> None:
    renewed = authority("Own Root", key=OWN.key)
    (outcome,) = looked(facts_of(kept(renewed), known=(renewed,)), live).checks
    assert outcome.status == "match"


def test_a_store_whose_certificates_are_not_known_leaves_the_question_open(live: LiveSettings) -> None:
    (outcome,) = looked(facts_of(kept(OTHER), known=()), live).checks
    assert (outcome.status, outcome.reason) == ("unknown", "anchors-unread")
    unresolved = kept(OTHER, digest=None, resolution="unresolved", value="other.pem")
    (outcome,) = looked(facts_of(kept(OTHER), unresolved), live).checks
    assert outcome.status == "unknown"
    (outcome,) = looked(facts_of(kept(OWN), unresolved), live).checks
    assert outcome.status == "match"


def test_pins_of_the_client_are_compared_with_the_path_that_its_store_leads_to(live: LiveSettings) -> None:
    pin = pin_of(OWN, mechanism="okhttp3", checked_against="validated")
    policy = pin_of(OWN, mechanism="nsc", checked_against="validated")
    checks = {check.mechanism: check for check in looked(facts_of(kept(OWN), pin, policy), live).checks}
    assert (checks["okhttp3"].status, checks["okhttp3"].store) == ("match", "the key store of shop.Net.trust")
    # The policy's pins are the platform's business, which does not know the store.
    assert (checks["nsc"].status, checks["nsc"].reason) == ("unknown", "no-trust-anchor")


def test_which_of_several_clients_asks_a_host_is_not_guessed(live: LiveSettings) -> None:
    facts = facts_of(kept(OWN), clients=(client("shop.Net"), client("shop.Ads")))
    (outcome,) = looked(facts, live).checks
    assert (outcome.host, outcome.reason) == (None, "no-concrete-host")


@pytest.mark.parametrize(
    ("pin", "hosts", "found"),
    [
        (kept(OWN), (asked(HOST), asked("ads.com", "url-connection"), asked("v2.com", "okhttp, retrofit")),
         (HOST, "v2.com")),
        (kept(OWN, clients=("https-url-connection",)), (asked(HOST, "url-connection"),), (HOST,)),
        (kept(OWN, clients=("https-url-connection",)),
         (asked(HOST, "url-connection"), asked("ads.com", "url-connection")), ()),
        (kept(OWN, clients=("https-url-connection",), process_wide=True),
         (asked(HOST, "url-connection"), asked("ads.com", "url-connection")), (HOST, "ads.com")),
        (kept(OWN, clients=("webview",)), (asked(HOST, "webview"),), ()),
        (kept(OWN, clients=()), (asked(HOST),), ()),
    ],
)  # fmt: skip
def test_hosts_are_those_that_no_other_client_asks(
    pin: PinFact, hosts: tuple[HostFact, ...], found: tuple[str, ...]
) -> None:
    assert wired_hosts([pin], facts_of(pin, hosts=hosts)) == found


def test_a_host_that_the_user_names_is_not_taken_for_one_of_another_set(tmp_path: Path) -> None:
    (tmp_path / f"{HOST}_443.pem").write_text(LEAF.pem + INTERMEDIATE.pem)
    named = read_settings(LiveOptions(chains=tmp_path, hosts=(HOST,)))
    unwired = kept(OTHER, clients=())
    pinned = pin_of(OWN, mechanism="okhttp3")
    outcomes = {check.mechanism: check for check in looked(facts_of(unwired, pinned), named).checks}
    assert outcomes["keystore-tm"].reason == "no-concrete-host"
    (alone,) = looked(facts_of(unwired), named).checks
    assert (alone.host, alone.status) == (HOST, "no-match")
