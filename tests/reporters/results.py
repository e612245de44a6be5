"""Scan results made by hand, with every kind of record in them, for the tests of the machine formats."""

import datetime as dt

import msgspec

from analyzer.gate import decide
from analyzer.model import (
    Adjustment,
    AnalysisGap,
    ApiUse,
    AppInfo,
    BundledAnchor,
    CallbackFact,
    CertificateFact,
    ChainObservation,
    ChainPath,
    ClientFact,
    Component,
    Confidence,
    DebugOverrides,
    Facts,
    Finding,
    HostFact,
    Location,
    MetaData,
    NearMiss,
    NetworkPolicy,
    NotEvaluated,
    ObservedCertificate,
    Origin,
    PinCheck,
    PinFact,
    PinIdentity,
    PinMatch,
    PinSet,
    PolicyCheck,
    PolicyDomain,
    PolicyError,
    PolicyIssue,
    PolicyPin,
    PolicyScope,
    PolicyVariant,
    Reference,
    ResourceReference,
    RuleText,
    ScanResult,
    ScopeBand,
    SdkFact,
    Settings,
    Severity,
    Signer,
    StageRecord,
    Strength,
    Summary,
    Target,
    ToolInfo,
    TrustAnchor,
    TrustKitDomain,
    Waiver,
)
from analyzer.options import ScanOptions

OPTIONS = ScanOptions(as_of=dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC))
TOOL = ToolInfo(name="pinscope", version="0.1.0", rules_digest="5e" * 32)
KEY_DIGEST = bytes(range(32))
CERTIFICATE_DIGEST = bytes(range(32, 64))
POLICY_ENTRY = "res/xml/network_security_config.xml"

POLICY_PLACE = Location(
    kind="xml",
    entry=POLICY_ENTRY,
    xml_path="network-security-config/domain-config[1]/pin-set",
    line=12,
    snippet='<pin-set expiration="2025-12-31">',
)
CODE_PLACE = Location(
    kind="code",
    entry="classes2.dex",
    class_name="com.example.shop.net.LaxTrustManager",
    method="checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V",
    code_offset=0,
)
MANIFEST_PLACE = Location(kind="manifest", entry="AndroidManifest.xml", xml_path="manifest/application", line=7)

APP = AppInfo(
    package="com.example.shop",
    version_name="2.4.1",
    version_code=20401,
    min_sdk=24,
    target_sdk=36,
    uses_cleartext_traffic=False,
    network_security_config=ResourceReference(
        text="@0x7f010001", resource_id=0x7F010001, name="xml/network_security_config"
    ),
    network_security_config_location=MANIFEST_PLACE,
    application_location=MANIFEST_PLACE,
    components=(Component(kind="activity", class_name="com.example.shop.Main", exported=True, launcher=True),),
    meta_data=(MetaData(name="example.channel", value="store", resource=None),),
    permissions=("android.permission.INTERNET",),
    splits=("config.de",),
    signers=(Signer(scheme="v2", certificate_sha256=CERTIFICATE_DIGEST),),
    dex_entries=("classes.dex", "classes2.dex"),
)

