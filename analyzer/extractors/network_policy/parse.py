"""The grammar of a policy file: AOSP's ``XmlConfigSource``, with every error instead of the first one only.

Knows what the parser accepts, refuses and skips; knows nothing of inheritance or platform defaults.
"""

from collections.abc import Callable, Iterator

from analyzer.apk.tree import ValueType, XmlAttribute, XmlElement, XmlText
from analyzer.extractors.network_policy import issues
from analyzer.extractors.network_policy.android_base64 import decode
from analyzer.extractors.network_policy.declared import (
    DeclaredAnchors,
    DeclaredConfig,
    DeclaredFlag,
    DeclaredMode,
    DeclaredPinSet,
    DeclaredPolicy,
    MalformedPin,
)
from analyzer.extractors.network_policy.java_date import parse_expiration
from analyzer.model import PinSet, PolicyDomain, PolicyError, PolicyPin, TrustAnchor
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL

ROOT = "network-security-config"
_WFA_LEVEL = 30
_CT_PARSER_LEVEL = 35
_DOMAIN_ENCRYPTION_LEVEL = 37
_MODES = frozenset({"disabled", "enabled", "opportunistic", "required"})
_SHA256_BYTES = 32
_NAMES = {"base": "base-config", "domain": "domain-config", "debug": "debug-overrides"}
# Java's String.trim() removes everything up to and including the space, and nothing else.
_JAVA_BLANKS = "".join(map(chr, range(0x21)))

NameResource = Callable[[int], str | None]
"""Returns the name of a resource, such as ``raw/proxy_ca``, or None."""


