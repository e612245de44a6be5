"""Pins against chains: which certificates count is the mechanism's business."""

import base64
import hashlib

import pytest

from analyzer.live.compare import check
from analyzer.model import PinCheck
from tests.live.chains import chain, pin_of, store
from tests.live.pki import DAY, NOW, Issued, authority, make, new_key

HOST = "api.shop.com"
ROOT = authority("Root")
OTHER_ROOT = authority("Other Root")
MIDDLE = authority("Middle", ROOT, end=NOW + 300 * DAY)
LEAF = MIDDLE.issue("leaf", hosts=[HOST], end=NOW + 60 * DAY)
EXTRA = authority("Extra", OTHER_ROOT)
PUBLIC = store("public", ROOT, OTHER_ROOT)
UNKNOWN = bytes(range(100, 132))


def judge(*pins: object, sent: list[Issued] | None = None, stores: object = (PUBLIC,), **details: object) -> PinCheck:
    given = list(pins)
    seen = chain(HOST, sent or [LEAF, MIDDLE], *stores, pins=given, **details)  # type: ignore[misc,arg-type]
    return check(given, [seen], 0, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("issued", "role", "breaks"),
    [(LEAF, "leaf", 60), (MIDDLE, "intermediate", 300), (ROOT, "anchor", 3650)],
    ids=["leaf", "intermediate", "anchor"],
)
def test_any_certificate_of_the_validated_path_fits_the_anchor_that_was_not_sent_included(
    issued: Issued, role: str, breaks: int
) -> None:
    found = judge(pin_of(issued), pin_of(UNKNOWN))
    assert (found.status, found.store, [match.role for match in found.matches]) == ("match", "public", [role])
    assert found.unmatched == (UNKNOWN.hex()[:12],)
    assert found.breaks_on == (NOW + breaks * DAY).date().isoformat()
    assert found.pins == 2


def test_a_pin_of_nothing_in_the_path_does_not_match_and_breaks_today() -> None:
    found = judge(pin_of(UNKNOWN))
    assert (found.status, found.reason, found.breaks_on) == ("no-match", None, NOW.date().isoformat())


def test_what_is_sent_but_not_in_the_path_satisfies_no_pin() -> None:
    found = judge(pin_of(EXTRA), sent=[LEAF, MIDDLE, EXTRA])
    assert found.status == "no-match"
    assert [match.role for match in found.only_sent] == ["unused"]


def test_code_that_looks_at_what_was_sent_is_satisfied_by_it_without_any_path() -> None:
    found = judge(pin_of(EXTRA, mechanism="custom-tm", checked_against="presented"), sent=[LEAF, EXTRA], stores=())
    assert found.status == "match"
    anchor = judge(pin_of(ROOT, mechanism="custom-tm", checked_against="presented"))
    assert anchor.status == "no-match"


def test_code_that_looks_at_the_leaf_sees_nothing_else() -> None:
    assert judge(pin_of(LEAF, checked_against="leaf")).status == "match"
    middle = judge(pin_of(MIDDLE, checked_against="leaf"))
    assert middle.status == "no-match" and middle.only_sent[0].role == "intermediate"


def test_code_that_looks_at_a_position_is_not_judged() -> None:
    assert judge(pin_of(LEAF, checked_against="index")).reason == "index"


def test_a_fingerprint_is_of_the_whole_certificate() -> None:
    digest = hashlib.sha256(LEAF.der).digest()
    found = judge(pin_of(digest, hashed_object="certificate", checked_against="leaf"))
    assert found.status == "match" and found.matches[0].by_certificate
    old = hashlib.sha1(LEAF.der).digest()
    assert judge(pin_of(old, hashed_object="certificate", checked_against="leaf", algorithm="sha1")).status == "match"


def test_sha1_pins_of_keys_are_compared_too() -> None:
    assert judge(pin_of(hashlib.sha1(LEAF.spki).digest(), algorithm="sha1", mechanism="okhttp3")).status == "match"


@pytest.mark.parametrize(
    ("digest", "form"),
    [
        (hashlib.sha256(LEAF.der).digest(), "SHA-256 of the whole certificate"),
        (hashlib.sha1(LEAF.spki).digest(), "SHA-1 of the public key"),
        (hashlib.sha256(LEAF.spki).hexdigest().encode(), "SHA-256 of the public key, as hexadecimal text"),
        (hashlib.sha256(LEAF.pem.encode()).digest(), "SHA-256 of the certificate as PEM text"),
        (hashlib.sha256(base64.b64encode(LEAF.der)).digest(), "SHA-256 of the base64 text of the certificate"),
    ],
    ids=["certificate", "SHA-1", "hexadecimal", "PEM", "base64"],
)
def test_a_pin_that_is_another_digest_of_a_certificate_is_told_with_the_right_one(digest: bytes, form: str) -> None:
    found = judge(pin_of(digest))
    assert found.status == "no-match"
    assert found.near_misses == (f"{digest.hex()[:12]} is the {form} of CN=leaf",)
    assert found.right_pins == (base64.b64encode(LEAF.pin).decode(),)