_DECLARED = Origin(kind="declared", path="network-security-config/domain-config[1]/pin-set", line=12)
_DEFAULT = Origin(kind="platform-default")
_SETTINGS = Settings(
    cleartext=False,
    cleartext_origin=_DEFAULT,
    trust_anchors=(TrustAnchor(source="system"), TrustAnchor(source="raw", resource="@0x7f020000")),
    trust_anchors_origin=_DEFAULT,
    pin_set=PinSet(
        pins=(
            PolicyPin(digest=KEY_DIGEST, value="AAECAwQ=", path="network-security-config/domain-config[1]", line=13),
        ),
        expires_on="2025-12-31",
        expires_date="2025-12-31",
    ),
    pin_set_origin=_DECLARED,
    ct_required=None,
    ct_origin=None,
    domain_encryption=None,
    domain_encryption_origin=None,
)
_POLICY = NetworkPolicy(
    state="resolved",
    reference=APP.network_security_config,
    variants=(
        PolicyVariant(
            entry=POLICY_ENTRY,
            qualifiers="",
            scopes=(
                PolicyScope(
                    kind="domain",
                    path="network-security-config/domain-config[1]",
                    line=10,
                    domains=(
                        PolicyDomain(
                            name="api.example.com",
                            written="api.example.com",
                            include_subdomains=True,
                            path="network-security-config/domain-config[1]/domain",
                            line=11,
                        ),
                    ),
                    bands=(ScopeBand(first_level=24, last_level=37, settings=_SETTINGS),),
                ),
            ),
            errors=(PolicyError(kind="pin-length", message="31 bytes", path="network-security-config", subject="x"),),
            issues=(
                PolicyIssue(
                    kind="unknown-element",
                    name="pins",
                    element="domain-config",
                    detail="The platform skips it.",
                    path="network-security-config/domain-config[1]",
                    suggestion="pin-set",
                ),
            ),
            debug_overrides=(DebugOverrides(source="policy", entry=POLICY_ENTRY, path="network-security-config"),),
            trustkit=(
                TrustKitDomain(
                    domains=("api.example.com",),
                    enforce_pinning=None,
                    disable_default_report_uri=None,
                    report_uris=(),
                    pins=("AAECAwQ=",),
                    digests=("SHA-256",),
                    expires_on="2025-12-31",
                    path="network-security-config/domain-config[1]/trustkit-config",
                ),
            ),
        ),
    ),
    orphans=(Location(kind="entry", entry="res/xml/old_policy.xml"),),
)


def key_pin() -> PinFact:
    return PinFact(
        mechanism="nsc",
        host="api.example.com",
        include_subdomains=True,
        algorithm="sha256",
        digest=KEY_DIGEST,
        hashed_object="spki",
        value="AAECAwQ=",
        expires_on="2025-12-31",
        checked_against="validated",
        resolution="constant",
        activation="active",
        scope="nsc:api.example.com",
        identity=PinIdentity(name="Example Root", kind="root", real=True, detail="public list"),
        evidence=(POLICY_PLACE,),
    )


def certificate_pin() -> PinFact:
    return msgspec.structs.replace(
        key_pin(),
        mechanism="cordova",
        digest=CERTIFICATE_DIGEST,
        hashed_object="certificate",
        checked_against="leaf",
        identity=None,
        scope="cordova",
    )


FACTS = Facts(
    app=APP,
    policy=_POLICY,
    pins=(key_pin(), certificate_pin()),
    callbacks=(
        CallbackFact(
            kind="trust_manager",
            class_name="com.example.shop.net.LaxTrustManager",
            behaviour="accept-all",
            activation="active",
            evidence=(CODE_PLACE,),
        ),
    ),
    certificates=(
        CertificateFact(
            kind="certificate",
            entry="res/raw/ca.pem",
            subject="CN=Example Root",
            spki_sha256=KEY_DIGEST,
            certificate_sha256=CERTIFICATE_DIGEST,
        ),
    ),
    anchors=(BundledAnchor(certificate=b"0", certificate_sha256=CERTIFICATE_DIGEST, resources=("@raw/ca",)),),
    sdks=(SdkFact(name="OkHttp", kind="library", version="4.12.0"),),
    hosts=(HostFact(name="api.example.com", owner="first-party", source="policy"),),
    chains=(
        ChainObservation(
            host="api.example.com",
            port=443,
            recorded=True,
            observed_at="2026-01-01T00:00:00Z",
            covers_host=True,
            certificates=(
                ObservedCertificate(
                    subject="CN=api.example.com",
                    issuer="CN=Example Root",
                    spki_sha256=KEY_DIGEST,
                    certificate_sha256=CERTIFICATE_DIGEST,
                    certificate_sha1=CERTIFICATE_DIGEST[:20],
                    not_before="2025-12-01T00:00:00Z",
                    not_after="2026-03-01T00:00:00Z",
                    sent_at=0,
                ),
            ),
            paths=(ChainPath(store="certifi 1", certificates=(0,), anchors=1),),
            near_misses=(NearMiss(algorithm="sha256", digest=KEY_DIGEST, certificate=0, form="SHA-256 of nothing"),),
            recording_sha256=CERTIFICATE_DIGEST,
            presented_sha256=(KEY_DIGEST,),
            validated_sha256=(KEY_DIGEST,),
        ),
    ),
    pin_checks=(
        PinCheck(
            mechanism="nsc",
            pattern="api.example.com",
            include_subdomains=False,
            scope="res/xml/nsc.xml#domain-config",
            host="api.example.com",
            chain=0,
            status="match",
            checked_against="validated",
            pins=1,
            matches=(PinMatch(value="AAEC", certificate=0, role="leaf"),),
            store="certifi 1",
            breaks_on="2026-03-01",
        ),
    ),
    payloads=(Location(kind="entry", entry="assets/plugin.apk"),),
    clients=(
        ClientFact(
            kind="okhttp",
            class_name="org.example.app.Clients",
            method="client()V",
            derived=False,
            pinned=None,
            own_socket_factory=True,
            own_verifier=False,
            trust_managers=("unknown",),
            factory_managers=("default",),
            activation="active",
        ),
    ),
    api_uses=(ApiUse(api="provider-installer", activation="unknown", arguments=("a", None)),),
    policy_checks=(
        PolicyCheck(
            demand="pinned",
            state="met",
            subject="api.example.com",
            line="pinscope.yaml:3",
            found="It is pinned.",
            evidence=(Location(kind="entry", entry="pinscope.yaml", line=3),),
        ),
    ),
    covered=("app", "pin", "policy"),
)


