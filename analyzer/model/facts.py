"""All facts of one app."""

from analyzer.model.app import AppInfo
from analyzer.model.base import Record
from analyzer.model.certificates import BundledAnchor, CertificateFact
from analyzer.model.chains import ChainObservation, PinCheck
from analyzer.model.code import ApiUse, CallbackFact, ClientFact, HostFact, SdkFact
from analyzer.model.location import Location
from analyzer.model.pins import PinFact
from analyzer.model.policy import NetworkPolicy
from analyzer.model.team_policy import PolicyCheck


class Facts(Record, frozen=True, kw_only=True):
    """What the app does, without judgement."""

    app: AppInfo
    policy: NetworkPolicy
    pins: tuple[PinFact, ...] = ()
    callbacks: tuple[CallbackFact, ...] = ()
    certificates: tuple[CertificateFact, ...] = ()
    anchors: tuple[BundledAnchor, ...] = ()
    """The certificates that the policy's trust anchors and key stores in code stand for, as far as they could be read,
    a few hundred at most."""
    sdks: tuple[SdkFact, ...] = ()
    hosts: tuple[HostFact, ...] = ()
    chains: tuple[ChainObservation, ...] = ()
    pin_checks: tuple[PinCheck, ...] = ()
    """Every pin-set with every host that it covers and that was asked about; empty without chains."""
    api_uses: tuple[ApiUse, ...] = ()
    clients: tuple[ClientFact, ...] = ()
    """HTTP clients that are built in code, each with what it was given."""
    policy_checks: tuple[PolicyCheck, ...] = ()
    """What the team's policy demands, each compared with the app; empty without a policy."""
    payloads: tuple[Location, ...] = ()
    """Entries among assets and resources that hold code which was not analysed: APK files, and what could not be read.

    Code of DEX files among them, plain or in a JAR, is analysed like the app's own; its facts name the entry."""
    covered: tuple[str, ...] = ()
    """Fact kinds that extractors looked for in this run, sorted: ``policy``, ``pin``, ``callback``, ``code``, …

    A kind that is not covered, or that a gap may hide, is unknown rather than empty."""
