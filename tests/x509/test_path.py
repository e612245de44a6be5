"""The path that Android would build: conscrypt's order, its tolerance, and a budget."""

import datetime as dt
import time
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import UsageError
from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.hosts import covers_host
from analyzer.x509.path import MAX_UNTRUSTED, PathResult, build_path
from analyzer.x509.path_checks import fault_of_certificate
from analyzer.x509.pem import pem_blocks
from analyzer.x509.store_files import certifi_store, load_trust_store
from analyzer.x509.trust_store import trust_store
from tests.x509.makers import AS_OF, END, START, Made, key, make, pem_of

PAST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ROOT = make("Root", ca=True)
INTERMEDIATE = make("Intermediate", ROOT, ca=True)
LEAF = make("leaf", INTERMEDIATE, hosts=["api.example.com"])
STRANGER = make("Stranger", ca=True)


def build(sent: list[Made], anchors: list[Made], at: dt.datetime = AS_OF) -> PathResult:
    return build_path(
        [made.certificate for made in sent], trust_store("test", [made.certificate for made in anchors]), at
    )


def names(result: PathResult) -> list[str]:
    return [element.certificate.subject.common_name or "" for element in result.path]


def shape(result: PathResult) -> list[tuple[str, str]]:
    return [(element.role, element.origin) for element in result.path]


def test_a_complete_chain_ends_in_the_root_of_the_store() -> None:
    result = build([LEAF, INTERMEDIATE], [ROOT])
    assert result.valid
    assert names(result) == ["leaf", "Intermediate", "Root"]
    assert shape(result) == [("leaf", "sent"), ("intermediate", "sent"), ("anchor", "store")]


@pytest.mark.parametrize(
    "sent",
    [[LEAF, ROOT, INTERMEDIATE], [LEAF, LEAF, INTERMEDIATE, INTERMEDIATE, ROOT], [LEAF, STRANGER, INTERMEDIATE]],
)
def test_order_repeats_and_strangers_do_not_matter(sent: list[Made]) -> None:
    assert names(build(sent, [ROOT])) == ["leaf", "Intermediate", "Root"]


def test_a_sent_certificate_that_the_path_does_not_use_is_not_in_it() -> None:
    result = build([LEAF, INTERMEDIATE, STRANGER], [ROOT, STRANGER])
    assert "Stranger" not in names(result)


def test_a_missing_intermediate_leaves_no_anchor() -> None:
    result = build([LEAF], [ROOT])
    assert (result.problem, names(result), result.fault_index) == ("no-trust-anchor", ["leaf"], 0)


def test_an_unknown_root_leaves_no_anchor_and_keeps_the_longest_attempt() -> None:
    result = build([LEAF, INTERMEDIATE, ROOT], [STRANGER])
    assert (result.problem, names(result)) == ("no-trust-anchor", ["leaf", "Intermediate", "Root"])


def test_nothing_sent_is_no_path() -> None:
    assert build([], [ROOT]).problem == "no-trust-anchor"


@pytest.mark.parametrize(
    ("at", "problem"),
    [
        (END, None),
        (END + dt.timedelta(seconds=1), "expired"),
        (START, None),
        (START - dt.timedelta(seconds=1), "not-yet-valid"),
    ],
)
def test_dates_include_both_ends(at: dt.datetime, problem: str | None) -> None:
    assert build([make("direct", ROOT)], [ROOT], at).problem == problem


def test_an_expired_leaf_still_shows_its_path() -> None:
    result = build([make("old", INTERMEDIATE, not_after=PAST), INTERMEDIATE], [ROOT])
    assert (result.problem, result.fault_index, names(result)) == ("expired", 0, ["old", "Intermediate", "Root"])


def test_an_expired_intermediate_is_named() -> None:
    old = make("Old CA", ROOT, ca=True, not_after=PAST)
    result = build([make("below", old), old], [ROOT])
    assert (result.problem, names(result), result.fault_index) == ("expired", ["below", "Old CA"], 1)
    assert "Old CA expired on 2026-01-01" in result.detail


def test_the_dates_of_the_anchor_do_not_count() -> None:
    expired = make("Expired Root", ca=True, not_after=PAST)
    assert build([make("x", expired)], [expired]).valid


def test_an_anchor_without_any_extension_is_fine() -> None:
    plain = make("Plain Root", ca=None)
    assert build([make("x", plain)], [plain]).valid


def test_a_leaf_that_is_an_anchor_is_trusted_whatever_its_dates() -> None:
    own = make("device", not_after=PAST, hosts=["printer.example"])
    result = build([own], [own])
    assert (result.valid, shape(result)) == (True, [("leaf", "sent")])


