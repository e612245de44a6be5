"""Class names that survive a rebuild."""

import re

# What R8 and ProGuard call classes and packages by default: one to three lower-case letters and digits, or the
# same with a capital when case is mixed. A name part of the app's own is hardly ever as short.
_RENAMED = re.compile(r"[a-zA-Z][a-z0-9]{0,2}|[a-zA-Z]{1,2}[0-9]*")


def stable_class_name(name: str) -> str:
    """Return a class name with the parts that look like a shrinker's invention replaced by ``~``."""
    parts = re.split(r"([.$])", name)
    return "".join("~" if _RENAMED.fullmatch(part) else part for part in parts)
