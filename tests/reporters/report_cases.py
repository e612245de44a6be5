"""Scan results as a pipeline would make them, their policies resolved from XML, for the tests of human reports."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from analyzer.apk.tree import XmlElement
from analyzer.apk.xml import read_xml
from analyzer.extractors.network_policy import PinDescription, PolicyFile, build_policy
from analyzer.gate.decide import decide
from analyzer.model import (
    Adjustment,
    AnalysisGap,
    AppInfo,
    CallbackFact,
    CertificateFact,
    CertificateUse,
    Confidence,
    Facts,
    Finding,
    Location,
    NotEvaluated,
    PinFact,
    PinIdentity,
    Reference,
    ResourceReference,
    RuleText,
    ScanResult,
    SdkFact,
    Severity,
    Signer,
    StageRecord,
    StoreRejection,
    StoreVerdict,
    Strength,
    Summary,
    Target,
    ToolInfo,
    Waiver,
)
from analyzer.options import Limits, ScanOptions
from analyzer.ruleset.store import store_verdict

AS_OF = "2026-01-15T12:00:00Z"
POLICY_ENTRY = "res/xml/network_security_config.xml"
PIN_EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
PIN_ISRG = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M="
PIN_OWN = "r/mIkG3eEpVdm+u/ko/cwxzOMo1bk4TyHIlByibiA5E="
PIN_BACKUP = "YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg="

SHOP_POLICY = f"""<network-security-config>
    <base-config>
        <trust-anchors>
            <certificates src="system"/>
        </trust-anchors>
    </base-config>
    <domain-config cleartextTrafficPermitted="false">
        <domain includeSubdomains="true">api.shop.example</domain>
        <domain includeSubdomains="false">login.shop.example</domain>
        <pin-set expiration="2027-03-02">
            <pin digest="SHA-256">{PIN_OWN}</pin>
            <pin digest="SHA-256">{PIN_BACKUP}</pin>
            <pin digest="SHA-256">{PIN_ISRG}</pin>
        </pin-set>
        <domain-config>
            <domain includeSubdomains="false">legacy.api.shop.example</domain>
            <pin-set expiration="2025-11-30">
                <pin digest="SHA-256">{PIN_OWN}</pin>
            </pin-set>
        </domain-config>
    </domain-config>
    <domain-config cleartextTrafficPermitted="true">
        <domain includeSubdomains="true">cdn.images.example</domain>
    </domain-config>
    <domain-config>
        <domain includeSubdomains="false">intranet.shop.example</domain>
        <trust-anchors>
            <certificates src="system"/>
            <certificates src="user" overridePins="true"/>
            <certificates src="@raw/company_ca"/>
        </trust-anchors>
        <pin-set>
            <pin digest="SHA-256">{PIN_EMPTY}</pin>
            <pin digest="SHA-256">{PIN_BACKUP}</pin>
        </pin-set>
    </domain-config>
</network-security-config>
"""


def policy_tree(text: str) -> XmlElement:
    """Read plain XML into the tree that extractors see, values typed as the resource compiler types them."""
    return read_xml(text.encode(), POLICY_ENTRY, Limits()).root


def _describe(value: str, _digest: bytes | None, _host: str) -> PinDescription:
    if value == PIN_EMPTY:
        return PinDescription(
            problem="empty-input",
            detail="SHA-256 of no input at all",
            identity=PinIdentity(name="digest of empty input", kind="degenerate", real=False, detail="by definition"),
        )
    if value == PIN_ISRG:
        return PinDescription(
            identity=PinIdentity(name="ISRG Root X1", kind="root", real=True, detail="a root of Let's Encrypt")
        )
    return PinDescription()


def app_info(**changes: Any) -> AppInfo:
    """Return a plain release app with code."""
    app = AppInfo(
        package="com.example.shop",
        version_name="8.14.2",
        version_code=814020,
        min_sdk=24,
        target_sdk=36,
        network_security_config=ResourceReference(
            text="@0x7f140003", resource_id=0x7F140003, name="xml/network_security_config"
        ),
        signers=(Signer(scheme="v2", certificate_sha256=hashlib.sha256(b"signer").digest()),),
        dex_entries=("classes.dex", "classes2.dex"),
        native_libraries=("libcrypto_tools.so",),
        permissions=("android.permission.INTERNET",),
        splits=("config.arm64_v8a", "config.de"),
    )
    return replace(app, **changes)


def rule_text(rule_id: str, title: str, severity: Severity | None, **changes: Any) -> RuleText:
    """Return a rule's words, complete enough for every part of a report."""
    text = RuleText(
        rule_id=rule_id,
        name="-".join(title.lower().replace(",", "").split()),
        title=title,
        since="0.1.0",
        severity=severity,
        confidence=Confidence.CERTAIN,
        what="The effective configuration of the scope on each device API level.",
        why="Whoever holds a certificate from any trusted authority for the host can read and change the traffic.\n\n"
        "Pins are checked after the chain was validated, and only until the day named in `expiration`.",
        fix="Declare the setting in the file that the manifest names, and keep `debug-overrides` for development.",
        snippet='<domain-config>\n    <domain includeSubdomains="true">example.com</domain>\n</domain-config>',
        snippet_language="xml",
        limits="Connections of libraries that do not ask the platform are not covered.",
        cwe=(295,),
        masvs=("MASVS-NETWORK-2",),
        mastg=("MASTG-TEST-0242",),
        lint=("PinSetExpiry",),
        references=(
            Reference(
                title="Network security configuration",
                url="https://developer.android.com/privacy-and-security/security-config",
            ),
        ),
    )
    return replace(text, **changes)


