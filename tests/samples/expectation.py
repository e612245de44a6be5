"""The form of a sample's ``expected.yaml``, and how a scan result is held against it.

``sample_apks/README.md`` tells the keys' meaning.
"""

import base64
import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from analyzer.model import AnalysisGap, Finding, Record, ScanResult, Settings, Severity, Strength, TrustAnchor
from analyzer.model.policy_lookup import effective

_ABOUT_CODE = ("TM-", "HV-", "WEBVIEW-", "NET-")
"""Rules about an app's own TLS code: of these, ``counted`` claims are all that there is."""
SAMPLES = Path(__file__).resolve().parents[2] / "sample_apks"


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Claim(_Strict, frozen=True, kw_only=True):
    """A finding or strength; what is left out may be anything."""

    rule: str
    subject: str | None = None
    severity: Severity | None = None
    confidence: str | None = None
    levels: tuple[int, int] | None = None

    def holds_for(self, item: Finding | Strength) -> bool:
        severity = item.severity if isinstance(item, Finding) else None
        return (
            item.rule_id == self.rule
            and self.subject in (None, item.subject)
            and self.severity in (None, severity)
            and self.confidence in (None, item.confidence.value)
            and self.levels in (None, (item.first_level, item.last_level))
        )


class Claims(_Strict, frozen=True, kw_only=True):
    counted: bool = False
    must: tuple[Claim, ...] = ()
    may: tuple[Claim, ...] = ()
    must_not: tuple[Claim, ...] = ()


class HostSettings(_Strict, frozen=True, kw_only=True):
    host: str
    levels: tuple[int, ...]
    refused: bool = False
    cleartext: bool | msgspec.UnsetType = msgspec.UNSET
    pins: tuple[int | str, ...] | msgspec.UnsetType = msgspec.UNSET
    expires: dt.date | msgspec.UnsetType | None = msgspec.UNSET
    anchors: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    ct: bool | msgspec.UnsetType | None = msgspec.UNSET


class Policy(_Strict, frozen=True, kw_only=True):
    state: str
    reference: str | None = None
    variants: dict[str, str] | None = None
    errors: tuple[str, ...] = ()
    effective: tuple[HostSettings, ...]
    trustkit: tuple[dict[str, Any], ...] = ()


class GapClaim(_Strict, frozen=True, kw_only=True):
    reason: str
    stage: str | None = None
    incomplete: bool = False

    def holds_for(self, gap: AnalysisGap) -> bool:
        same = gap.reason == self.reason and self.stage in (None, gap.stage)
        return same and gap.incomplete is self.incomplete


class CallbackClaim(_Strict, frozen=True, kw_only=True):
    kind: str
    behaviour: str
    class_name: str | None = None
    activation: str = "active"


class ApiClaim(_Strict, frozen=True, kw_only=True):
    api: str
    arguments: tuple[str | None, ...] = ()
    activation: str = "active"


class StoreClaim(_Strict, frozen=True, kw_only=True):
    rejected: int = 0
    may_be_rejected: int = 0


class Expectation(_Strict, frozen=True, kw_only=True):
    as_of: dt.date
    exit_code: int
    app: dict[str, Any]
    policy: Policy
    findings: Claims = Claims()
    strengths: Claims = Claims()
    not_evaluated: tuple[str, ...] = ()
    gaps: tuple[GapClaim, ...] = ()
    callbacks: tuple[CallbackClaim, ...] | None = None
    api_uses: tuple[ApiClaim, ...] = ()
    store: StoreClaim = StoreClaim()
    copied_pins: tuple[str, ...] = ()
    """Pins in the sample's policy that are not invented, but copied on purpose."""

    @property
    def instant(self) -> dt.datetime:
        """Noon of `as_of` in UTC, as the command takes a bare date."""
        return dt.datetime.combine(self.as_of, dt.time(12), dt.UTC)

    @property
    def package(self) -> str:
        return str(self.app["package"])


