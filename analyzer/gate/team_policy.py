"""Reads the team's policy file strictly, and tells what it changes about a scan."""

import base64
import binascii
import datetime as dt
import fnmatch
import re
from collections.abc import Collection

from msgspec.structs import replace

from analyzer.conditions.strict_form import line_of, read_form, shown
from analyzer.errors import UsageError
from analyzer.model import Confidence, Severity, TeamPolicy, TeamPolicyForm
from analyzer.options import ScanOptions

FILE_NAMES = ("pinscope.yaml",)
MAX_POLICY_BYTES = 1024 * 1024
"""Largest policy file; real ones have a few kilobytes."""
MAX_ENTRIES = 2000
"""Most host patterns, and most waivers: every one is compared with every host or finding."""
_PATTERN = re.compile(
    r"(?=.{1,253}$)(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
)


def read_team_policy(data: bytes, name: str) -> TeamPolicy:
    """Read a policy.

    Args:
        data: The file.
        name: How messages and reports name it.

    Raises:
        UsageError: Something is wrong; the message names file, line, key and the valid choices.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{name}, line {line}: not UTF-8; save the file in that encoding") from None
    form, lines = read_form(text, name, TeamPolicyForm)
    policy = TeamPolicy(path=name, form=form, lines=lines)
    _check(policy)
    return policy


def check_rule_names(policy: TeamPolicy, known: Collection[str]) -> None:
    """Check that every rule which a policy names exists.

    Raises:
        UsageError: One does not; the message names line and rule.
    """
    form = policy.form
    ids = {*known, *(entry.id for entry in form.conditions)}
    for index, rule in enumerate(form.required):
        _must_exist(policy, ("required", index), rule, ids)
    for rule in form.rules:
        _must_exist(policy, ("rules", rule), rule, ids)
    for index, forbidden in enumerate(form.forbid):
        _must_exist(policy, ("forbid", index, "rule"), forbidden.rule, ids)
    for index, waiver in enumerate(form.waivers):
        if waiver.rule is not None:
            _must_exist(policy, ("waivers", index, "rule"), waiver.rule, ids)
    for index, entry in enumerate(form.conditions):
        if entry.id in known:
            raise _wrong(policy, ("conditions", index, "id"), f"the rule {entry.id} exists already; choose another id")


def options_under(policy: TeamPolicy, options: ScanOptions) -> ScanOptions:
    """Return options with what the policy says of them; thresholds are for the caller, who knows what was given."""
    form = policy.form
    domains = (domain.removeprefix("*.") for domain in form.first_party)
    return replace(
        options,
        policy=policy,
        require=tuple(dict.fromkeys((*options.require, *form.required))),
        first_party=tuple(dict.fromkeys((*options.first_party, *domains))),
    )


def fail_on_of(policy: TeamPolicy | None, default: Severity) -> Severity | None:
    """Return the lowest severity that blocks; None when findings never block."""
    chosen = policy.form.fail_on if policy is not None else None
    if chosen is None:
        return default
    return None if chosen == "never" else Severity(chosen)


def min_confidence_of(policy: TeamPolicy | None, default: Confidence) -> Confidence:
    """Return the lowest confidence with which a finding may block."""
    chosen = policy.form.min_confidence if policy is not None else None
    return default if chosen is None else Confidence(chosen)


def is_host_pattern(text: str) -> bool:
    """Tell whether a text can stand among the hosts of an expectation."""
    return _PATTERN.fullmatch(text) is not None


def date_of(text: str) -> dt.date:
    """Return a date that `read_team_policy` has checked."""
    return dt.date.fromisoformat(text)


def _check(policy: TeamPolicy) -> None:
    form = policy.form
    for index, domain in enumerate(form.first_party):
        _check_pattern(policy, ("first_party", index), domain, dotted=True)
    if form.supported_until is not None:
        _check_date(policy, ("supported_until",), form.supported_until)
    patterns = 0
    for index, expectation in enumerate(form.expect):
        patterns += len(expectation.hosts)
        for position, host in enumerate(expectation.hosts):
            _check_pattern(policy, ("expect", index, "hosts", position), host)
        for position, pin in enumerate(expectation.pins):
            _check_digest(policy, ("expect", index, "pins", position), pin)
        for position, name in enumerate(expectation.allowed_cas):
            if name.startswith("sha256/"):
                _check_digest(policy, ("expect", index, "allowed_cas", position), name)
        asked = [field for field in expectation.__struct_fields__ if field != "hosts"]
        if all(getattr(expectation, field) in (None, False, ()) for field in asked):
            raise _wrong(policy, ("expect", index), f"nothing is expected; say one of {', '.join(asked)}")
    if max(patterns, len(form.waivers)) > MAX_ENTRIES:
        raise _wrong(policy, (), f"more than {MAX_ENTRIES} host patterns or waivers")
    for index, waiver in enumerate(form.waivers):
        _check_date(policy, ("waivers", index, "until"), waiver.until)
        if waiver.rule is None and waiver.fingerprint is None:
            raise _wrong(policy, ("waivers", index), "a waiver needs rule or fingerprint")
        if not waiver.reason.strip():
            raise _wrong(policy, ("waivers", index, "reason"), "a waiver needs a reason")
    seen: set[str] = set()
    for index, entry in enumerate(form.conditions):
        if entry.id in seen:
            raise _wrong(policy, ("conditions", index, "id"), f"{entry.id} is given twice")
        seen.add(entry.id)


def _check_pattern(policy: TeamPolicy, place: tuple[str | int, ...], pattern: str, *, dotted: bool = False) -> None:
    fits = _PATTERN.fullmatch(pattern) is not None and (not dotted or "." in pattern.removeprefix("*."))
    if not fits:
        raise _wrong(
            policy, place,
            f"{pattern!r} is no host pattern; write api.example.com or *.example.com, in lower case and as A-labels",
        )  # fmt: skip


def _check_date(policy: TeamPolicy, place: tuple[str | int, ...], text: str) -> None:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        raise _wrong(policy, place, f"{text!r} is no date of the calendar; write YYYY-MM-DD") from None


def _check_digest(policy: TeamPolicy, place: tuple[str | int, ...], text: str) -> None:
    try:
        fits = len(base64.b64decode(text.removeprefix("sha256/"), validate=True)) == 32
    except binascii.Error:
        fits = False
    if not fits:
        raise _wrong(policy, place, f"{text!r} is no pin; write sha256/ and 44 characters of base64")


def _must_exist(policy: TeamPolicy, place: tuple[str | int, ...], rule: str, ids: Collection[str]) -> None:
    if rule in ids or (("*" in rule or "?" in rule) and fnmatch.filter(ids, rule)):
        return
    raise _wrong(policy, place, f"unknown rule {rule}; `pinscope rules` lists them all")


def _wrong(policy: TeamPolicy, place: tuple[str | int, ...], problem: str) -> UsageError:
    where = f"{shown(place)}: " if place else ""
    return UsageError(f"{policy.path}, line {line_of(policy.lines, place)}: {where}{problem}")