def finding(rule: RuleText, subject: str, message: str, **changes: Any) -> Finding:
    """Return a finding of a rule in the policy file."""
    assert rule.severity is not None
    value = Finding(
        rule_id=rule.rule_id,
        name=rule.name,
        title=rule.title,
        severity=rule.severity,
        confidence=rule.confidence,
        subject=subject,
        message=message,
        locations=(
            Location(
                kind="xml",
                entry=POLICY_ENTRY,
                xml_path="network-security-config/domain-config[1]/pin-set",
                line=11,
                snippet='<pin-set expiration="2027-03-02">',
            ),
        ),
        fingerprint=hashlib.sha256(f"{rule.rule_id}|{subject}".encode()).hexdigest()[:32],
    )
    return replace(value, **changes)


def scan_result(
    *,
    app: AppInfo | None = None,
    facts: Facts | None = None,
    findings: Sequence[Finding] = (),
    strengths: Sequence[Strength] = (),
    not_evaluated: Sequence[NotEvaluated] = (),
    gaps: Sequence[AnalysisGap] = (),
    rules: Sequence[RuleText] = (),
    path: str = "builds/shop-release.apk",
) -> ScanResult:
    """Return a whole result around its parts, decided by the gate itself."""
    ordered = tuple(sorted(findings, key=lambda f: (-f.severity.rank, f.rule_id, f.subject)))
    options = ScanOptions(as_of=dt.datetime.fromisoformat(AS_OF))
    return ScanResult(
        schema_version=1,
        tool=ToolInfo(name="pinscope", version="0.1.0", rules_digest=hashlib.sha256(b"rules").hexdigest()),
        target=Target(path=path, sha256=hashlib.sha256(path.encode()).hexdigest(), size_bytes=48_234_496, format="apk"),
        as_of=AS_OF,
        app=app,
        facts=facts,
        findings=ordered,
        strengths=tuple(strengths),
        not_evaluated=tuple(not_evaluated),
        gaps=tuple(gaps),
        store=store_verdict(facts, gaps),
        summary=Summary(
            by_severity={level.value: sum(f.severity is level for f in ordered) for level in Severity},
            findings=len(ordered),
            strengths=len(strengths),
            gaps=len(gaps),
            not_evaluated=len(not_evaluated),
        ),
        gate=decide(ordered, gaps, not_evaluated, options, opened=app is not None),
        stages=(
            StageRecord(name="container", status="done", seconds=0.1234),
            StageRecord(name="policy", status="done", seconds=0.0031),
            StageRecord(name="rules", status="done", seconds=0.0402),
        ),
        rules={rule.rule_id: rule for rule in rules},
    )


def policy_facts(app: AppInfo, *policies: tuple[str, str], covered: Sequence[str] = ()) -> Facts:
    """Return the facts of an app with these policy files (XML and qualifiers), resolved by the extractor itself."""
    files = [
        PolicyFile(
            entry=POLICY_ENTRY if not qualifiers else f"res/xml-{qualifiers}/network_security_config.xml",
            root=policy_tree(text),
            qualifiers=qualifiers,
            version=int(qualifiers[1:]) if qualifiers.startswith("v") else 0,
        )
        for text, qualifiers in policies
    ]
    built = build_policy(app, files, reference=app.network_security_config if files else None, describe_pin=_describe)
    return Facts(
        app=app,
        policy=built.policy,
        pins=built.pins,
        hosts=built.hosts,
        covered=tuple(sorted({"app", "policy", "pin", *covered})),
    )