def load(folder: Path) -> Expectation:
    """Read ``expected.yaml`` of a sample."""
    content = yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8"))
    original = content.pop("like", None)
    if original is None:
        return msgspec.convert(content, Expectation)
    expected = load(SAMPLES / original)
    return msgspec.convert(msgspec.to_builtins(_without_class_names(expected)) | content, Expectation)


def _without_class_names(expected: Expectation) -> Expectation:
    """Return what holds for an app whose classes have other names; what must not be said is then said by counting."""
    callbacks = expected.callbacks
    return msgspec.structs.replace(
        expected,
        findings=_nameless(expected.findings, expected.package),
        strengths=_nameless(expected.strengths, expected.package),
        callbacks=None
        if callbacks is None
        else tuple(msgspec.structs.replace(one, class_name=None) for one in callbacks),
    )


def _nameless(claims: Claims, package: str) -> Claims:
    def is_class(claim: Claim) -> bool:
        return claim.subject is not None and claim.subject.startswith(f"{package}.")

    def clean(all_of: tuple[Claim, ...]) -> tuple[Claim, ...]:
        return tuple(msgspec.structs.replace(one, subject=None) if is_class(one) else one for one in all_of)

    allowed = tuple(one for one in claims.must_not if not is_class(one))
    return msgspec.structs.replace(claims, must=clean(claims.must), may=clean(claims.may), must_not=allowed)


def sample_folders() -> list[Path]:
    """Return the folder of every sample."""
    return [expected.parent for expected in sorted(SAMPLES.glob("*/expected.yaml"))]


def sources_of(folder: Path) -> Path:
    """Return the folder with the sources of a sample: another one's, where several builds are made of the same."""
    settings = folder / "app.yaml"
    content = yaml.safe_load(settings.read_text(encoding="utf-8")) if settings.exists() else {}
    return folder.parent / str(content.get("sources", folder.name))


def package_of(folder: Path) -> Path:
    """Return the built package of a sample."""
    split_set = folder / f"{folder.name}.apks"
    return split_set if split_set.exists() else folder / f"{folder.name}.apk"


def invented_pin(package: str, number: int) -> str:
    """Return pin `number` of a sample app: the digest of a text, so that no key is behind it."""
    return base64.b64encode(hashlib.sha256(f"{package} key {number}".encode()).digest()).decode()


def differences(result: ScanResult, expected: Expectation) -> list[str]:
    """Say in one line each where a scan result differs from what must hold."""
    found: list[str] = []
    if result.gate.exit_code != expected.exit_code:
        found.append(f"exit code {result.gate.exit_code}, expected {expected.exit_code}: {result.gate.reason}")
    app = _as_json(result.app) if result.app else {}
    for key, value in expected.app.items():
        if (actual := app.get(key)) != value:
            found.append(f"app.{key} is {actual!r}, expected {value!r}")
    if result.facts is None:
        return [*found, "there are no facts"]
    found += _policy_differences(result, expected)
    found += _claim_differences("finding", result.findings, expected.findings)
    found += _claim_differences("strength", result.strengths, expected.strengths)
    found += _callback_differences(result, expected)
    known = (*expected.findings.must, *expected.findings.may)
    if expected.findings.counted:
        found += [f"one too many: {_show(one)}" for one in unmatched(result.findings, expected.findings)[1]]
    for finding in result.findings:
        if finding.severity is not Severity.INFO and not any(claim.holds_for(finding) for claim in known):
            found.append(f"unforeseen finding: {_show(finding)}")
    skipped = {item.rule_id for item in result.not_evaluated}
    found += [f"{rule} was evaluated" for rule in expected.not_evaluated if rule not in skipped]
    for claim in expected.gaps:
        if not any(claim.holds_for(gap) for gap in result.gaps):
            found.append(f"no gap {claim.stage}/{claim.reason} with incomplete={claim.incomplete}")
    for gap in result.gaps:
        if gap.incomplete and not any(claim.holds_for(gap) for claim in expected.gaps):
            found.append(f"unforeseen gap {gap.stage}/{gap.reason}: {gap.subject}: {gap.detail}")
    return found