def rule_name(rule_id: str) -> str:
    """Return a readable name: the id without its family."""
    return rule_id.partition("-")[2].lower()


def rule_text(
    rule_id: str,
    title: str,
    severity: Severity | None,
    *,
    confidence: Confidence = Confidence.CERTAIN,
    cwe: tuple[int, ...] = (693,),
) -> RuleText:
    return RuleText(
        rule_id=rule_id,
        name=rule_name(rule_id),
        title=title,
        since="0.1.0",
        severity=severity,
        confidence=confidence,
        what="What the rule looks for, with `code` in it.",
        why="Why it matters.\n\nIn two paragraphs.",
        fix="What to do.",
        snippet='<pin-set expiration="2027-12-31">\n</pin-set>',
        snippet_language="xml",
        limits="What it does not see.",
        cwe=cwe,
        masvs=("MASVS-NETWORK-2",),
        mastg=("MASTG-TEST-0243",),
        lint=("PinSetExpiry",),
        references=(
            Reference(
                title="Network security configuration",
                url="https://developer.android.com/privacy-and-security/security-config",
            ),
        ),
    )


RULES = {
    text.rule_id: text
    for text in (
        rule_text("NSC-PIN-EXPIRED", "Pin-set expired, pinning is off", Severity.HIGH),
        rule_text("TM-ACCEPT-ALL", "Trust manager accepts every certificate", Severity.CRITICAL, cwe=(295,)),
        rule_text(
            "PIN-UNRESOLVED", "Pins could not be resolved", Severity.INFO, confidence=Confidence.COVERAGE, cwe=()
        ),
        rule_text("NSC-PINNED", "Pins are effective", None, cwe=()),
    )
}


def finding(
    rule_id: str = "NSC-PIN-EXPIRED",
    *,
    subject: str = "*.api.example.com",
    severity: Severity = Severity.HIGH,
    confidence: Confidence = Confidence.CERTAIN,
    locations: tuple[Location, ...] = (POLICY_PLACE,),
    fingerprint: str = "0123456789abcdef" * 2,
    message: str = "The pin-set of *.api.example.com ended on 2025-12-31, so its hosts are not pinned.",
    waiver: Waiver | None = None,
) -> Finding:
    return Finding(
        rule_id=rule_id,
        name=rule_name(rule_id),
        title=RULES[rule_id].title,
        severity=severity,
        confidence=confidence,
        subject=subject,
        message=message,
        locations=locations,
        fingerprint=fingerprint,
        waiver=waiver,
    )