def test_an_anchor_is_found_by_subject_and_key_not_by_bytes() -> None:
    renewed = make("device", not_after=END, hosts=["printer.example"])
    former = make("device", not_after=PAST)
    assert build([renewed], [former]).certificates == (former.certificate,)


def test_a_leaf_anchor_goes_on_to_the_root_above_it() -> None:
    result = build([LEAF, INTERMEDIATE], [LEAF, INTERMEDIATE, ROOT])
    assert (names(result), [role for role, _ in shape(result)]) == (
        ["leaf", "Intermediate", "Root"], ["leaf", "anchor", "anchor"],
    )  # fmt: skip


def test_an_intermediate_in_the_store_does_not_hide_its_root() -> None:
    assert names(build([LEAF], [INTERMEDIATE, ROOT])) == ["leaf", "Intermediate", "Root"]


def test_an_intermediate_alone_in_the_store_ends_the_path() -> None:
    assert names(build([LEAF, INTERMEDIATE, ROOT], [INTERMEDIATE])) == ["leaf", "Intermediate"]


def test_a_self_signed_stranger_ends_the_path() -> None:
    result = build([STRANGER], [ROOT])
    assert result.problem == "no-trust-anchor"


class TestCrossSigning:
    """A new root that an old one vouches for."""

    OLD = make("Old Root", ca=True)
    NEW = make("New Root", ca=True)
    CROSS = make("New Root", OLD, ca=True, for_key=NEW.key)
    ISSUING = make("Issuing", NEW, ca=True)
    SITE = make("site", ISSUING)
    SENT = [SITE, ISSUING, CROSS]  # noqa: RUF012 # never changed

    def test_the_new_root_is_preferred_where_it_is_known(self) -> None:
        result = build(self.SENT, [self.OLD, self.NEW])
        assert names(result) == ["site", "Issuing", "New Root"]
        assert result.path[-1].certificate == self.NEW.certificate

    def test_the_old_root_is_used_where_it_alone_is_known(self) -> None:
        assert names(build(self.SENT, [self.OLD])) == ["site", "Issuing", "New Root", "Old Root"]

    def test_an_expired_cross_certificate_does_not_hurt_the_other_path(self) -> None:
        cross = make("New Root", self.OLD, ca=True, for_key=self.NEW.key, not_after=PAST)
        assert names(build([self.SITE, self.ISSUING, cross], [self.NEW])) == ["site", "Issuing", "New Root"]
        assert build([self.SITE, self.ISSUING, cross], [self.OLD]).problem == "expired"

    def test_self_issued_anchors_come_before_cross_certificates_in_the_store(self) -> None:
        result = build([self.SITE, self.ISSUING], [self.CROSS, self.NEW, self.OLD])
        assert names(result) == ["site", "Issuing", "New Root"]
        assert result.path[-1].certificate.self_issued

    def test_a_cross_certificate_in_the_store_leads_on_to_its_issuer(self) -> None:
        assert names(build([self.SITE, self.ISSUING], [self.CROSS, self.OLD])) == [
            "site",
            "Issuing",
            "New Root",
            "Old Root",
        ]

    def test_a_bad_first_candidate_is_abandoned_for_the_next(self) -> None:
        decoy = make("Issuing", STRANGER, ca=True, for_key=key("decoy"))
        assert names(build([self.SITE, decoy, self.ISSUING, self.CROSS], [self.OLD])) == [
            "site", "Issuing", "New Root", "Old Root",
        ]  # fmt: skip


def test_a_forged_signature_is_found() -> None:
    forged = make("forged", INTERMEDIATE, signed_with=key("attacker"))
    result = build([forged, INTERMEDIATE], [ROOT])
    assert (result.problem, result.fault_index) == ("bad-signature", 0)


def test_a_name_without_the_signature_of_the_anchor_is_no_anchor() -> None:
    impostor = make("forged", issuer_name=ROOT.name, signed_with=key("attacker"))
    assert build([impostor], [ROOT]).problem == "no-trust-anchor"