def callback_counts(
    result: ScanResult, expected: Expectation
) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    """Return the classes that take part in TLS decisions, one for each case: those expected and those found."""
    if expected.callbacks is None or result.facts is None:
        return Counter(), Counter()
    named = all(claim.class_name is not None for claim in expected.callbacks)
    wanted: Counter[tuple[str, ...]] = Counter(
        (claim.kind, claim.behaviour, claim.activation, claim.class_name or "") for claim in expected.callbacks
    )
    actual: Counter[tuple[str, ...]] = Counter(
        (one.kind, one.behaviour, one.activation, one.class_name if named else "") for one in result.facts.callbacks
    )
    return wanted, actual


def _callback_differences(result: ScanResult, expected: Expectation) -> list[str]:
    """Say which classes that take part in TLS decisions are missing, or were not expected, one for each case."""
    wanted, actual = callback_counts(result, expected)
    found = [f"missing callback {' '.join(one)}" for one in sorted(wanted - actual)]
    found += [f"unforeseen callback {' '.join(one)}" for one in sorted(actual - wanted)]
    found += _api_differences(result, expected)
    rejections = [one.likelihood for one in result.store.rejections]
    store = StoreClaim(rejected=rejections.count("rejected"), may_be_rejected=rejections.count("may-be-rejected"))
    if store != expected.store:
        found.append(f"the store's verdict is {store}, expected {expected.store}")
    return found


def api_counts(result: ScanResult, expected: Expectation) -> tuple[Counter[ApiClaim], Counter[ApiClaim]]:
    """Return the calls that are expected, and those found of the same APIs."""
    wanted = Counter(expected.api_uses)
    names = {one.api for one in wanted}
    uses = result.facts.api_uses if result.facts is not None else ()
    found = (ApiClaim(api=one.api, arguments=one.arguments, activation=one.activation) for one in uses)
    return wanted, Counter(one for one in found if one.api in names)


def _api_differences(result: ScanResult, expected: Expectation) -> Iterable[str]:
    wanted, actual = api_counts(result, expected)
    for claim in (wanted - actual).elements():
        yield f"missing call {claim.api} {claim.arguments} {claim.activation}"
    for claim in (actual - wanted).elements():
        yield f"unforeseen call {claim.api} {claim.arguments} {claim.activation}"


def _as_json(record: Record) -> dict[str, Any]:
    """Return a record as a report would hold it, which is how ``expected.yaml`` is written."""
    return msgspec.json.decode(msgspec.json.encode(record), type=dict[str, Any])


def _policy_differences(result: ScanResult, expected: Expectation) -> Iterable[str]:
    assert result.facts is not None
    policy, wanted = result.facts.policy, expected.policy
    if policy.state != wanted.state:
        yield f"policy.state is {policy.state}, expected {wanted.state}"
    name = policy.reference.name if policy.reference else None
    if wanted.reference is not None and name != wanted.reference:
        yield f"policy.reference is {name}, expected {wanted.reference}"
    variants = {variant.qualifiers: variant.entry for variant in policy.variants}
    if wanted.variants is not None and variants != wanted.variants:
        yield f"policy.variants are {variants}, expected {wanted.variants}"
    errors = tuple(error.kind for variant in policy.variants for error in variant.errors)
    if errors != wanted.errors:
        yield f"policy.errors are {errors}, expected {wanted.errors}"
    trustkit = [_as_json(domain) for variant in policy.variants for domain in variant.trustkit]
    if len(trustkit) != len(wanted.trustkit):
        yield f"{len(trustkit)} trustkit-config elements, expected {len(wanted.trustkit)}"
    for number, (actual, fields) in enumerate(zip(trustkit, wanted.trustkit, strict=False)):
        for key, value in fields.items():
            if actual[key] != value:
                yield f"policy.trustkit[{number}].{key} is {actual[key]!r}, expected {value!r}"
    for host in wanted.effective:
        for level in host.levels:
            settings = effective(policy, host.host, level)
            where = f"{host.host} at API {level}"
            if (settings is None) is not host.refused:
                yield f"{where}: {'no settings' if settings is None else 'settings, but the policy is refused'}"
            elif settings is not None:
                yield from _settings_differences(where, settings, host, expected.package)


