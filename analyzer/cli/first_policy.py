"""The text of a first policy: what an app does today, written down as expectations and waivers."""

import datetime as dt

import msgspec

from analyzer._version import __version__
from analyzer.gate.expectations import check_expectations
from analyzer.gate.held_pins import view_host
from analyzer.gate.team_policy import is_host_pattern
from analyzer.model import Facts, Finding, ScanResult, TeamPolicy, TeamPolicyForm
from analyzer.model.team_policy import HostExpectation
from analyzer.reporters.text import visible
from analyzer.ruleset.locality import is_local, registrable_domain

WAIVED_DAYS = 90
"""How long the waivers of a first policy hold."""
MAX_HOSTS = 200
MAX_WAIVERS = 500
_MARGIN_DAYS = 30
_Demands = tuple[str, ...]

_HEAD = """\
# What must hold for this app; `pinscope scan` finds this file in the working directory or above it.
# Written by pinscope {version} from {package} {name}as of {date}. Every key: `pinscope schema policy-file`
# and docs/policy-file.md.
version: 1

"""
_NOTHING = """\
# The app pins no host. What should hold for one is written like this:
# expect:
#   - hosts: [api.example.com]
#     pinned_by: [nsc]
#     min_pins: 2
#     backup: true
#     no_cleartext: true

"""
_TAIL = """\
# Further keys, each with an example:
# supported_until: 2027-12-31        # with not_expiring_within_days: how long this release must keep connecting
# fail_on: high                      # lowest severity that blocks
# required: [NSC-USER-CA]            # rules that must have been evaluated
# forbid:
#   - {rule: "TM-*", severity: medium}
# rules:
#   PIN-NO-BACKUP: {severity: high}
# scope:
#   first_party_only: true           # what SDKs do is reported, and does not block
# conditions:
#   - id: TEAM-NO-SHA1
#     for_each: pin
#     when: fact.algorithm == "sha1"
#     subject: "{fact.value}"
#     message: "A pin is a SHA-1 digest."
#     severity: medium
"""


class FirstPolicy(msgspec.Struct, frozen=True):
    """A policy as text, and what it holds."""

    text: str
    hosts: int
    expectations: int
    waivers: int


def first_policy(result: ScanResult, facts: Facts, as_of: dt.datetime) -> FirstPolicy:
    """Write down what holds now for the hosts that the app pins or has settings for."""
    patterns = _patterns(facts)[:MAX_HOSTS]
    groups: dict[_Demands, list[str]] = {}
    for pattern in patterns:
        demands = _met(pattern, facts, as_of)
        if demands:
            groups.setdefault(demands, []).append(pattern)
    blocking = [one for one in result.findings if one.fingerprint in result.gate.blocking][:MAX_WAIVERS]
    app = facts.app
    name = f"{_plain(app.version_name)} " if app.version_name else ""
    text = _HEAD.format(version=__version__, package=_plain(app.package), name=name, date=as_of.date().isoformat())
    text += _ours(patterns)
    text += _expectations(groups) if groups else _NOTHING
    text += _waivers(blocking, as_of.date() + dt.timedelta(days=WAIVED_DAYS)) if blocking else ""
    hosts = sum(len(members) for members in groups.values())
    expectations = sum(len(demands) * len(members) for demands, members in groups.items())
    return FirstPolicy(text + _TAIL, hosts=hosts, expectations=expectations, waivers=len(blocking))


def _patterns(facts: Facts) -> list[str]:
    found: dict[str, None] = {}
    for variant in facts.policy.variants:
        for scope in variant.scopes:
            for domain in scope.domains:
                if domain.problem is None:
                    found[domain.name] = None
                    if domain.include_subdomains:
                        found[f"*.{domain.name}"] = None
    for pin in facts.pins:
        if pin.host is not None and pin.mechanism not in ("nsc", "string") and not pin.owner.startswith("sdk:"):
            name = pin.host.lower()
            found[f"*.{name.removeprefix('**.')}" if name.startswith("**.") else name] = None
    return sorted(
        (pattern for pattern in found if is_host_pattern(pattern) and not is_local(pattern)),
        key=lambda pattern: (pattern.removeprefix("*."), pattern.startswith("*.")),
    )


