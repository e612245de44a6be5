"""Writes the reference of ``pinscope.yaml`` from the form that reads it."""

import re

from analyzer.gate.team_policy_schema import reference

_TITLES = {
    "TeamPolicyForm": "The file",
    "HostExpectation": "`expect`",
    "RuleSettings": "`rules`",
    "Forbidden": "`forbid`",
    "Scope": "`scope`",
    "WaiverEntry": "`waivers`",
    "ConditionEntry": "`conditions`",
}
_ORDER = tuple(_TITLES)
_INTRODUCTION = """\
# The policy file, `pinscope.yaml`

What a team wants to hold for its app, in a file beside its sources. `pinscope init app.apk` writes a first one from
what the app does today; `pinscope scan` finds it in the working directory or a folder above it (`--policy FILE` names
another, `--no-policy` looks for none); `pinscope lint pinscope.yaml` checks it. Its JSON Schema, for editors, is
[here](schema/pinscope-policy-file-1.schema.json) and printed by `pinscope schema policy-file`.

Every expectation that is not met is a finding of the rules `POLICY-…`, with the line of the policy that it breaks. An
expectation that could not be checked, because a part of the app was not read or a value is not known, is no pass: the
scan is incomplete (exit code 3). Whatever is wrong in the file is said in one line with its number and the valid
choices, before anything is scanned (exit code 2).

```yaml
version: 1
first_party: [example.com]
supported_until: 2027-06-30
expect:
  - hosts: [api.example.com, "*.pay.example.com"]
    pinned_by: [nsc]
    min_pins: 2
    backup: true
    not_expiring_within_days: 30
    no_cleartext: true
waivers:
  - rule: PIN-NO-BACKUP
    subject: legacy.example.com
    reason: The host is switched off in March.
    until: 2027-03-31
```

Words are those of strict YAML: no anchors, tags or repeated keys; dates need no quotes, patterns with `*` do.

## What is compared

For one host, the network security configuration is resolved on every API level that the app runs on, 24 and higher,
and in every resource configuration; pins in code count when a client that uses them was seen. A pin-set that has
ended, or that an anchor overrides, pins nothing; placeholders are no pins. Where a client pins every host that it
talks to, `pinned` cannot tell whether it is the client for this host: name the mechanism with `pinned_by`.

`*.example.com` is answered for every name below the domain that the app spells out, and for one that it does not. A
pattern `*.example.com` of OkHttp covers one label, `**.example.com` and `includeSubdomains` any number.
"""


def policy_reference() -> str:
    """Return the reference as Markdown."""
    parts = [_INTRODUCTION]
    sections = {name: (meaning, keys) for name, meaning, keys in reference()}
    for name in _ORDER:
        meaning, keys = sections[name]
        parts.append(f"## {_TITLES[name]}\n\n{meaning}\n\n| key | value | meaning |\n| --- | --- | --- |")
        for key, (kind, text) in keys.items():
            kind = _TITLES.get(kind.split(",")[0].removeprefix("list of ").removeprefix("map to "), "") or kind
            cells = (f"`{key}`", kind, text.replace("``", "`"))
            parts.append("| " + " | ".join(re.sub(r"\|", r"\\|", cell) for cell in cells) + " |")
        parts.append("")
    return "\n".join(parts)