def app_with_policy(*policies: tuple[str, str], **changes: Any) -> ScanResult:
    """Return the result of an app with these policy files and no findings."""
    app = app_info(**changes)
    return scan_result(app=app, facts=policy_facts(app, *policies), gaps=(CODE_GAP,))


CODE_GAP = AnalysisGap(
    stage="code",
    reason="not-analysed-yet",
    subject="classes.dex, classes2.dex",
    detail="Bytecode is not analysed by this version: pins set in code, trust managers, hostname verifiers and "
    "WebView handlers are unknown.",
    hides=("pin", "callback", "sdk", "host", "code"),
)
CLIENT_CODE = Location(
    kind="code",
    entry="base.apk!classes2.dex",
    class_name="com.example.shop.net.ApiClient",
    method="build(Landroid/content/Context;)Lokhttp3/OkHttpClient;",
    code_offset=0x2C,
    snippet='CertificatePinner.Builder.add("api.shop.example", "sha256/…")',
)


def shop() -> ScanResult:
    """An app with several scopes, API bands, findings of every kind, gaps and strengths."""
    app = app_info(min_sdk=21)
    expired = rule_text("NSC-PIN-EXPIRED", "Pin-set expired, pinning is off", Severity.HIGH)
    cleartext = rule_text("NSC-DOMAIN-CLEARTEXT", "Cleartext allowed for named hosts", Severity.MEDIUM, cwe=(319,))
    user_ca = rule_text("NSC-USER-CA", "User-installed CAs trusted", Severity.HIGH)
    override = rule_text("NSC-OVERRIDE-PINS", "Anchors override pins in release", Severity.HIGH)
    placeholder = rule_text("PIN-PLACEHOLDER", "Sample or dummy pin shipped", Severity.CRITICAL)
    trust_all = rule_text(
        "TM-ACCEPT-ALL",
        "Trust manager accepts every certificate",
        Severity.CRITICAL,
        confidence=Confidence.FIRM,
        snippet="val factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm())",
        snippet_language="kotlin",
    )
    old = rule_text("APP-MINSDK-USERCA", "Old devices trust user CAs regardless of the policy", Severity.LOW)
    backup = rule_text("PIN-NO-BACKUP", "Fewer than two distinct pins for a host", Severity.MEDIUM)
    base = rule_text("NSC-BASE-CLEARTEXT", "Cleartext allowed for all hosts", Severity.LOW, cwe=(319, 1188))
    good = rule_text("GOOD-NSC-PINNED", "Pinned by the platform", None)
    ca_location = Location(
        kind="xml",
        entry=POLICY_ENTRY,
        xml_path="network-security-config/domain-config[3]/trust-anchors/certificates[2]",
        line=30,
        snippet='<certificates src="user" overridePins="true"/>',
    )
    trust_code = replace(CLIENT_CODE, class_name="com.adnetwork.sdk.net.b", snippet=None)
    findings = (
        finding(
            expired,
            "legacy.api.shop.example",
            "The pin-set for legacy.api.shop.example ended on 2025-11-30; since then no pin is checked there.",
            fix=f'<pin-set expiration="2027-01-15">\n    <pin digest="SHA-256">{PIN_OWN}</pin>\n</pin-set>',
            first_level=24,
            last_level=37,
        ),
        finding(
            cleartext,
            "*.cdn.images.example",
            "Cleartext is allowed for *.cdn.images.example, while all other hosts need TLS on newer devices.",
            waiver=Waiver(reason="Image host of a partner, moves to TLS in spring", until="2026-04-30"),
        ),
        finding(
            user_ca,
            "intranet.shop.example",
            "User-installed CAs are trusted for intranet.shop.example.",
            locations=(ca_location,),
        ),
        finding(
            override,
            "intranet.shop.example",
            "Chains that end in a user-installed CA are not checked against the pins of intranet.shop.example.",
            locations=(ca_location,),
        ),
        finding(
            placeholder,
            "intranet.shop.example",
            "One of the two pins for intranet.shop.example is the digest of empty input; no key can match it.",
            severity=Severity.HIGH,
            adjustments=(
                Adjustment(reason="a second pin may match", from_severity=Severity.CRITICAL, to_severity=Severity.HIGH),
            ),
        ),
        finding(
            trust_all,
            "com.adnetwork.sdk.net.b",
            "checkServerTrusted of com.adnetwork.sdk.net.b never throws.",
            owner="sdk:Ad Network",
            tags=("sdk:Ad Network",),
            locations=(trust_code, replace(trust_code, method="open()V", code_offset=3)),
        ),
        finding(
            old, "com.example.shop", "minSdkVersion is 21, and devices before API 24 read no policy.",
            first_level=21, last_level=23,
        ),
        finding(backup, "legacy.api.shop.example", "Only one key is pinned for legacy.api.shop.example."),
        finding(
            base,
            "all other hosts",
            "The base-config says nothing of cleartext, and the default of old devices allows it.",
            first_level=24,
            last_level=27,
            confidence=Confidence.TENTATIVE,
        ),
    )  # fmt: skip
    strengths = (
        Strength(
            rule_id="GOOD-NSC-PINNED",
            name=good.name,
            title=good.title,
            confidence=Confidence.CERTAIN,
            subject="*.api.shop.example",
            message="Three distinct keys are pinned for *.api.shop.example and login.shop.example until 2027-03-02.",
            locations=findings[0].locations,
        ),
    )
    return scan_result(
        app=app,
        facts=_with_code(policy_facts(app, (SHOP_POLICY, ""))),
        findings=findings,
        strengths=strengths,
        not_evaluated=(
            NotEvaluated(rule_id="PIN-NONE", title="No pinning found", reason="Code was not analysed."),
            NotEvaluated(rule_id="HV-ACCEPT-ALL", title="Hostname verifier accepts all", reason="Code was not read."),
        ),
        gaps=(
            CODE_GAP,
            AnalysisGap(
                stage="code",
                reason="unsupported-runtime",
                subject="Flutter",
                detail="Dart code makes its own connections: it does not follow the network security configuration.",
                hides=("pin", "host", "native"),
            ),
        ),
        rules=(expired, cleartext, user_ca, override, placeholder, trust_all, old, backup, base, good),
    )


