"""Builds policies from XML text, the way a test wants to say them."""

import textwrap

from analyzer.apk.xml import read_xml
from analyzer.extractors.network_policy import PolicyFacts, PolicyFile, build_policy
from analyzer.model import AppInfo, Settings
from analyzer.model.policy import HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import effective
from analyzer.options import Limits

PIN_A = "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="
PIN_B = "PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0="


def app_info(
    *,
    target: int = 34,
    minimum: int = 24,
    maximum: int | None = None,
    cleartext: bool | None = None,
    debuggable: bool = False,
    instant: bool = False,
) -> AppInfo:
    return AppInfo(
        package="org.example.app",
        version_name="1.0",
        version_code=1,
        min_sdk=minimum,
        target_sdk=target,
        max_sdk=maximum,
        uses_cleartext_traffic=cleartext,
        debuggable=debuggable,
        instant_app=instant,
    )


def file(xml: str | bytes, entry: str = "res/xml/policy.xml", qualifiers: str = "", version: int = 0) -> PolicyFile:
    data = xml if isinstance(xml, bytes) else textwrap.dedent(xml).strip().encode()
    root = read_xml(data, entry, Limits()).root
    return PolicyFile(entry=entry, root=root, qualifiers=qualifiers, version=version)


def facts(inner: str | None, app: AppInfo | None = None, *, debug: str | None = None) -> PolicyFacts:
    """Resolve a policy given by what stands inside its root element; None for an app without a policy."""
    app = app or app_info()
    files = [] if inner is None else [file(f"<network-security-config>{inner}</network-security-config>")]
    debug_files = []
    if debug is not None:
        debug_files.append(
            file(f"<network-security-config>{debug}</network-security-config>", "res/xml/policy_debug.xml")
        )
    return build_policy(app, files, debug_files=debug_files)


def at(policy_facts: PolicyFacts, host: str, level: int = HIGHEST_KNOWN_LEVEL) -> Settings:
    settings = effective(policy_facts.policy, host, level)
    assert settings is not None, f"no settings for {host!r} on API {level}"
    return settings


def domain(*names: str, inner: str = "", subdomains: bool = False, attributes: str = "") -> str:
    """Write a domain-config."""
    flag = ' includeSubdomains="true"' if subdomains else ""
    domains = "".join(f"<domain{flag}>{name}</domain>" for name in names)
    return f"<domain-config {attributes}>{domains}{inner}</domain-config>"


def pin_set(*pins: str, expiration: str | None = None) -> str:
    attribute = f' expiration="{expiration}"' if expiration is not None else ""
    return f"<pin-set{attribute}>" + "".join(f'<pin digest="SHA-256">{pin}</pin>' for pin in pins) + "</pin-set>"


def anchors(*sources: str, overrides: str | None = None) -> str:
    flag = f' overridePins="{overrides}"' if overrides is not None else ""
    return "<trust-anchors>" + "".join(f'<certificates src="{s}"{flag}/>' for s in sources) + "</trust-anchors>"
