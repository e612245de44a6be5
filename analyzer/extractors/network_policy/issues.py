"""Parts of a policy file that the platform reads past: unknown names, wrong places, wrong types.

Knows the grammar's names; whether such a part is worth a finding is for rules to say.
"""

import ipaddress
import re

from analyzer.apk.tree import ValueType, XmlElement, XmlText
from analyzer.extractors.network_policy.java_date import is_canonical, parse_expiration
from analyzer.model import PolicyIssue, TrustKitDomain

# Element -> elements that the platform reads inside it.
_CHILDREN: dict[str, frozenset[str]] = {
    "network-security-config": frozenset({"base-config", "domain-config", "debug-overrides"}),
    "base-config": frozenset({"trust-anchors", "certificateTransparency", "domainEncryption"}),
    "domain-config": frozenset(
        {
            "domain",
            "trust-anchors",
            "pin-set",
            "domain-config",
            "certificateTransparency",
            "domainEncryption",
            "trustkit-config",
        }
    ),
    "debug-overrides": frozenset({"trust-anchors"}),
    "trust-anchors": frozenset({"certificates"}),
    "pin-set": frozenset({"pin"}),
}
# Placing these here is an error of its own, which the parser reports.
_REFUSED: dict[str, frozenset[str]] = {
    "base-config": frozenset({"domain", "pin-set", "domain-config"}),
    "debug-overrides": frozenset({"domain", "pin-set", "domain-config", "certificateTransparency"}),
}
_ATTRIBUTES: dict[str, frozenset[str]] = {
    "network-security-config": frozenset(),
    "base-config": frozenset({"cleartextTrafficPermitted"}),
    "domain-config": frozenset({"cleartextTrafficPermitted"}),
    "debug-overrides": frozenset(),
    "domain": frozenset({"includeSubdomains"}),
    "trust-anchors": frozenset(),
    "certificates": frozenset({"src", "overridePins"}),
    "pin-set": frozenset({"expiration"}),
    "pin": frozenset({"digest"}),
    "certificateTransparency": frozenset({"enabled"}),
    "domainEncryption": frozenset({"mode"}),
}
_BOOLEANS = frozenset({"cleartextTrafficPermitted", "includeSubdomains", "overridePins", "enabled"})
_BOOLEAN_DEFAULTS = {
    "cleartextTrafficPermitted": "true",
    "includeSubdomains": "false",
    "overridePins": "its default",
    "enabled": "false",
}
_MODES = frozenset({"disabled", "enabled", "opportunistic", "required"})
_ALL_ELEMENTS = frozenset(_ATTRIBUTES)
_ALL_ATTRIBUTES = frozenset().union(*_ATTRIBUTES.values())
_RETIRED = {
    "hstsEnforced": "Early platform versions read hstsEnforced, undocumented; current ones do not know it.",
}
# Written by build tools, or read by libraries that share the file.
_FOREIGN_NAMESPACES = ("http://schemas.android.com/tools",)
_FOREIGN_ELEMENTS = frozenset({"trustkit-config"})
# A resource reference; the parser takes the text of a domain literally and resolves none.
_REFERENCE = re.compile(r"@\+?(?:[\w.]+:)?\w+/[\w.]+")
_SEPARATORS = re.compile(r"[,;|\s]+")
# Neither registered names nor addresses contain them; braces and the dollar sign are left by unfilled templates.
# Brackets are not among them: they enclose IPv6 literals.
_NO_HOST_CHARACTERS = frozenset("\"'#$%&,:;<>?@\\^`{|}!")


