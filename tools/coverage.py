"""The table of checks in other catalogues, and which rules answer them: written into ``docs/coverage.md``."""

from collections.abc import Iterable, Mapping

from analyzer.ruleset.schema import RuleHead

MASTG: Mapping[str, str] = {
    "MASTG-TEST-0217": "protocol versions that code enables although they are old",
    "MASTG-TEST-0233": "`http://` addresses in the code",
    "MASTG-TEST-0234": "sockets whose host name nobody checks",
    "MASTG-TEST-0235": "cleartext that manifest or policy allow",
    "MASTG-TEST-0242": "no pins in the network security configuration",
    "MASTG-TEST-0243": "pins of the network security configuration that have expired",
    "MASTG-TEST-0282": "trust managers that do not validate",
    "MASTG-TEST-0283": "host name verifiers that do not verify",
    "MASTG-TEST-0284": "WebViews that go on after certificate errors",
    "MASTG-TEST-0285": "a minSdkVersion whose devices trust user CAs",
    "MASTG-TEST-0286": "a network security configuration that trusts user CAs",
    "MASTG-TEST-0295": "a security provider that is never updated",
}
"""Tests of the OWASP MASTG that a package can answer without running it, in the words of this project."""
LINT: Mapping[str, str] = {
    "AcceptsUserCertificates": "trust in user CAs in the network security configuration",
    "AllowAllHostnameVerifier": "Apache's verifier that accepts every name",
    "BadHostnameVerifier": "a verifier that returns true",
    "CustomX509TrustManager": "a trust manager of the app's own",
    "DefaultCleartextTraffic": "a target whose default allows cleartext",
    "DefaultTrustedUserCerts": "a target whose default trusts user CAs",
    "DisabledAllSafeBrowsing": "Safe Browsing switched off",
    "HardcodedDebugMode": "`android:debuggable` in the manifest",
    "InsecureBaseConfiguration": "cleartext allowed by base-config",
    "InsecureDnsSdkLevel": "name look-ups of old devices",
    "MissingBackupPin": "a pin-set of one pin",
    "NetworkSecurityConfig": "a policy file that the platform refuses",
    "PinSetExpiry": "a pin-set that has expired or soon will",
    "SSLCertificateSocketFactoryCreateSocket": "sockets made by address, without a name to check",
    "SSLCertificateSocketFactoryGetInsecure": "a socket factory that validates nothing",
    "TrustAllX509TrustManager": "a trust manager whose checks are empty",
    "UnintendedExposedUrl": "addresses of development servers",
    "UnintendedPrivateIpAddress": "private addresses in the code",
    "UsingHttp": "plain `http://`: in build files for Lint, in the package here",
    "WebViewClientOnReceivedSslError": "`proceed()` on certificate errors",
}
"""Checks of Android Lint and of Google's security-lints."""
WITHOUT: Mapping[str, str] = {
    "DisabledAllSafeBrowsing": "Safe Browsing looks pages up in a list; it does not change how connections are made.",
    "InsecureDnsSdkLevel": "How a device looks names up is outside of TLS, and no app can change it below API 28.",
    "UnintendedExposedUrl": "Which hosts an app should not name is not a matter of TLS; all hosts are listed as facts.",
    "UnintendedPrivateIpAddress": "Private addresses are listed as facts and make findings about them less severe.",
}
"""Checks that no rule answers, and why."""


def answering(rules: Iterable[RuleHead]) -> dict[str, tuple[str, ...]]:
    """Return for every check the rules that name it in their mapping, sorted."""
    found: dict[str, list[str]] = {check: [] for check in (*MASTG, *LINT)}
    for rule in rules:
        for check in (*rule.mapping.mastg, *rule.mapping.lint):
            if check in found:
                found[check].append(rule.id)
    return {check: tuple(sorted(names)) for check, names in found.items()}


def unexplained(answers: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the checks that have neither a rule nor a reason for having none, or have both."""
    return [check for check, names in answers.items() if bool(names) == (check in WITHOUT)]


def coverage_page(rules: Iterable[RuleHead]) -> str:
    """Return the document.

    Raises:
        SystemExit: A check has neither a rule nor a reason for having none, or has both.
    """
    answers = answering(rules)
    odd = unexplained(answers)
    if odd:
        raise SystemExit(f"tools/coverage.py: {odd[0]} needs a rule that maps to it, or else a reason, and not both")
    lines = [
        "# Coverage of other catalogues",
        "",
        "Generated from the mappings in the rule files. A rule stands beside a check when its samples show that it",
        "speaks of what the check is about and stays silent otherwise; see the samples on the rule's page.",
        "",
        "## OWASP MASTG",
        "",
        *_table(MASTG, answers),
        "",
        "Tests that observe a running app (MASTG-TEST-0218, 0236, 0238, 0244) are out of reach of a static analysis.",
        "",
        "## Android Lint",
        "",
        *_table(LINT, answers),
    ]
    return "\n".join(lines) + "\n"


def _table(checks: Mapping[str, str], answers: Mapping[str, tuple[str, ...]]) -> list[str]:
    rows = ["| check | about | rules |", "| --- | --- | --- |"]
    for check, about in checks.items():
        names = ", ".join(f"[{name}](rules/{name}.md)" for name in answers[check])
        rows.append(f"| {check} | {about} | {names or f'none: {WITHOUT[check]}'} |")
    return rows
