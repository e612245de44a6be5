"""Pure data: facts, findings, gaps and the scan result. Knows no library but msgspec."""

from analyzer.model.app import AppInfo, Component, MetaData, ResourceReference, Signer
from analyzer.model.base import Record
from analyzer.model.baseline import BASELINE_VERSION, Baseline, BaselineEntry, BaselineUse
from analyzer.model.certificates import BundledAnchor, CertificateFact, CertificateUse
from analyzer.model.chains import ChainObservation, ChainPath, NearMiss, ObservedCertificate, PinCheck, PinMatch
from analyzer.model.code import ApiUse, CallbackFact, ClientFact, HostFact, SdkFact
from analyzer.model.comparison import Change, ComparedApp, Comparison
from analyzer.model.facts import Facts
from analyzer.model.findings import (
    Adjustment,
    Confidence,
    Finding,
    NotEvaluated,
    Reference,
    RuleText,
    Severity,
    Strength,
    Waiver,
)
from analyzer.model.gaps import AnalysisGap, FactKind, GapReason
from analyzer.model.location import Location
from analyzer.model.pins import PinFact, PinIdentity
from analyzer.model.policy import (
    DebugOverrides,
    NetworkPolicy,
    Origin,
    PinSet,
    PolicyDomain,
    PolicyError,
    PolicyIssue,
    PolicyPin,
    PolicyScope,
    PolicyVariant,
    ScopeBand,
    Settings,
    TrustAnchor,
    TrustKitDomain,
)
from analyzer.model.result import GateDecision, ScanResult, StageRecord, Summary, Target, ToolInfo
from analyzer.model.store import StoreRejection, StoreVerdict
from analyzer.model.team_policy import PolicyCheck, TeamPolicy, TeamPolicyForm

__all__ = [
    "BASELINE_VERSION",
    "Adjustment",
    "AnalysisGap",
    "ApiUse",
    "AppInfo",
    "Baseline",
    "BaselineEntry",
    "BaselineUse",
    "BundledAnchor",
    "CallbackFact",
    "CertificateFact",
    "CertificateUse",
    "ChainObservation",
    "ChainPath",
    "Change",
    "ClientFact",
    "ComparedApp",
    "Comparison",
    "Component",
    "Confidence",
    "DebugOverrides",
    "FactKind",
    "Facts",
    "Finding",
    "GapReason",
    "GateDecision",
    "HostFact",
    "Location",
    "MetaData",
    "NearMiss",
    "NetworkPolicy",
    "NotEvaluated",
    "ObservedCertificate",
    "Origin",
    "PinCheck",
    "PinFact",
    "PinIdentity",
    "PinMatch",
    "PinSet",
    "PolicyCheck",
    "PolicyDomain",
    "PolicyError",
    "PolicyIssue",
    "PolicyPin",
    "PolicyScope",
    "PolicyVariant",
    "Record",
    "Reference",
    "ResourceReference",
    "RuleText",
    "ScanResult",
    "ScopeBand",
    "SdkFact",
    "Settings",
    "Severity",
    "Signer",
    "StageRecord",
    "StoreRejection",
    "StoreVerdict",
    "Strength",
    "Summary",
    "Target",
    "TeamPolicy",
    "TeamPolicyForm",
    "ToolInfo",
    "TrustAnchor",
    "TrustKitDomain",
    "Waiver",
]