@pytest.mark.parametrize(
    ("authority", "problem"),
    [
        (make("Not a CA", ROOT), "not-a-ca"),
        (make("Not for signing", ROOT, ca=True, signs=False), "not-a-ca"),
        (make("Signing", ROOT, ca=True, signs=True), None),
        (make("Narrow", ROOT, ca=True, permitted=["example.com"]), None),
        (make("Elsewhere", ROOT, ca=True, permitted=["example.org"]), "name-constraints"),
        (make("Excluding", ROOT, ca=True, excluded=["api.example.com"]), "name-constraints"),
        (make("Networks", ROOT, ca=True, permitted=["192.0.2.0/24"]), None),
        (make("Odd", ROOT, ca=True, more=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x"), True)]), "unreadable"),
        (make("Odd but optional", ROOT, ca=True, more=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x"), False)]), None),
    ],
    ids=lambda value: value.name.rfc4514_string() if isinstance(value, Made) else str(value),
)  # fmt: skip
def test_authorities_must_be_allowed_to_issue(authority: Made, problem: str | None) -> None:
    assert build([make("leaf", authority, hosts=["api.example.com"]), authority], [ROOT]).problem == problem


def test_constraints_on_addresses_count() -> None:
    authority = make("Networks", ROOT, ca=True, permitted=["192.0.2.0/24"])
    assert build([make("leaf", authority, hosts=["198.51.100.1"]), authority], [ROOT]).problem == "name-constraints"


def test_path_length_counts_authorities_below() -> None:
    top = make("Top", ROOT, ca=True, path_length=0)
    lower = make("Lower", top, ca=True)
    assert build([make("leaf", top), top], [ROOT]).valid
    assert build([make("leaf", lower), lower, top], [ROOT]).problem == "path-length"


@pytest.mark.parametrize(
    ("usages", "problem"),
    [
        (None, None),
        ([ExtendedKeyUsageOID.SERVER_AUTH], None),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], None),
        ([ExtendedKeyUsageOID.CLIENT_AUTH], "wrong-usage"),
    ],
)
def test_the_leaf_must_be_for_servers(usages: list[x509.ObjectIdentifier] | None, problem: str | None) -> None:
    assert build([make("leaf", ROOT, usages=usages)], [ROOT]).problem == problem


LATER = dt.datetime(2027, 6, 1, tzinfo=dt.UTC)
"""When the committed fixtures, made with the openssl command as libraries no longer make them, are valid."""


def test_a_key_of_1024_bits_is_accepted_and_a_smaller_one_is_not() -> None:
    assert build([make("small", ROOT, for_key=rsa.generate_private_key(65537, 1024))], [ROOT]).valid
    tiny = read_certificate(_fixture("rsa512.der"))
    fault = fault_of_certificate(tiny, LATER)
    assert fault is not None and fault.problem == "weak-key"


def test_a_sha1_signature_is_weak_below_the_anchor_and_fine_on_it() -> None:
    leaf, root = (read_certificate(block.data or b"") for block in pem_blocks(_fixture("sha1-chain.pem"), most=9))
    assert (leaf.signature_digest, root.signature_digest) == ("sha1", "sha1")
    assert build_path([leaf], trust_store("test", [root]), LATER).problem == "weak-signature"
    assert build_path([root], trust_store("test", [root]), LATER).valid


def _fixture(file: str) -> bytes:
    return (Path(__file__).parent / "fixtures" / file).read_bytes()


def test_ten_intermediates_are_fine_and_twenty_are_too_many() -> None:
    for count, problem in ((10, None), (MAX_UNTRUSTED - 1, None), (MAX_UNTRUSTED, "too-long")):
        authorities = [ROOT]
        for index in range(count):
            authorities.append(make(f"CA {index}", authorities[-1], ca=True))
        result = build([make("leaf", authorities[-1]), *reversed(authorities[1:])], [ROOT])
        assert result.problem == problem, count


@pytest.mark.parametrize("count", [4, 5, 8])
def test_a_mesh_of_cross_signatures_ends_quickly(count: int) -> None:
    members = [make(f"Mesh {index}", ca=True) for index in range(count)]
    mesh = [
        make(member.name, other, ca=True, for_key=member.key)
        for member in members
        for other in members
        if member is not other
    ]
    started = time.process_time()
    result = build([make("leaf", members[0]), *mesh], [ROOT])
    assert result.problem in ("budget", "no-trust-anchor")
    assert time.process_time() - started < 1
    anchored = build([make("leaf", members[0]), *mesh], [*mesh, ROOT])
    assert anchored.problem in (None, "budget")
    assert time.process_time() - started < 2


def test_chains_of_trustme_are_valid() -> None:
    root = trustme.CA()
    issuing = root.create_child_ca()
    issued = issuing.issue_cert("api.example.com")
    sent = [read_certificate(next(pem_blocks(pem.bytes(), most=1)).data or b"") for pem in issued.cert_chain_pems]
    anchor = read_certificate(next(pem_blocks(root.cert_pem.bytes(), most=1)).data or b"")
    result = build_path(sent, trust_store("test", [anchor]), dt.datetime.now(dt.UTC))
    assert result.valid and result.certificates[-1] == anchor
    assert covers_host(sent[0], "api.example.com") and not covers_host(sent[0], "example.com")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 7), max_size=8), st.sets(st.integers(0, 3), min_size=1))
