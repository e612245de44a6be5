"""What each ``for_each`` kind ranges over: the record type that conditions see, and where its facts come from."""

import datetime as dt
from collections.abc import Callable, Iterable

import msgspec

from analyzer.model import (
    ApiUse,
    AppInfo,
    CallbackFact,
    CertificateFact,
    ClientFact,
    FactKind,
    Facts,
    HostFact,
    PinFact,
    PolicyCheck,
    Record,
    SdkFact,
)
from analyzer.ruleset.certificate_views import certificate_pins
from analyzer.ruleset.chain_views import ChainView, PinCheckView, chains, pin_checks
from analyzer.ruleset.encryption_views import domain_encryption
from analyzer.ruleset.pin_views import pin_sets, pins_in_force, reused_pins
from analyzer.ruleset.policy_views import (
    debug_overrides,
    policy_domains,
    policy_errors,
    policy_issues,
    policy_orphans,
    policy_scopes,
    policy_view,
    trustkit_domains,
)
from analyzer.ruleset.schema import Kind
from analyzer.ruleset.views import (
    CertificatePinView,
    DebugOverridesView,
    DomainEncryptionView,
    OrphanView,
    PinReuseView,
    PinSetView,
    PolicyDomainView,
    PolicyErrorView,
    PolicyIssueView,
    PolicyScopeView,
    PolicyView,
    TrustKitView,
)


class KindSource(msgspec.Struct, frozen=True):
    """How to build the records of one kind."""

    record: type[Record]
    """What ``fact`` is in a condition."""
    reads: FactKind
    """The fact kind without which nothing can be said."""
    build: Callable[[Facts, dt.datetime], Iterable[Record]]
    """Builds the records from the facts, as of an instant; pure."""
    from_policy_file: bool = False
    """True when a policy file that could not be read or found hides records of this kind."""


KINDS: dict[Kind, KindSource] = {
    "app": KindSource(AppInfo, "app", lambda facts, _: (facts.app,)),
    "policy": KindSource(PolicyView, "policy", lambda facts, as_of: (policy_view(facts, as_of),)),
    "policy_scope": KindSource(PolicyScopeView, "policy", policy_scopes, True),
    "policy_domain": KindSource(PolicyDomainView, "policy", lambda facts, _: policy_domains(facts), True),
    "policy_error": KindSource(PolicyErrorView, "policy", lambda facts, _: policy_errors(facts), True),
    "policy_issue": KindSource(PolicyIssueView, "policy", lambda facts, _: policy_issues(facts), True),
    "policy_encryption": KindSource(DomainEncryptionView, "policy", lambda facts, _: domain_encryption(facts), True),
    "policy_orphan": KindSource(OrphanView, "policy", lambda facts, _: policy_orphans(facts)),
    "debug_overrides": KindSource(DebugOverridesView, "policy", lambda facts, _: debug_overrides(facts), True),
    "trustkit_domain": KindSource(TrustKitView, "policy", lambda facts, _: trustkit_domains(facts), True),
    "pin": KindSource(PinFact, "pin", lambda facts, _: pins_in_force(facts)),
    "pin_set": KindSource(PinSetView, "pin", pin_sets),
    "pin_reuse": KindSource(PinReuseView, "pin", lambda facts, _: reused_pins(facts)),
    "certificate_pin": KindSource(CertificatePinView, "pin", lambda facts, _: certificate_pins(facts)),
    "callback": KindSource(CallbackFact, "callback", lambda facts, _: facts.callbacks),
    "certificate": KindSource(CertificateFact, "certificate", lambda facts, _: facts.certificates),
    "sdk": KindSource(SdkFact, "sdk", lambda facts, _: facts.sdks),
    "host": KindSource(HostFact, "host", lambda facts, _: facts.hosts),
    "chain": KindSource(ChainView, "chain", chains),
    "pin_check": KindSource(PinCheckView, "chain", pin_checks),
    "client": KindSource(ClientFact, "code", lambda facts, _: facts.clients),
    "policy_check": KindSource(PolicyCheck, "app", lambda facts, _: facts.policy_checks),
    "api_use": KindSource(ApiUse, "code", lambda facts, _: facts.api_uses),
}
