"""What code does with texts in the form of a digest, where that shows that they are no pins."""

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.values import Created, FieldValue, Result, Text, Value, walk
from analyzer.dex import Site
from analyzer.extractors.code.context import CodeContext

_CRYPTO = ("Ljavax/crypto/", "Ljava/security/Signature;")
"""Ciphers, keys of ciphers and of message authentication codes (JCA)."""
_HEADERS = frozenset({"setRequestProperty", "addRequestProperty", "addHeader", "setHeader", "header"})
"""``URLConnection``'s, OkHttp's and Apache's methods that set a header of a request."""
_COMPARES = frozenset({"equals", "equalsIgnoreCase", "areEqual", "contentEquals", "isEqual", "compareTo"})
_SIGNERS = ("Landroid/content/pm/Signature;", "Landroid/content/pm/PackageInfo;", "Landroid/content/pm/SigningInfo;")
"""Classes of the platform that hold the certificates with which apps are signed."""


def is_used_otherwise(code: CodeContext, site: Site, text: str) -> bool:
    """Say whether the method that loads a text decrypts it, takes it for a key, sends it, or compares it with a signer.

    What signers of apps and the app's own texts hash to is not what servers present.
    """
    values = code.resolver.evaluator.evaluate(site.method) if code.resolver is not None else None
    return values is not None and any(_takes(call, text) for call in values.calls.values())


def _takes(call: Call, text: str) -> bool:
    given = [argument for argument in call.arguments if _holds(argument, text)]
    if not given:
        return False
    if call.ref.owner.startswith(_CRYPTO):
        return True
    if call.ref.name in _HEADERS:
        return call.arguments[-1] in given
    others = [argument for argument in call.arguments if argument not in given]
    return call.ref.name in _COMPARES and any(_is_of_signer(part) for one in others for part in walk(one))


def _holds(value: Value, text: str) -> bool:
    """Say whether a value is a text, or made of it by the calls and constructors on the way."""
    for part in walk(value):
        if isinstance(part, Text) and part.value == text:
            return True
        if isinstance(part, Created):
            given = (one for event in part.events if event.position == 0 for one in event.arguments)
            if any(isinstance(one, Text) and one.value == text for one in given):
                return True
    return False


def _is_of_signer(part: Value) -> bool:
    return isinstance(part, Result | FieldValue) and part.ref.owner in _SIGNERS
