"""From an app's facts to compared chains: which hosts are asked, what is recorded, and what stays open."""

import hashlib
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import UsageError
from analyzer.live.settings import LiveSettings, read_settings
from analyzer.live.stage import Looked, look
from analyzer.model import BundledAnchor, Facts, HostFact, PinFact, PolicyError, TrustAnchor
from analyzer.options import LiveOptions
from tests import factories
from tests.live import servers
from tests.live.chains import pin_of
from tests.live.pki import NOW, Issued, authority
from tests.live.servers import serving

HOST = "api.shop.com"
ROOT = authority("Root")
LEAF = ROOT.issue("leaf", hosts=[HOST])
OTHER = authority("Other Root")
RAW = "@0x7f010001"


class Told:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.refused: list[tuple[str, str]] = []
        self.answers = 0

    def announce(self, hosts: Sequence[str], refused: Sequence[tuple[str, str]]) -> None:
        self.hosts, self.refused = list(hosts), list(refused)

    def answered(self) -> None:
        self.answers += 1


def settings(**changes: Any) -> LiveSettings:
    return read_settings(LiveOptions(**changes))


def looked(facts: Facts, live: LiveSettings, told: Told | None = None, **details: Any) -> Looked:
    return look(facts, live, factories.options(as_of=NOW), identify=lambda _: None, watcher=told, **details)


def pinned(*hosts: str, **changes: Any) -> Facts:
    pins = tuple(pin_of(LEAF, host=host, **changes) for host in hosts)
    return factories.facts(pins=pins, covered=("pin",))


@pytest.fixture
def store(tmp_path: Path) -> str:
    path = tmp_path / "root.pem"
    path.write_text(ROOT.pem)
    return f"test={path}"