class _Parser:
    """One pass over a policy file in document order."""

    def __init__(self, *, debuggable: bool, only_debug_overrides: bool, name_resource: NameResource) -> None:
        self.policy = DeclaredPolicy()
        self._debuggable = debuggable
        self._only_debug_overrides = only_debug_overrides
        self._name_resource = name_resource
        self._seen_domains: set[str] = set()

    def error(
        self,
        kind: str,
        message: str,
        element: XmlElement,
        path: str,
        *,
        subject: str | None = None,
        levels: tuple[int, int] = (FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL),
    ) -> None:
        self.policy.errors.append(
            PolicyError(
                kind=kind,
                message=message,
                path=path,
                line=element.line,
                first_level=levels[0],
                last_level=levels[1],
                subject=subject,
                debuggable_only=self._only_debug_overrides or ROOT + "/debug-overrides" in path,
            )
        )

    def run(self, root: XmlElement) -> DeclaredPolicy:
        if root.name != ROOT:
            message = f"Unexpected start tag: found {root.name}, expected {ROOT}"
            self.error("root", message, root, root.name, subject=root.name)
            return self.policy
        seen_base = False
        for path, element in _children(root, ROOT):
            if element.name == "debug-overrides":
                self._debug_overrides(element, path)
            elif self._only_debug_overrides:
                continue
            elif element.name == "base-config":
                if seen_base:
                    self.error("second-base-config", "Only one base-config allowed", element, path)
                    continue
                seen_base = True
                self.policy.base = self._config_tree(element, path, "base")
            elif element.name == "domain-config":
                self._config_tree(element, path, "domain")
        return self.policy

    def _debug_overrides(self, element: XmlElement, path: str) -> None:
        if self.policy.debug_seen:
            self.error("second-debug-overrides", "Only one debug-overrides allowed", element, path)
            return
        self.policy.debug_seen = True
        errors_before = len(self.policy.errors)
        self.policy.debug = self._config_tree(element, path, "debug")
        if not self._debuggable:
            # A release build skips the element unread: whatever is wrong inside has no effect there.
            del self.policy.errors[errors_before:]

    def _config_tree(self, element: XmlElement, path: str, kind: str) -> int:
        """Read an element and the domain-configs nested in it, outermost first."""
        first = len(self.policy.configs)
        pending: list[tuple[XmlElement, str, int | None]] = [(element, path, None)]
        while pending:
            current, current_path, parent = pending.pop()
            nested = self._config(current, current_path, kind, parent)
            index = len(self.policy.configs) - 1
            pending.extend((child, child_path, index) for child_path, child in reversed(nested))
        return first

    def _config(self, element: XmlElement, path: str, kind: str, parent: int | None) -> list[tuple[str, XmlElement]]:
        config = DeclaredConfig(kind=kind, path=path, line=element.line, parent=parent)
        self.policy.configs.append(config)
        index = len(self.policy.configs) - 1
        nested: list[tuple[str, XmlElement]] = []
        for attribute in element.attributes:
            # The one attribute read by plain name: its namespace is not looked at.
            if attribute.name == "cleartextTrafficPermitted":
                value = attribute.boolean
                config.cleartext = DeclaredFlag(value=value is not False, path=path, line=element.line)
        name = _NAMES[kind]
        for child_path, child in _children(element, path):
            match child.name:
                case "domain" if kind != "domain":
                    self.error("misplaced", f"domain element not allowed in {name}", child, child_path)
                case "domain":
                    self._domain(child, child_path, config)
                case "trust-anchors" if config.anchors is not None:
                    message = "Multiple trust-anchor elements not allowed"
                    self.error("second-trust-anchors", message, child, child_path)
                case "trust-anchors":
                    config.anchors = self._trust_anchors(child, child_path, debug=kind == "debug")
                case "pin-set" if kind != "domain":
                    self.error("misplaced", f"pin-set element not allowed in {name}", child, child_path)
                case "pin-set" if config.pin_set is not None:
                    self.error("second-pin-set", "Multiple pin-set elements not allowed", child, child_path)
                case "pin-set":
                    config.pin_set = self._pin_set(child, child_path, index)
                case "domain-config" if kind != "domain":
                    message = f"Nested domain-config not allowed in {name}"
                    self.error("misplaced", message, child, child_path)
                case "domain-config":
                    nested.append((child_path, child))
                case "certificateTransparency" if kind == "debug":
                    message = f"certificateTransparency not allowed in {name}"
                    levels = (_CT_PARSER_LEVEL, HIGHEST_KNOWN_LEVEL)
                    self.error("misplaced", message, child, child_path, levels=levels)
                case "certificateTransparency":
                    enabled = child.attribute("enabled")
                    config.ct = DeclaredFlag(value=bool(enabled and enabled.boolean), path=child_path, line=child.line)
                case "domainEncryption" if kind != "debug":
                    self._domain_encryption(child, child_path, config)
                case "trustkit-config" if kind == "domain":
                    self.policy.trustkit.append(issues.read_trustkit(child, child_path, element))
        if kind == "domain" and not any(child.name == "domain" for child in element.elements):
            self.error("no-domain", "No domain elements in domain-config", element, path)
        return nested

    def _domain(self, element: XmlElement, path: str, config: DeclaredConfig) -> None:
        text = _single_text(element)
        if text is None:
            if element.children and isinstance(element.children[0], XmlText):
                message = "domain contains additional elements"
                self.error("domain-content", message, element, path, subject=element.children[0].text)
            else:
                self.error("domain-missing", "Domain name missing", element, path)
            return
        name = text.strip(_JAVA_BLANKS).lower()
        if name in self._seen_domains:
            message = f"{name} has already been specified"
            self.error("duplicate-domain", message, element, path, subject=name)
            return
        self._seen_domains.add(name)
        include = element.attribute("includeSubdomains")
        config.domains.append(
            PolicyDomain(
                name=name,
                written=text,
                include_subdomains=bool(include and include.boolean),
                path=path,
                line=element.line,
                problem=issues.domain_problem(name),
            )
        )

    def _trust_anchors(self, element: XmlElement, path: str, *, debug: bool) -> DeclaredAnchors:
        anchors = []
        for child_path, child in _children(element, path):
            if child.name == "certificates":
                anchor = self._certificates(child, child_path, debug=debug)
                if anchor is not None:
                    anchors.append(anchor)
        return DeclaredAnchors(anchors=tuple(anchors), path=path, line=element.line)

    def _certificates(self, element: XmlElement, path: str, *, debug: bool) -> TrustAnchor | None:
        overrides = _boolean(element.attribute("overridePins"), default=debug)
        src = element.attribute("src")
        text = src.text if src is not None else None
        if src is None or text is None:
            self.error("src-missing", "certificates element missing src attribute", element, path)
            return None
        if src.value_type == ValueType.REFERENCE:
            name = self._name_resource(src.data) if src.data else None
            return TrustAnchor(
                source="raw",
                resource=src.string if src.string is not None else f"@0x{src.data:08x}",
                resource_name=f"@{name}" if name is not None else None,
                overrides_pins=overrides,
                from_debug_overrides=debug,
                path=path,
                line=element.line,
            )
        unknown = "Unknown certificates src. Should be one of system|user|@resourceVal"
        match text:
            case "system" | "user":
                pass
            case "wfa":
                levels = (FIRST_POLICY_LEVEL, _WFA_LEVEL - 1)
                self.error("src-unknown", unknown, element, path, subject=text, levels=levels)
            case _:
                self.error("src-unknown", unknown, element, path, subject=text)
                return None
        return TrustAnchor(
            source=text,
            overrides_pins=overrides,
            from_debug_overrides=debug,
            path=path,
            line=element.line,
        )

    def _pin_set(self, element: XmlElement, path: str, config: int) -> DeclaredPinSet:
        expiration = element.attribute("expiration")
        written = expiration.text if expiration is not None else None
        day = None
        if written is not None:
            day = parse_expiration(written)
            if day is None:
                message = "Invalid expiration date in pin-set"
                self.error("expiration", message, element, path, subject=written)
        pins = []
        for child_path, child in _children(element, path):
            if child.name == "pin":
                pin = self._pin(child, child_path, config)
                if pin is not None:
                    pins.append(pin)
        pin_set = PinSet(pins=tuple(pins), expires_on=written, expires_date=day)
        return DeclaredPinSet(pin_set=pin_set, path=path, line=element.line)

    def _pin(self, element: XmlElement, path: str, config: int) -> PolicyPin | None:
        digest = element.attribute("digest")
        algorithm = digest.text if digest is not None else None
        first = element.children[0] if element.children else None
        text = first.text.strip(_JAVA_BLANKS) if isinstance(first, XmlText) else None
        kind = message = None
        decoded = None
        if algorithm is None or algorithm.upper() != "SHA-256":
            kind, message = "pin-digest", f"Unsupported pin digest algorithm: {algorithm or 'null'}"
        elif text is None:
            kind, message = "pin-missing", "Missing pin digest"
        else:
            decoded = decode(text)
            if decoded is None:
                kind, message = "pin-base64", "Invalid pin digest"
            elif len(decoded) != _SHA256_BYTES:
                kind = "pin-length"
                message = f"digest length {len(decoded)} does not match expected length for SHA-256 of {_SHA256_BYTES}"
            elif len(element.children) > 1:
                kind, message = "pin-content", "pin contains additional elements"
        if kind is None or message is None:
            assert decoded is not None and text is not None and algorithm is not None
            return PolicyPin(digest=decoded, value=text, digest_name=algorithm, path=path, line=element.line)
        self.error(kind, message, element, path, subject=text or algorithm)
        self.policy.malformed_pins.append(
            MalformedPin(
                config=config,
                value=text or "",
                path=path,
                line=element.line,
                error_kind=kind,
                detail=message,
            )
        )
        return None

    def _domain_encryption(self, element: XmlElement, path: str, config: DeclaredConfig) -> None:
        mode = element.attribute("mode")
        text = mode.text if mode is not None else None
        if text is None:
            self.error(
                "encryption-mode-missing",
                "domainEncryption has no mode attribute, which the parser does not check for",
                element,
                path,
                levels=(_DOMAIN_ENCRYPTION_LEVEL, HIGHEST_KNOWN_LEVEL),
            )
            return
        config.encryption = DeclaredMode(value=text if text in _MODES else None, path=path, line=element.line)


