"""Reads the policy of an app, or of a policy file that stands alone."""

from pathlib import Path

import msgspec

from analyzer.apk.xml import read_xml
from analyzer.errors import TargetError, UsageError
from analyzer.extractors.network_policy import PolicyFile, build_policy
from analyzer.model import AppInfo, NetworkPolicy, ResourceReference
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.options import Limits

_STANDALONE = "(none)"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifest would say, for a policy file that stands alone."""

    target_sdk: int | None = None
    min_sdk: int | None = None
    uses_cleartext: bool | None = None
    debuggable: bool = False


class PolicySource(msgspec.Struct, frozen=True, kw_only=True):
    """A policy and the app it belongs to (made up from options for a file that stands alone)."""

    app: AppInfo
    policy: NetworkPolicy


def read_policy(target: Path, manifest: Manifest | None, limits: Limits | None = None) -> PolicySource:
    """Read the policy of a target.

    Raises:
        UsageError: The target does not exist, or manifest options were given for an app.
        TargetError: The target is neither an app nor a policy file.
    """
    limits = limits or Limits()
    if not target.exists():
        raise UsageError(f"{target}: no such file or folder")
    if target.is_file():
        size = target.stat().st_size
        with target.open("rb") as stream:
            head = stream.read(4096)
        if looks_like_xml(head):
            if size > limits.xml_bytes:
                raise TargetError(f"{target}: larger than {limits.xml_bytes} bytes, the limit for an XML file")
            return _from_file(target, manifest or Manifest(), limits)
    if manifest is not None:
        raise UsageError(f"{target}: an app has its own manifest; the manifest options are for policy XML files")
    # Reading apps takes imports that a policy file does not need.
    from analyzer.apk.app import open_app
    from analyzer.extractors.policy_files import extract_policy

    app = open_app(target, limits)
    return PolicySource(app=app.info, policy=extract_policy(app, limits).facts.policy)


def _from_file(target: Path, manifest: Manifest, limits: Limits) -> PolicySource:
    document = read_xml(target.read_bytes(), target.name, limits)
    app = AppInfo(
        package=_STANDALONE,
        version_name=None,
        version_code=None,
        min_sdk=manifest.min_sdk if manifest.min_sdk is not None else FIRST_POLICY_LEVEL,
        target_sdk=manifest.target_sdk if manifest.target_sdk is not None else HIGHEST_KNOWN_LEVEL,
        debuggable=manifest.debuggable,
        uses_cleartext_traffic=manifest.uses_cleartext,
        network_security_config=ResourceReference(text=target.name, resource_id=None),
    )
    file = PolicyFile(entry=target.name, root=document.root)
    facts = build_policy(app, [file], reference=app.network_security_config)
    return PolicySource(app=app, policy=facts.policy)


def looks_like_xml(head: bytes) -> bool:
    """Tell a policy file from an app by its first bytes: compiled XML, or text that begins with ``<``."""
    if head.startswith(b"\x03\x00\x08\x00"):
        return True
    if head.startswith((b"\xff\xfe<\x00", b"\xfe\xff\x00<")):
        return True
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