EXPIRED = msgspec.structs.replace(finding(), first_level=24, last_level=37, tags=("expiry",), fix="<pin-set/>")
ACCEPT_ALL = msgspec.structs.replace(
    finding(
        "TM-ACCEPT-ALL",
        subject="com.example.shop.net.LaxTrustManager",
        severity=Severity.MEDIUM,
        confidence=Confidence.TENTATIVE,
        locations=(CODE_PLACE, POLICY_PLACE),
        fingerprint="fedcba9876543210" * 2,
        message="checkServerTrusted never throws.",
        waiver=Waiver(reason="Only the test flavour has it.", until="2026-06-30"),
    ),
    adjustments=(Adjustment(reason="activation", from_severity=Severity.CRITICAL, to_severity=Severity.MEDIUM),),
)
UNRESOLVED = finding(
    "PIN-UNRESOLVED",
    subject="com.example.shop.net.Pins",
    severity=Severity.INFO,
    confidence=Confidence.COVERAGE,
    locations=(CODE_PLACE,),
    fingerprint="00112233445566778899aabbccddeeff",
    message="The pins passed to CertificatePinner.Builder.add are computed.",
)
PINNED = Strength(
    rule_id="NSC-PINNED",
    name="pinned",
    title="Pins are effective",
    confidence=Confidence.CERTAIN,
    subject="cdn.example.com",
    message="cdn.example.com is pinned.",
    locations=(POLICY_PLACE,),
)
NOT_LOOKED_AT = AnalysisGap(
    stage="code",
    reason="not-analysed-yet",
    subject="classes.dex",
    detail="Code is not analysed by this version.",
    hides=("callback", "pin"),
)
TRUNCATED = AnalysisGap(
    stage="container",
    reason="limit",
    subject="classes2.dex",
    detail="The entry inflates to more than 256 MiB; raise the limit to read it.",
    hides=("code",),
    incomplete=True,
)
UNANSWERED = NotEvaluated(rule_id="PIN-NONE", title="No pinning found", reason="Code was not analysed.")


def result(
    *findings: Finding,
    gaps: tuple[AnalysisGap, ...] = (),
    not_evaluated: tuple[NotEvaluated, ...] = (),
    strengths: tuple[Strength, ...] = (),
    path: str = "build/outputs/shop.apk",
    app: AppInfo = APP,
) -> ScanResult:
    """Return the result of a scan that opened its target."""
    return ScanResult(
        schema_version=1,
        tool=TOOL,
        target=Target(path=path, sha256="ab" * 32, size_bytes=123_456, format="apk"),
        as_of="2026-01-15T12:00:00Z",
        app=app,
        facts=msgspec.structs.replace(FACTS, app=app),
        findings=findings,
        strengths=strengths,
        not_evaluated=not_evaluated,
        gaps=gaps,
        summary=Summary(
            by_severity={level.value: sum(one.severity is level for one in findings) for level in Severity},
            findings=len(findings),
            strengths=len(strengths),
            gaps=len(gaps),
            not_evaluated=len(not_evaluated),
        ),
        gate=decide(findings, gaps, not_evaluated, OPTIONS, opened=True),
        stages=(
            StageRecord(name="container", status="done", seconds=0.0123),
            StageRecord(name="code", status="partial"),
        ),
        rules=RULES,
    )


def full_result() -> ScanResult:
    """Return a result in which every list has an element."""
    return result(
        EXPIRED, ACCEPT_ALL, UNRESOLVED, gaps=(NOT_LOOKED_AT,), not_evaluated=(UNANSWERED,), strengths=(PINNED,)
    )


def unreadable_result(path: str = "build/outputs/broken.apk") -> ScanResult:
    """Return the result for a target that is no app."""
    gaps = (
        AnalysisGap(
            stage="container",
            reason="unreadable",
            subject="container",
            detail=f"{path} is not a ZIP archive.",
            hides=("app",),
            incomplete=True,
        ),
    )
    return msgspec.structs.replace(
        result(gaps=gaps),
        target=Target(path=path, sha256="cd" * 32, size_bytes=9, format="unknown"),
        app=None,
        facts=None,
        gate=decide((), gaps, (), OPTIONS, opened=False),
        rules={},
    )