def find_issues(root: XmlElement) -> list[PolicyIssue]:
    """List, in document order, what has no effect in a policy file."""
    found: list[PolicyIssue] = []
    pending: list[tuple[XmlElement, str]] = [(root, root.name)]
    while pending:
        element, path = pending.pop()
        found.extend(_attribute_issues(element, path))
        allowed = _CHILDREN.get(element.name, frozenset())
        refused = _REFUSED.get(element.name, frozenset())
        inner: list[tuple[XmlElement, str]] = []
        totals: dict[str, int] = {}
        for child in element.elements:
            totals[child.name] = totals.get(child.name, 0) + 1
        counts: dict[str, int] = {}
        for child in element.elements:
            counts[child.name] = counts.get(child.name, 0) + 1
            index = f"[{counts[child.name]}]" if totals[child.name] > 1 else ""
            child_path = f"{path}/{child.name}{index}"
            if child.name in allowed:
                if child.name not in _FOREIGN_ELEMENTS:
                    inner.append((child, child_path))
            elif child.name not in refused and child.namespace not in _FOREIGN_NAMESPACES:
                found.append(_skipped_element(child, element, child_path))
        found.extend(_text_issues(element, path))
        pending.extend(reversed(inner))
    return found


def _skipped_element(child: XmlElement, parent: XmlElement, path: str) -> PolicyIssue:
    known = child.name in _ALL_ELEMENTS
    suggestion = None if known else _nearest(child.name, _CHILDREN.get(parent.name, frozenset()) | _ALL_ELEMENTS)
    return PolicyIssue(
        kind="misplaced-element" if known else "unknown-element",
        name=child.name,
        element=parent.name,
        detail=f"The platform skips {child.name} inside {parent.name}, with everything in it.",
        path=path,
        line=child.line,
        suggestion=suggestion,
    )


def _attribute_issues(element: XmlElement, path: str) -> list[PolicyIssue]:
    found: list[PolicyIssue] = []
    allowed = _ATTRIBUTES.get(element.name, frozenset())

    def add(kind: str, name: str, detail: str, suggestion: str | None = None) -> None:
        found.append(
            PolicyIssue(
                kind=kind,  # type: ignore[arg-type] # one of the literals at every call below
                name=name,
                element=element.name,
                detail=detail,
                path=path,
                line=element.line,
                suggestion=suggestion,
            )
        )

    for attribute in element.attributes:
        name = attribute.name
        if attribute.namespace in _FOREIGN_NAMESPACES:
            continue
        if name not in allowed:
            if element.name == "debug-overrides" and name == "cleartextTrafficPermitted":
                add(
                    "inert-debug-overrides-setting",
                    name,
                    "Of debug-overrides only the trust anchors are used.",
                )
            elif name in _ALL_ATTRIBUTES:
                add("misplaced-attribute", name, f"The platform does not read {name} on {element.name}.")
            else:
                nearest = _nearest(name, allowed or _ALL_ATTRIBUTES)
                add("unknown-attribute", name, _RETIRED.get(name, f"The platform knows no attribute {name}."), nearest)
        elif attribute.namespace is not None and name != "cleartextTrafficPermitted":
            add(
                "namespaced-attribute",
                name,
                f"The platform looks {name} up without a namespace, so this one is not found.",
            )
        elif name in _BOOLEANS and attribute.boolean is None:
            what = "a string" if attribute.value_type == ValueType.STRING else "not a boolean"
            add(
                "untyped-boolean",
                name,
                f"The value {attribute.text or ''!r} is stored as {what}; the platform uses "
                f"{_BOOLEAN_DEFAULTS[name]} instead.",
            )
        elif name == "expiration":
            text = attribute.text or ""
            day = parse_expiration(text)
            if day is not None and not is_canonical(text):
                add("lenient-date", text, f"The platform reads {text!r} as {day}.")
        elif name == "mode" and (attribute.text or "") not in _MODES:
            add(
                "unknown-mode",
                attribute.text or "",
                f"{attribute.text or ''!r} is no domainEncryption mode; the platform default holds instead.",
                _nearest(attribute.text or "", _MODES),
            )
    return found


def _text_issues(element: XmlElement, path: str) -> list[PolicyIssue]:
    if element.name in ("domain", "pin"):
        return []
    return [
        PolicyIssue(
            kind="ignored-text",
            name=child.text.strip()[:80],
            element=element.name,
            detail=f"The platform ignores text inside {element.name}.",
            path=path,
            line=child.line or element.line,
        )
        for child in element.children
        if isinstance(child, XmlText) and child.text.strip()
    ]