def _no_name(_resource_id: int) -> None:
    return None


def parse_policy(
    root: XmlElement,
    *,
    debuggable: bool,
    only_debug_overrides: bool = False,
    name_resource: NameResource = _no_name,
) -> DeclaredPolicy:
    """Read a policy file.

    Args:
        root: The document element.
        debuggable: Whether the app is debuggable; release builds skip ``debug-overrides`` unread. The element is
            read in both cases, so that a report can mention it, but in release builds its errors do not count.
        only_debug_overrides: True for the ``_debug`` sibling, of which nothing else is read.
        name_resource: Names the resources that compiled files refer to by number.
    """
    parser = _Parser(debuggable=debuggable, only_debug_overrides=only_debug_overrides, name_resource=name_resource)
    policy = parser.run(root)
    # Of a file with another root element nothing is read, so that nothing in it was meant for the platform.
    if not only_debug_overrides and root.name == ROOT:
        policy.issues.extend(issues.find_issues(root))
    return policy


def _children(element: XmlElement, path: str) -> Iterator[tuple[str, XmlElement]]:
    """Yield child elements with their paths; an index (1-based) tells apart elements of the same name."""
    counts: dict[str, int] = {}
    total: dict[str, int] = {}
    for child in element.elements:
        total[child.name] = total.get(child.name, 0) + 1
    for child in element.elements:
        counts[child.name] = counts.get(child.name, 0) + 1
        index = f"[{counts[child.name]}]" if total[child.name] > 1 else ""
        yield f"{path}/{child.name}{index}", child


def _single_text(element: XmlElement) -> str | None:
    if len(element.children) == 1 and isinstance(element.children[0], XmlText):
        return element.children[0].text
    return None


def _boolean(attribute: XmlAttribute | None, *, default: bool) -> bool:
    if attribute is None or attribute.boolean is None:
        return default
    return attribute.boolean


__all__ = ["ROOT", "NameResource", "parse_policy"]