def _with_code(facts: Facts) -> Facts:
    pin = PinFact(
        mechanism="okhttp3",
        host="api.shop.example",
        include_subdomains=False,
        algorithm="sha256",
        digest=None,
        hashed_object="spki",
        value="sha256/" + PIN_OWN,
        checked_against="validated",
        resolution="constant",
        activation="created",
        scope="com.example.shop.net.ApiClient",
        evidence=(CLIENT_CODE,),
    )
    manager = CallbackFact(
        kind="trust_manager",
        class_name="com.adnetwork.sdk.net.b",
        behaviour="accept-all",
        activation="active",
        owner="sdk:Ad Network",
        evidence=(replace(CLIENT_CODE, class_name="com.adnetwork.sdk.net.b", method="checkServerTrusted()V"),),
    )
    certificate = CertificateFact(
        kind="certificate",
        entry="res/raw/company_ca.crt",
        subject="CN=Example Company Root CA,O=Example",
        not_after="2028-06-30T23:59:59Z",
        certificate_sha256=hashlib.sha256(b"ca").digest(),
        uses=(CertificateUse(kind="policy-anchor", hosts=("legacy.api.example.com",), activation="active"),),
        evidence=(Location(kind="entry", entry="res/raw/company_ca.crt"),),
    )
    return replace(
        facts,
        pins=(*facts.pins, pin),
        callbacks=(manager,),
        certificates=(certificate,),
        sdks=(SdkFact(name="OkHttp", kind="library", version="4.12.0", evidence=(CLIENT_CODE,)),),
    )


def clean() -> ScanResult:
    """An app without policy, code or anything to complain of."""
    app = app_info(
        package="org.clean", min_sdk=28, network_security_config=None, dex_entries=(), native_libraries=(), splits=()
    )
    everything = ("callback", "certificate", "sdk", "host", "code")
    return scan_result(app=app, facts=policy_facts(app, covered=everything), path="clean.apk")


def refused() -> ScanResult:
    """An app whose policy file the platform refuses on every device."""
    app = app_info(min_sdk=26)
    broken = SHOP_POLICY.replace('src="@raw/company_ca"', 'src="raw/company_ca"')
    rule = rule_text("NSC-INVALID", "Policy file refused by the platform", Severity.CRITICAL)
    return scan_result(
        app=app,
        facts=policy_facts(app, (broken, "")),
        findings=(finding(rule, POLICY_ENTRY, "Android refuses the file: every connection fails."),),
        gaps=(CODE_GAP,),
        rules=(rule,),
    )


def unreadable() -> ScanResult:
    """A file that is no app."""
    gap = AnalysisGap(
        stage="container",
        reason="unreadable",
        subject="notes.apk",
        detail="notes.apk is not a ZIP archive; pass an APK, a folder of split APKs, or an .apks, .xapk or .apkm file.",
        hides=("app", "policy", "pin", "callback", "certificate", "sdk", "host", "chain", "code"),
        incomplete=True,
    )
    return scan_result(gaps=(gap,), path="notes.apk")


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\u200b'\"&{{7*7}}</style><!--\r\n::error::"