def _settings_differences(where: str, settings: Settings, wanted: HostSettings, package: str) -> Iterable[str]:
    pins = wanted.pins
    if not isinstance(pins, msgspec.UnsetType):
        pins = tuple(sorted(invented_pin(package, pin) if isinstance(pin, int) else pin for pin in pins))
    expires, anchors = wanted.expires, wanted.anchors
    expires_date = settings.pin_set.expires_date
    compared: list[tuple[str, object, object]] = [
        ("cleartext", settings.cleartext, wanted.cleartext),
        ("pins", tuple(sorted(base64.b64encode(pin.digest).decode() for pin in settings.pin_set.pins)), pins),
        ("expires", dt.date.fromisoformat(expires_date) if expires_date else None, expires),
        ("anchors", tuple(sorted(map(_anchor, settings.trust_anchors))), _sorted_if_set(anchors)),
        ("ct", settings.ct_required, wanted.ct),
    ]
    for name, actual, value in compared:
        if value is not msgspec.UNSET and actual != value:
            yield f"{where}: {name} is {actual!r}, expected {value!r}"


def _sorted_if_set(values: tuple[str, ...] | msgspec.UnsetType) -> tuple[str, ...] | msgspec.UnsetType:
    return values if isinstance(values, msgspec.UnsetType) else tuple(sorted(values))


def _anchor(anchor: TrustAnchor) -> str:
    return f"{anchor.source} overriding pins" if anchor.overrides_pins else anchor.source


def _claim_differences(kind: str, items: Sequence[Finding | Strength], claims: Claims) -> Iterable[str]:
    for claim in unmatched(items, claims)[0]:
        near = "; ".join(_show(item) for item in items if item.rule_id == claim.rule) or "none of this rule"
        yield f"missing {kind} {_describe(claim)}; there is {near}"
    for claim in claims.must_not:
        for item in items:
            if claim.holds_for(item):
                yield f"forbidden {kind}: {_show(item)}"


Item = TypeVar("Item", bound=Finding | Strength)


def unmatched(items: Sequence[Item], claims: Claims) -> tuple[list[Claim], list[Item]]:
    """Return the claims that nothing fulfils, and what is said about TLS code that no claim means or allows.

    Where claims are counted, each needs an item of its own.
    """
    left = list(items)
    unmet = []
    # A claim that says less could take what one that says more needs.
    for claim in sorted(claims.must, key=lambda one: sum(value is None for value in msgspec.structs.astuple(one))):
        item = next((one for one in left if claim.holds_for(one)), None)
        if item is not None:
            left = [one for one in left if (one is not item if claims.counted else not claim.holds_for(one))]
        elif claims.counted or not any(claim.holds_for(one) for one in items):
            unmet.append(claim)
    code = [one for one in left if one.rule_id.startswith(_ABOUT_CODE)]
    return unmet, [one for one in code if not any(claim.holds_for(one) for claim in claims.may)]


def _describe(claim: Claim) -> str:
    fields = msgspec.structs.asdict(claim).items()
    return ", ".join(f"{key} {value}" for key, value in fields if value is not None)


def _show(item: Finding | Strength) -> str:
    severity = f" {item.severity.value}" if isinstance(item, Finding) else ""
    levels = f" API {item.first_level}-{item.last_level}" if item.first_level else ""
    return f"{item.rule_id}{severity} {item.confidence.value} [{item.subject}]{levels}: {item.message}"