def test_a_bare_rsa_key_is_a_near_miss() -> None:
    from cryptography.hazmat.primitives import serialization

    leaf = MIDDLE.issue("rsa", hosts=[HOST], key=new_key("rsa2048"))
    bare = leaf.certificate.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    found = judge(pin_of(hashlib.sha256(bare).digest()), sent=[leaf, MIDDLE])
    assert "SHA-256 of the bare key without its algorithm of CN=rsa" in found.near_misses[0]


def test_the_pin_of_another_host_is_told() -> None:
    elsewhere = MIDDLE.issue("elsewhere", hosts=["www.shop.com"])
    pins = [pin_of(elsewhere)]
    chains = [chain(HOST, [LEAF, MIDDLE], PUBLIC, pins=pins), chain("www.shop.com", [elsewhere, MIDDLE], PUBLIC)]
    found = check(pins, chains, 0, NOW)
    assert found.near_misses == (f"{elsewhere.pin.hex()[:12]} is the pin of another host, www.shop.com",)


def test_a_chain_without_a_path_leaves_the_question_open_with_the_reason() -> None:
    for sent, reason in [
        ([LEAF], "no-trust-anchor"),
        ([MIDDLE.issue("old", hosts=[HOST], end=NOW - DAY), MIDDLE], "expired"),
        ([MIDDLE.issue("new", hosts=[HOST], start=NOW + DAY), MIDDLE], "not-yet-valid"),
        ([make("alone", hosts=[HOST])], "no-trust-anchor"),
    ]:
        found = judge(pin_of(ROOT), sent=sent)
        assert (found.status, found.reason, found.breaks_on) == ("unknown", reason, None)


def test_a_missing_intermediate_may_come_from_another_hosts_chain() -> None:
    found = judge(pin_of(MIDDLE), sent=[LEAF], others=[MIDDLE])
    assert found.status == "match" and found.store == "public, with certificates that other hosts sent"


def test_stores_that_lead_to_other_outcomes_are_named() -> None:
    cross = make("Root", issuer=OTHER_ROOT, ca=True, key=ROOT.key, end=NOW + 300 * DAY)
    old = store("old device", OTHER_ROOT, kind="user")
    found = judge(pin_of(OTHER_ROOT), sent=[LEAF, MIDDLE, cross], stores=(store("new", ROOT), old))
    assert (found.status, found.differing_stores) == ("no-match", ("old device",))
    same = judge(pin_of(ROOT), sent=[LEAF, MIDDLE, cross], stores=(store("new", ROOT), old))
    assert (same.status, same.differing_stores) == ("match", ())


def test_pins_that_are_not_known_might_match() -> None:
    unresolved = pin_of(UNKNOWN, digest=None, resolution="unresolved", value="")
    assert judge(pin_of(UNKNOWN, value="x"), unresolved).reason == "unresolved-pin"
    assert judge(pin_of(LEAF), unresolved).status == "match"


def test_an_inspecting_proxy_is_no_reason_for_an_alarm() -> None:
    inspecting = authority("Inspecting proxy")
    fake = inspecting.issue("fake", hosts=[HOST])
    stores = (PUBLIC, store("company", inspecting, kind="user"))
    found = judge(pin_of(LEAF), sent=[fake], stores=stores, via_proxy=True)
    assert (found.status, found.reason) == ("unknown", "inspecting-proxy")
    direct = judge(pin_of(LEAF), sent=[fake], stores=stores)
    assert (direct.status, direct.private_root) == ("no-match", True)


def test_a_set_that_is_off_breaks_nothing() -> None:
    today = NOW.date().isoformat()
    assert judge(pin_of(UNKNOWN, expires_on=today)).enforced is False
    assert judge(pin_of(UNKNOWN, expires_on=today)).breaks_on is None
    assert judge(pin_of(UNKNOWN, expires_on="10000-01-01")).enforced is True
    assert judge(pin_of(UNKNOWN, enforced=False)).breaks_on is None
    # The pins end before the leaf does.
    assert judge(pin_of(LEAF, expires_on=(NOW + 10 * DAY).date().isoformat())).breaks_on is None
    assert judge(pin_of(LEAF, expires_on=(NOW + 90 * DAY).date().isoformat())).breaks_on is not None


def test_the_scope_of_an_unknown_mechanism_takes_anything() -> None:
    whole = hashlib.sha256(EXTRA.der).digest()
    assert judge(pin_of(whole, checked_against="unknown"), sent=[LEAF, MIDDLE, EXTRA]).status == "match"