def test_what_the_library_accepts_is_accepted_with_at_least_its_certificates(
    order: list[int], stored: set[int]
) -> None:
    sent = [_POOL[index].certificate for index in order]
    store = [_ROOTS[index].certificate for index in stored]
    library = _library_path(sent, store)
    if library is not None:
        result = build_path([_SITE.certificate, *sent], trust_store("test", store), AS_OF)
        assert result.valid
        assert result.certificates[0] == _SITE.certificate
        # The library may pass through a self-signed certificate again and again; keys count once.
        keys = {read_certificate(one.public_bytes(serialization.Encoding.DER)).identity for one in library}
        assert len({one.identity for one in result.certificates}) >= len(keys)


def _strict(subject: str, issuer: Made | None = None, **options: object) -> Made:
    """Make an authority as the library wants them."""
    base = issuer.key if issuer is not None else options.get("for_key", key(f"CN={subject}"))
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(base.public_key())  # type: ignore[attr-defined]
    own = options.get("for_key", key(f"CN={subject}"))
    subject_identifier = x509.SubjectKeyIdentifier.from_public_key(own.public_key())  # type: ignore[attr-defined]
    return make(
        subject, issuer, ca=True, signs=True, more=[(identifier, False), (subject_identifier, False)], **options  # type: ignore[arg-type]
    )  # fmt: skip


_ROOTS = [_strict(f"Strict Root {index}") for index in range(4)]
_ISSUERS = [_strict("Strict Issuing", root) for root in _ROOTS]
_CROSSED = [_strict("Strict Root 0", _ROOTS[index], for_key=_ROOTS[0].key) for index in (1, 2)]
_POOL = [*_ISSUERS, *_CROSSED, *_ROOTS[:2]]
_SITE = make(
    "strict",
    _ISSUERS[0],
    hosts=["api.example.com"],
    more=[(x509.AuthorityKeyIdentifier.from_issuer_public_key(_ISSUERS[0].key.public_key()), False)],  # type: ignore[arg-type]
)


def _library_path(sent: list[Certificate], store: list[Certificate]) -> list[x509.Certificate] | None:
    load = x509.load_der_x509_certificate
    builder = PolicyBuilder().store(Store([load(one.der) for one in store])).time(AS_OF.replace(tzinfo=None))
    try:
        return builder.build_server_verifier(x509.DNSName("api.example.com")).verify(
            load(_SITE.der), [load(one.der) for one in sent]
        )
    except VerificationError:
        return None


class TestStores:
    """Where anchors come from."""

    def test_certifi_is_named_with_its_version(self) -> None:
        store = certifi_store()
        assert store.name.startswith("certifi 20") and len(store.anchors) > 80

    def test_a_bundle_is_read_under_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "bundle.pem").write_bytes(b"words\n" + ROOT.pem + STRANGER.pem)
        loaded = load_trust_store(f"device={tmp_path / 'bundle.pem'}")
        assert (loaded.store.name, len(loaded.store.anchors), loaded.skipped) == ("device", 2, 0)

    def test_a_folder_as_on_a_device_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "01234567.0").write_bytes(ROOT.pem + b"Certificate:\n    Data:\n")
        (tmp_path / "89abcdef.0").write_bytes(STRANGER.der)
        (tmp_path / "README").write_bytes(b"no certificate")
        (tmp_path / "broken.0").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        loaded = load_trust_store(str(tmp_path))
        assert (loaded.store.name, len(loaded.store.anchors), loaded.skipped) == (tmp_path.name, 2, 1)

    @pytest.mark.parametrize("content", [b"", b"nothing here"])
    def test_a_file_without_certificates_is_refused(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(UsageError, match="no certificate"):
            load_trust_store(str(tmp_path / "x"))

    def test_a_missing_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError):
            load_trust_store(str(tmp_path / "missing"))

    def test_repeats_count_once(self) -> None:
        assert len(trust_store("t", [ROOT.certificate, read_certificate(ROOT.der)]).anchors) == 1
        assert pem_of(ROOT.der) == ROOT.pem
