"""Class names that survive a rebuild."""

import re

from analyzer.model.code import CallbackFact

RENAMED = "~"
"""Stands for a name, or a part of one, that the next build may give to another class."""
# What R8 and ProGuard call classes by default: one to three letters and digits. A class name of the app's own is
# hardly ever as short.
_SHORT = re.compile(r"[a-zA-Z][a-z0-9]{0,2}|[a-zA-Z]{1,2}[0-9]*")
# javac numbers anonymous classes in the order of the source, and D8 numbers lambdas.
_NUMBERED = re.compile(r"[0-9]+|(?:ExternalSyntheticLambda|\$?Lambda|lambda).*", re.IGNORECASE)


def stable_class_name(name: str) -> str:
    """Return a class name with what the next build may change replaced by ``~``.

    A shrinker renames packages along with the classes in them: nothing is left of the name of a renamed class, and
    all of a package belongs to the name of a class that is not. Of a nested class of a class that kept its name, only
    the short or numbered part goes.
    """
    package, dot, simple = name.rpartition(".")
    outer, *nested = simple.split("$")
    if not outer or _SHORT.fullmatch(outer):
        return RENAMED
    kept = [RENAMED if _SHORT.fullmatch(part) or _NUMBERED.fullmatch(part) else part for part in nested]
    return package + dot + "$".join([outer, *kept])


def class_identity(fact: CallbackFact) -> str:
    """Return what tells a class from others of the same behaviour, in this build and the next.

    Its name where that stays, otherwise also what its code does and compares with. A class that a shrinker merged from
    several bears the name of one of them, which may be another one in the next build.
    """
    name = RENAMED if fact.variant is not None else stable_class_name(fact.class_name)
    if RENAMED not in name:
        return name
    return "/".join((name, fact.code_digest or "", *sorted(fact.values)))
