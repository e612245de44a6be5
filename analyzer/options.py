"""Everything a scan can be told, with documented defaults."""

import datetime as dt
from pathlib import Path

import msgspec

from analyzer.model.baseline import Baseline
from analyzer.model.findings import Confidence, Severity
from analyzer.model.team_policy import TeamPolicy

MIB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on what is read from a target. Crossing one leaves a gap with the reason ``limit``."""

    target_bytes: int = 4096 * MIB
    """Largest container file; Google Play accepts no larger app."""
    entries: int = 100_000
    """Most entries in one container."""
    entry_bytes: int = 256 * MIB
    """Largest inflated size of one entry."""
    total_bytes: int = 2048 * MIB
    """Most bytes inflated from one target in all."""
    ratio: int = 200
    """Largest inflated : stored ratio of an entry over `ratio_floor_bytes`. Deflate cannot exceed 1032."""
    ratio_floor_bytes: int = 25 * MIB
    """Entries that inflate to less are exempt from `ratio`."""
    name_bytes: int = 4096
    """Longest entry name."""
    split_files: int = 512
    """Most APKs in one split set."""
    xml_bytes: int = 16 * MIB
    """Largest binary or plain XML file."""
    xml_elements: int = 200_000
    """Most elements in one XML file."""
    xml_depth: int = 512
    """Deepest element nesting."""
    xml_attributes: int = 250_000
    """Most attributes in one XML file."""
    pool_strings: int = 2_000_000
    """Most strings in one string pool."""
    table_bytes: int = 256 * MIB
    """Largest resource table."""
    reference_hops: int = 20
    """Longest chain of resource references; AOSP's own bound is 20 (ResTable::resolveReference)."""
    resource_configurations: int = 4096
    """Most configurations looked at for one resource."""
    policy_variants: int = 64
    """Most configurations of the policy resource that are resolved."""
    policy_elements: int = 2_000
    """Most elements in one policy file; policies of real apps have a few hundred."""
    policy_pins: int = 5_000
    """Most pairs of a domain and a pin in one app's policy."""
    dex_entries: int = 1_000
    """Most DEX files in one app."""
    payload_files: int = 64
    """Most DEX files that are read beside the app's own."""
    payload_bytes: int = 128 * MIB
    """Most bytes of such files in all."""
    dex_bytes: int = 256 * MIB
    """Largest DEX file or container of DEX files."""
    dex_rows: int = 4_000_000
    """Most rows of one table of a DEX file, and most fields and methods it defines."""
    dex_string_bytes: int = MIB
    """Longest string of a DEX file; class files allow 64 KiB, tools may join some."""
    method_units: int = 4_000_000
    """Longest method in 16-bit code units; Java bytecode allows 64 KiB."""


class LiveOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Whether and how chains of servers are looked at. By default nothing connects and no recording is read."""

    enabled: bool = False
    """Connect to hosts; nothing else may open a socket."""
    dry_run: bool = False
    """Only say which hosts would be contacted."""
    chains: Path | None = None
    """Folder of recorded chains."""
    record: Path | None = None
    """Folder to write recordings to."""
    record_address: bool = False
    """Write the server's address into recordings."""
    refresh: bool = False
    """Connect also to hosts that have a recording."""
    hosts: tuple[str, ...] = ()
    """Further hosts, ``HOST`` or ``HOST:PORT``; reserved suffixes are allowed for these."""
    allow: tuple[str, ...] = ()
    """Globs that replace the default set of hosts, which is those with pins or anchors of their own."""
    deny: tuple[str, ...] = ()
    """Globs of hosts that are never contacted."""
    max_hosts: int = 50
    """More hosts than this are refused, all of them."""
    port: int = 443
    private: tuple[str, ...] = ()
    """Networks in CIDR form that may be connected to although they are not public."""
    resolve: tuple[str, ...] = ()
    """``HOST:PORT:ADDRESS``, in place of the resolver."""
    proxy: str | None = None
    """``env`` or ``http://[user:password@]host:port``; never taken from the environment unless asked."""
    threads: int = 16
    timeout_seconds: float = 10.0
    """For one host, after its name was resolved."""
    budget_seconds: float = 120.0
    """For all hosts together."""
    all_addresses: bool = False
    """Ask every address of a host, for differences between them."""
    trust_stores: tuple[str, ...] = ()
    """``PATH`` or ``NAME=PATH``: a PEM or DER file, or a folder of them."""
    strict: bool = False
    """Hosts whose pins could not be compared make the scan incomplete."""

    def __repr__(self) -> str:
        """Leave out what may hold a password."""
        return f"LiveOptions(enabled={self.enabled}, chains={self.chains})"

    @property
    def looks(self) -> bool:
        """Whether chains are looked at in any way."""
        return self.enabled or self.dry_run or self.chains is not None


class ScanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to scan. The defaults are those of ``pinscope scan``."""

    as_of: dt.datetime
    """The instant (aware, UTC) against which dates are judged."""
    limits: Limits = Limits()
    rule_folders: tuple[Path, ...] = ()
    """Folders of further rules, beside the built-in ones."""
    fail_on: Severity | None = Severity.HIGH
    """Findings at or above this severity block; None means that findings never block."""
    min_confidence: Confidence = Confidence.FIRM
    """Findings below this confidence never block."""
    require: tuple[str, ...] = ()
    """Rules that must have been evaluated."""
    reproducible: bool = False
    """Leave out durations and machine paths."""
    profile: str = "L1"
    """``L1`` does not expect pinning, ``L2`` does."""
    expiry_warning_days: int = 30
    """Pin-sets that end within this many days are reported."""
    build_type: str = "release"
    """``debug`` accepts what only a debug build may have."""
    live: LiveOptions = LiveOptions()
    baseline: Baseline | None = None
    """Findings that are known and do not block; None when everything counts as new."""
    policy: TeamPolicy | None = None
    """The team's own policy; None when nothing is demanded beyond the rules."""
    first_party: tuple[str, ...] = ()
    """Domains that belong to the app's own team; inferred from the package name when empty."""