def hostile() -> ScanResult:
    """A result in which every text that can come from an app is an attack."""
    app = app_info(package=HOSTILE, version_name=HOSTILE, splits=(HOSTILE,), native_libraries=(HOSTILE,))
    rule = rule_text("NSC-USER-CA", "User-installed CAs trusted", Severity.HIGH)
    place = Location(
        kind="code", entry=HOSTILE, xml_path=HOSTILE, class_name=HOSTILE, method=HOSTILE, snippet=HOSTILE, line=1
    )
    facts = policy_facts(app, (SHOP_POLICY, ""))
    variant = facts.policy.variants[0]
    scopes = tuple(
        replace(
            scope,
            path=HOSTILE,
            domains=tuple(replace(domain, name=HOSTILE, written=HOSTILE, problem="port") for domain in scope.domains),
        )
        for scope in variant.scopes
    )
    facts = replace(
        facts,
        policy=replace(
            facts.policy,
            variants=(replace(variant, entry=HOSTILE, qualifiers=HOSTILE, scopes=scopes),),
            orphans=(place,),
        ),
        pins=tuple(
            replace(
                pin,
                mechanism="okhttp3",
                host=HOSTILE,
                value=HOSTILE,
                scope=HOSTILE,
                problem="example",
                problem_detail=HOSTILE,
                expires_on=HOSTILE,
                owner="sdk:" + HOSTILE,
                identity=PinIdentity(name=HOSTILE, kind="root", real=True, detail=HOSTILE),
                evidence=(place,),
            )
            for pin in facts.pins[:2]
        ),
        callbacks=(
            CallbackFact(
                kind="trust_manager", class_name=HOSTILE, behaviour=HOSTILE, activation="active", evidence=(place,)
            ),
        ),
        certificates=(
            CertificateFact(kind="certificate", entry=HOSTILE, subject=HOSTILE, not_after="2027-01-01" + HOSTILE),
        ),
        sdks=(SdkFact(name=HOSTILE, kind="sdk", version=HOSTILE, evidence=(place,)),),
        hosts=tuple(replace(host, name=HOSTILE, owner=HOSTILE, client=HOSTILE) for host in facts.hosts),
    )
    rejection = StoreRejection(
        policy="unsafe-trust-manager",
        likelihood="rejected",
        class_name=HOSTILE,
        variant=3,
        owner="sdk:" + HOSTILE,
        behaviour=HOSTILE,
        activation="active",
        reason=HOSTILE,
        evidence=(place,),
    )
    result = scan_result(
        app=app,
        facts=facts,
        findings=(
            finding(
                rule,
                HOSTILE,
                HOSTILE,
                locations=(place,),
                owner="sdk:" + HOSTILE,
                tags=(HOSTILE,),
                fix=HOSTILE,
                waiver=Waiver(reason=HOSTILE, until="2026-12-31"),
                adjustments=(Adjustment(reason=HOSTILE, from_severity=Severity.CRITICAL, to_severity=Severity.HIGH),),
            ),
        ),
        strengths=(
            Strength(
                rule_id="GOOD-NSC-PINNED",
                name="pinned",
                title="Pinned",
                confidence=Confidence.CERTAIN,
                subject=HOSTILE,
                message=HOSTILE,
                locations=(place,),
            ),
        ),
        not_evaluated=(NotEvaluated(rule_id="PIN-NONE", title="No pinning found", reason=HOSTILE),),
        gaps=(AnalysisGap(stage="code", reason="packed", subject=HOSTILE, detail=HOSTILE, hides=("code",)),),
        rules=(rule,),
        path=HOSTILE,
    )
    return replace(result, store=StoreVerdict(state="rejected", rejections=(rejection,), unknown=HOSTILE))


def crowded(count: int = 500) -> ScanResult:
    """An app with very many findings of few rules."""
    rules = [rule_text(f"NSC-RULE-{number}", f"Rule {number}", list(Severity)[number % 5]) for number in range(10)]
    app = app_info()
    findings = [
        finding(
            rules[number % len(rules)],
            f"host-{number:04}.shop.example",
            f"Something is the case for host-{number:04}.shop.example, which is worth a sentence of usual length.",
        )
        for number in range(count)
    ]
    facts = policy_facts(app, (SHOP_POLICY, ""))
    return scan_result(app=app, facts=facts, findings=findings, gaps=(CODE_GAP,), rules=rules)