def _met(pattern: str, facts: Facts, as_of: dt.datetime) -> _Demands:
    """Return what could be expected of a host and holds, as lines of the policy."""
    probe = f"any-other-name{pattern[1:]}" if pattern.startswith("*.") else pattern
    view = view_host(facts, probe, as_of)
    candidates: list[tuple[str, HostExpectation]] = []
    hosts = (pattern,)
    mechanisms = tuple(sorted(view.mechanisms()))
    for mechanism in mechanisms:
        # Through msgspec, since the vocabulary of mechanisms is that of the facts.
        asked = msgspec.convert({"hosts": hosts, "pinned_by": (mechanism,)}, HostExpectation)
        candidates.append((mechanism, asked))
    if mechanisms and view.sets:
        least = min(len(held.digests) for held in view.sets)
        if least:
            candidates.append((f"min_pins: {least}", HostExpectation(hosts=hosts, min_pins=least)))
        candidates.append(("backup: true", HostExpectation(hosts=hosts, backup=True)))
        candidates.append(
            (
                f"not_expiring_within_days: {_MARGIN_DAYS}",
                HostExpectation(hosts=hosts, not_expiring_within_days=_MARGIN_DAYS),
            )
        )
    candidates.append(("no_cleartext: true", HostExpectation(hosts=hosts, no_cleartext=True)))
    candidates.append(("certificate_transparency: true", HostExpectation(hosts=hosts, certificate_transparency=True)))
    form = TeamPolicyForm(version=1, expect=tuple(expectation for _, expectation in candidates))
    checks = check_expectations(TeamPolicy(path="", form=form), facts, (), as_of)
    met = [text for (text, _), check in zip(candidates, checks, strict=True) if check.state == "met"]
    named = [text for text in met if text in mechanisms]
    rest = [text for text in met if text not in mechanisms]
    return (*([f"pinned_by: [{', '.join(named)}]"] if named else []), *rest)


def _ours(patterns: list[str]) -> str:
    domains = sorted({domain for pattern in patterns if (domain := registrable_domain(pattern)) is not None})
    if not domains:
        return "# Domains that are yours:\n# first_party: [example.com]\n\n"
    lines = "".join(f"  - {domain}\n" for domain in domains)
    return f"# Domains that are yours; leave out what belongs to others.\nfirst_party:\n{lines}\n"


def _expectations(groups: dict[_Demands, list[str]]) -> str:
    lines = ["# What holds today. `*.` stands for every name below a domain, not for the domain itself.", "expect:"]
    for demands, hosts in groups.items():
        lines.append("  - hosts:")
        lines += [f'      - "{host}"' for host in hosts]
        lines += [f"    {demand}" for demand in demands]
    return "\n".join(lines) + "\n\n"


def _waivers(blocking: list[Finding], until: dt.date) -> str:
    lines = [
        "# What blocks today, accepted for a while so that new problems stand out. Give each a reason of your own and",
        "# an end that you mean, or fix it and remove the waiver.",
        "waivers:",
    ]
    for finding in blocking:
        lines += [
            f"  # {_plain(finding.severity.value)}: {_plain(finding.title)}: {_plain(finding.subject)}",
            f"  - rule: {finding.rule_id}",
            f"    fingerprint: {finding.fingerprint}",
            '    reason: "Was there when this policy was written; to be decided."',
            f"    until: {until.isoformat()}",
        ]
    return "\n".join(lines) + "\n\n"


def _plain(text: str) -> str:
    """Return text of the app as a part of a comment: one line, printable, short, and nothing that YAML refuses."""
    shown = visible(text)[:120]
    return "".join(character if character.isprintable() else "?" for character in shown)