def test_a_host_is_asked_its_chain_recorded_and_the_recording_read_without_a_socket(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    folder = tmp_path / "chains"
    with serving(servers.tls(LEAF.write(tmp_path, "leaf"))) as server:
        live = settings(
            enabled=True,
            port=server.port,
            private=("127.0.0.0/8",),
            resolve=(f"{HOST}:{server.port}:127.0.0.1",),
            trust_stores=(store,),
            record=folder,
        )
        seen = looked(pinned(HOST), live, told)
    assert told.hosts == [f"{HOST}:{server.port}"] and told.answers == 1
    (outcome,) = seen.checks
    assert (outcome.status, outcome.store, seen.chains[0].recorded, seen.gaps) == ("match", "test", False, ())
    (path,) = folder.iterdir()
    assert "127.0.0.1" not in path.read_text()

    def refuse(*_: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    again = looked(pinned(HOST), settings(chains=folder, trust_stores=(store,)))
    assert [check.status for check in again.checks] == ["match"]
    assert again.chains[0].recorded and again.chains[0].recording_sha256 == seen.chains[0].recording_sha256


def test_a_dry_run_says_what_would_be_asked_and_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a socket was opened"))
    assert looked(pinned(HOST, "b.shop.com"), settings(dry_run=True), told) == Looked()
    assert told.hosts == [f"{HOST}:443", "b.shop.com:443"]


def test_a_recording_wins_unless_it_is_to_be_refreshed(tmp_path: Path, store: str) -> None:
    folder = tmp_path / "chains"
    folder.mkdir()
    old = ROOT.issue("old", hosts=[HOST])
    with serving(servers.tls(LEAF.write(tmp_path, "leaf"))) as server:
        (folder / f"{HOST}_{server.port}.pem").write_text(old.pem)
        given: dict[str, Any] = {
            "enabled": True,
            "chains": folder,
            "port": server.port,
            "private": ("127.0.0.0/8",),
            "resolve": (f"{HOST}:{server.port}:127.0.0.1",),
            "trust_stores": (store,),
        }
        kept = looked(pinned(HOST), settings(**given))
        assert server.connections == 0
        fresh = looked(pinned(HOST), settings(**given, refresh=True))
    assert [check.status for check in kept.checks] == ["no-match"]
    assert [check.status for check in fresh.checks] == ["match", "no-match"]
    assert [(chain.recorded, chain.superseded) for chain in fresh.chains] == [(False, False), (True, True)]


def test_hosts_without_a_recording_stay_open(tmp_path: Path) -> None:
    seen = looked(pinned(HOST), settings(chains=tmp_path))
    assert [(check.status, check.reason) for check in seen.checks] == [("unknown", "not-recorded")]
    assert [(gap.reason, gap.hides, gap.incomplete) for gap in seen.gaps] == [("unreachable", ("chain",), False)]
    strict = looked(pinned(HOST), settings(chains=tmp_path, strict=True))
    assert all(gap.incomplete for gap in strict.gaps)


def test_a_damaged_recording_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / f"{HOST}_443.pem").write_text("nothing")
    gaps = looked(pinned(HOST), settings(chains=tmp_path)).gaps
    assert gaps[0].detail == f"The recording {HOST}_443.pem was left out: it holds no certificate."


def test_text_that_is_no_host_and_reserved_names_are_not_asked() -> None:
    told = Told()
    odd = [
        "127.1",
        "0x7f000001",
        "169.254.169.254",
        "a" * 300 + ".com",
        "xn--\u0430.com",
        "api.shop.test",
        "{env}.shop.com",
    ]
    seen = looked(pinned(*odd), settings(enabled=True, timeout_seconds=0.2), told)
    # The metadata address is a canonical literal, so the address policy is what stops it.
    assert told.hosts == ["169.254.169.254:443"]
    reasons = {check.host or check.pattern: check.reason for check in seen.checks}
    assert reasons["169.254.169.254"] == "blocked-address"
    assert reasons["127.1"] == reasons["0x7f000001"] == reasons["api.shop.test"] == "blocked-name"
    assert {check.status for check in seen.checks} == {"unknown"}


def test_a_name_that_is_asked_for_may_be_reserved_but_not_malformed(tmp_path: Path) -> None:
    told = Told()
    looked(pinned("api.shop.test"), settings(dry_run=True, hosts=("api.shop.test",)), told)
    assert told.hosts == ["api.shop.test:443"]
    with pytest.raises(UsageError):
        settings(enabled=True, hosts=("127.1",))


def test_ten_thousand_hosts_are_refused_with_the_count() -> None:
    told = Told()
    names = [f"h{number}.shop.com" for number in range(10_000)]
    hosts = tuple(HostFact(name=name, owner="first-party", source="policy") for name in names)
    facts = factories.facts(pins=tuple(pin_of(LEAF, host=name) for name in names), hosts=hosts)
    seen = looked(facts, settings(enabled=True), told)
    assert told.hosts == []
    assert {check.reason for check in seen.checks} == {"too-many"}
    assert "10000 hosts would be asked, more than 50" in seen.gaps[0].detail


def test_globs_allow_and_deny_and_denying_wins() -> None:
    told = Told()
    facts = pinned("a.shop.com", "b.shop.com", "c.other.com")
    looked(facts, settings(dry_run=True, allow=("*.shop.com",), deny=("b.*",)), told)
    assert told.hosts == ["a.shop.com:443"]
    assert {name for name, _ in told.refused} == {"b.shop.com", "c.other.com"}


def _wild(pattern: str, mechanism: str, *named: str, subdomains: bool = False) -> list[str]:
    pin: PinFact = pin_of(LEAF, host=pattern, mechanism=mechanism, include_subdomains=subdomains)
    hosts = tuple(HostFact(name=name, owner="first-party", source="code") for name in named)
    told = Told()
    looked(factories.facts(pins=(pin,), hosts=hosts), settings(dry_run=True), told)
    return [host.removesuffix(":443") for host in told.hosts]


def test_patterns_stand_for_hosts_that_the_app_names_and_no_others() -> None:
    named = ("shop.com", "api.shop.com", "v2.api.shop.com", "myshop.com")
    assert _wild("*.shop.com", "okhttp3", *named) == ["api.shop.com"]
    assert _wild("**.shop.com", "okhttp3", *named) == ["shop.com", "api.shop.com", "v2.api.shop.com"]
    assert _wild("shop.com", "nsc", *named, subdomains=True) == ["shop.com", "api.shop.com", "v2.api.shop.com"]
    assert _wild("shop.com", "nsc", subdomains=True) == ["shop.com"]
    assert _wild("*.shop.com", "okhttp3") == []


def test_a_pattern_without_a_host_stays_open() -> None:
    pins = (pin_of(LEAF, host="*.shop.com", mechanism="okhttp3"),)
    (outcome,) = looked(factories.facts(pins=pins), settings(enabled=True)).checks
    assert (outcome.reason, outcome.host) == ("no-concrete-host", None)


def _with_anchor(*anchors: TrustAnchor, read: Sequence[Issued] = ()) -> Facts:
    band = factories.band(trust_anchors=anchors)
    scope = factories.scope(HOST, bands=(band,))
    return factories.facts(
        policy=factories.policy(factories.variant(scope)),
        pins=(pin_of(ROOT),),
        anchors=tuple(_bundled(one, RAW) for one in read),
    )


def _bundled(issued: Issued, *resources: str) -> BundledAnchor:
    return BundledAnchor(
        certificate=issued.der, certificate_sha256=hashlib.sha256(issued.der).digest(), resources=resources
    )


def test_the_apps_own_anchors_count_for_the_hosts_that_they_are_bound_to(tmp_path: Path) -> None:
    (tmp_path / f"{HOST}_443.pem").write_text(LEAF.pem)
    raw = TrustAnchor(source="raw", resource=RAW)
    live = settings(chains=tmp_path)
    alone = looked(_with_anchor(raw, read=[ROOT]), live)
    assert [(c.status, c.store) for c in alone.checks] == [("match", "the app's own anchors")]
    added = looked(_with_anchor(TrustAnchor(source="system"), raw, read=[ROOT]), live)
    assert added.checks[0].store is not None and added.checks[0].store.endswith("and the app's anchors")
    wrong = looked(_with_anchor(raw, read=[OTHER]), live)
    assert wrong.checks[0].reason == "no-trust-anchor"


def test_anchors_that_are_not_known_leave_the_question_open(tmp_path: Path) -> None:
    (tmp_path / f"{HOST}_443.pem").write_text(LEAF.pem)
    raw = TrustAnchor(source="raw", resource=RAW)
    for anchors in ((raw,), (TrustAnchor(source="system"), raw)):
        (outcome,) = looked(_with_anchor(*anchors), settings(chains=tmp_path)).checks
        assert (outcome.status, outcome.reason) == ("unknown", "anchors-unread")


def test_anchors_that_override_pins_switch_them_off(tmp_path: Path) -> None:
    (tmp_path / f"{HOST}_443.pem").write_text(LEAF.pem)
    raw = TrustAnchor(source="raw", resource=RAW, overrides_pins=True)
    seen = looked(_with_anchor(raw, read=[ROOT]), settings(chains=tmp_path))
    assert [(check.status, check.enforced) for check in seen.checks] == [("match", False)]


def test_a_host_with_an_anchor_of_its_own_is_asked_without_pins() -> None:
    told = Told()
    raw = TrustAnchor(source="raw", resource="@0x7f010001")
    scope = factories.scope(HOST, bands=(factories.band(trust_anchors=(raw,)),))
    looked(factories.facts(policy=factories.policy(factories.variant(scope))), settings(dry_run=True), told)
    assert told.hosts == [f"{HOST}:443"]


@pytest.mark.parametrize(
    "changes",
    [
        {"record": Path("x")},
        {"refresh": True, "enabled": True},
        {"max_hosts": 1001},
        {"threads": 65},
        {"chains": Path("/nonexistent")},
        {"private": ("10.0.0.1/8",)},
        {"resolve": ("a.com:443",)},
        {"resolve": ("a.com:443:localhost",)},
        {"hosts": ("http://a.com",)},
        {"hosts": ("a.com:99999",)},
        {"proxy": "https://p:1"},
        {"trust_stores": ("/nonexistent",)},
    ],
)
def test_wrong_settings_are_said_before_anything_is_read(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        settings(**changes)


def test_pins_without_effect_are_compared_with_nothing() -> None:
    error = PolicyError(kind="pin-length", message="refused", path="pin")
    refused = factories.variant(factories.scope(HOST, bands=()), factories.scope(bands=()), errors=(error,))
    facts = factories.facts(policy=factories.policy(refused), pins=(pin_of(LEAF),))
    assert looked(facts, settings(enabled=True)).checks == ()
    nowhere = factories.variant(factories.scope(factories.domain("*.shop.com", problem="wildcard")))
    facts = factories.facts(policy=factories.policy(nowhere), pins=(pin_of(LEAF, host="*.shop.com"),))
    assert looked(facts, settings(enabled=True)) == Looked()


def _named(name: str, *ports: int) -> HostFact:
    return HostFact(name=name, owner="first-party", source="code", tls_ports=ports)


def test_the_ports_of_the_apps_urls_are_asked_if_they_are_usual_for_tls() -> None:
    hosts = (
        _named(HOST, 8443),
        _named("both.shop.com", 443, 8443),
        _named("odd.shop.com", 6667),
        _named("no.shop.com"),
    )
    pins = tuple(pin_of(LEAF, host=fact.name) for fact in hosts)
    told = Told()
    facts = factories.facts(pins=pins, hosts=hosts)
    looked(facts, settings(dry_run=True), told)
    assert told.hosts == [f"{HOST}:8443", "both.shop.com:443", "both.shop.com:8443", "no.shop.com:443"]
    assert [name for name, _ in told.refused] == ["odd.shop.com:6667"]
    looked(facts, settings(dry_run=True, hosts=("odd.shop.com:6667", f"{HOST}:443", f"{HOST}:4433")), told)
    assert {"odd.shop.com:6667", f"{HOST}:443", f"{HOST}:4433"} <= set(told.hosts) and not told.refused


def test_no_host_is_asked_at_more_than_two_ports() -> None:
    told = Told()
    facts = factories.facts(pins=(pin_of(LEAF),), hosts=(_named(HOST, 443, 4443, 8443), _named(HOST, 9443)))
    looked(facts, settings(dry_run=True), told)
    assert told.hosts == [f"{HOST}:443", f"{HOST}:4443"]
    assert [name for name, _ in told.refused] == [f"{HOST}:8443", f"{HOST}:9443"]


def test_a_recording_counts_for_the_port_that_the_app_asks(tmp_path: Path, store: str) -> None:
    (tmp_path / f"{HOST}_8443.pem").write_text(LEAF.pem)
    live = settings(chains=tmp_path, trust_stores=(store,))
    other = ROOT.issue("other", hosts=[HOST])
    asked = factories.facts(pins=(pin_of(LEAF),), hosts=(_named(HOST, 8443),))
    assert [(check.status, check.port) for check in looked(asked, live).checks] == [("match", 8443)]
    # What is recorded of another port is another server's, perhaps with other keys.
    (tmp_path / f"{HOST}_443.pem").write_text(other.pem)
    assert [(check.status, check.port) for check in looked(asked, live).checks] == [("match", 8443)]
    plain = factories.facts(pins=(pin_of(LEAF),), hosts=(_named(HOST, 443),))
    assert [(check.status, check.port) for check in looked(plain, live).checks] == [("no-match", 443)]
    (tmp_path / f"{HOST}_443.pem").unlink()
    assert [check.reason for check in looked(plain, live).checks] == ["not-recorded"]