def domain_problem(name: str) -> str | None:
    """Tell why no host name that an app asks for can equal a domain text, or None when one can.

    The words are those of `PolicyDomain.problem`.
    """
    if _REFERENCE.fullmatch(name):
        return "reference"
    if "://" in name:
        return "scheme"
    parts = [part for part in _SEPARATORS.split(name) if part]
    if len(parts) > 1 and all("." in part.strip(".") for part in parts):
        return "several-names"
    if not name or any(character.isspace() or not character.isprintable() for character in name):
        return "whitespace"
    if _is_address(name):
        return None
    return _form_problem(name)


def _form_problem(name: str) -> str | None:
    """Judge a text that is no address and has no blanks."""
    if "/" in name:
        prefix, _, rest = name.partition("/")
        return "cidr" if rest.isdigit() and _is_address(prefix) else "path"
    if "*" in name:
        return "wildcard"
    if name.startswith("."):
        return "leading-dot"
    if name.endswith("."):
        return "trailing-dot"
    host, colon, port = name.rpartition(":")
    if colon and (port.isdigit() or not port) and ":" not in host:
        return "port"
    if ".." in name:
        return "empty-label"
    if not name.startswith("[") and not _NO_HOST_CHARACTERS.isdisjoint(name):
        return "illegal-character"
    if not name.isascii():
        return "unicode"
    return None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def read_trustkit(element: XmlElement, path: str, domain_config: XmlElement) -> TrustKitDomain:
    """Read a ``<trustkit-config>`` with the pins and domains that TrustKit sees around it."""
    enforce = element.attribute("enforcePinning")
    disable = element.attribute("disableDefaultReportUri")
    domains = [_text(child) for child in domain_config.elements if child.name == "domain"]
    pin_sets = [child for child in domain_config.elements if child.name == "pin-set"]
    pins = [pin for pin_set in pin_sets for pin in pin_set.elements if pin.name == "pin"]
    digests = [pin.attribute("digest") for pin in pins]
    expirations = [pin_set.attribute("expiration") for pin_set in pin_sets]
    return TrustKitDomain(
        domains=tuple(domains),
        enforce_pinning=enforce.boolean if enforce is not None else None,
        disable_default_report_uri=disable.boolean if disable is not None else None,
        report_uris=tuple(_text(child) for child in element.elements if child.name == "report-uri"),
        pins=tuple(_text(pin) for pin in pins),
        digests=tuple((digest.text or "") if digest is not None else "" for digest in digests),
        expires_on=next((e.text for e in expirations if e is not None), None),
        path=path,
        line=element.line,
    )


def _text(element: XmlElement) -> str:
    return "".join(child.text for child in element.children if isinstance(child, XmlText)).strip()


def _nearest(name: str, known: frozenset[str]) -> str | None:
    """Return the known name within two edits, ignoring case and hyphens; None when there is none."""
    folded = name.casefold().replace("-", "").replace("_", "")
    best: tuple[int, str] | None = None
    for candidate in sorted(known):
        distance = _distance(folded, candidate.casefold().replace("-", ""), limit=2)
        if distance is not None and (best is None or distance < best[0]):
            best = (distance, candidate)
    return best[1] if best else None


def _distance(first: str, second: str, *, limit: int) -> int | None:
    """Return the Levenshtein distance when it is at most `limit`, else None."""
    if abs(len(first) - len(second)) > limit:
        return None
    previous = list(range(len(second) + 1))
    for row, left in enumerate(first, 1):
        current = [row]
        for column, right in enumerate(second, 1):
            substitution = previous[column - 1] + (left != right)
            current.append(min(previous[column] + 1, current[-1] + 1, substitution))
        previous = current
    return previous[-1] if previous[-1] <= limit else None
