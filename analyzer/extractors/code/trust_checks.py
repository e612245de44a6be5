"""Which calls decide about a certificate chain, and which conditions compare something."""

from analyzer.dataflow.branches import OPPOSITE
from analyzer.dataflow.exceptions import THROWABLE
from analyzer.dataflow.path_model import Condition, Path, Step
from analyzer.dataflow.values import Computed, Number, Result, Value
from analyzer.dex import MethodRef, Program
from analyzer.extractors.code.trust_features import CALLS, CERTIFICATE, is_signature_check

MANAGER_TYPES = (
    "Ljavax/net/ssl/X509TrustManager;",
    "Ljavax/net/ssl/X509ExtendedTrustManager;",
)
_EXTENSIONS = "Landroid/net/http/X509TrustManagerExtensions;"
_OTHER_CHECKS = frozenset(
    {
        ("Ljava/security/cert/CertPathValidator;", "validate"),
        ("Ljava/security/cert/CertPathBuilder;", "build"),
        (_EXTENSIONS, "checkServerTrusted"),
    }
)
_CHECK_NAMES = frozenset({"checkServerTrusted", "checkClientTrusted"})
_PLATFORM = ("Ljava/", "Ljavax/", "Landroid/", "Lkotlin/", "Lorg/json/", "Landroidx/", "Lkotlinx/", "[")
COMPARES = frozenset(
    {
        "equals", "contains", "isEqual", "containsKey", "containsValue", "equalsIgnoreCase", "contentEquals",
        "areEqual", "matches", "startsWith", "endsWith", "regionMatches", "anyMatch", "deepEquals", "rangeEquals",
        "isKeyEntry", "isCertificateEntry", "containsAll", "any", "constantTimeAreEqual",
    }
)  # fmt: skip
_LOOKS_UP = frozenset({"getCertificateAlias", "get", "find", "firstOrNull", "getTrustAnchor", "findTrustAnchor"})
_WITH_WHAT = 2
"""Parameters of a function of Kotlin's that finds something: the collection, and what is looked for."""
_JOINS = frozenset({"or", "and"})
_SETS = frozenset(f"Ljava/util/{name};" for name in ("Set", "HashSet", "LinkedHashSet"))
_EMPTY = frozenset({"isEmpty"})
_LIBRARIES = ("Ljava/util/", "Lkotlin/collections/", "Ljava/lang/")
_NO_COMPARISONS = frozenset(
    {
        "hasNext", "hasPrevious", "hasMoreElements", "add", "addAll", "remove", "isBlank", "offer", "isWhitespace",
        "isSpaceChar", "isDigit", "isLetter", "isLetterOrDigit",
    }
)  # fmt: skip
"""Methods of collections, texts and characters whose answer says nothing of what is in them as a whole."""
_POSITIONS = frozenset({"indexOf", "lastIndexOf", "binarySearch"})
_ACCIDENTS = frozenset(
    f"Ljava/{name};"
    for name in (
        "security/NoSuchAlgorithmException", "security/NoSuchProviderException", "security/KeyStoreException",
        "io/UnsupportedEncodingException", "io/IOException", "io/FileNotFoundException", "lang/InterruptedException",
        "security/cert/CertificateEncodingException", "security/InvalidAlgorithmParameterException",
        "security/KeyManagementException", "security/UnrecoverableKeyException", "net/MalformedURLException",
        "net/SocketException", "lang/ClassNotFoundException", "lang/NoSuchMethodException",
        "lang/NoSuchFieldException", "lang/IllegalAccessException", "lang/InstantiationException",
        "security/spec/InvalidKeySpecException",
    )
)  # fmt: skip
"""Exceptions that say something of the device or the app, not of the server's certificates."""


def is_manager_type(program: Program, name: str) -> bool:
    """Say whether a type is a trust manager: the platform's interfaces, or a class of the app below them."""
    if name in MANAGER_TYPES:
        return True
    return any(one in MANAGER_TYPES for one in program.hierarchy.supertypes_of(name))


def is_check(program: Program, ref: MethodRef) -> bool:
    """Say whether a call validates a certificate chain, and throws when it is not accepted."""
    if (ref.owner, ref.name) in _OTHER_CHECKS:
        return True
    if ref.name not in _CHECK_NAMES:
        return False
    if ref.owner in MANAGER_TYPES:
        return True
    if program.find_class(ref.owner) is None:
        # Conscrypt's own classes and the like, of which code of the app only sees the name.
        return True
    return is_manager_type(program, ref.owner)


def decides(program: Program, ref: MethodRef) -> bool:
    """Say whether a call is one that decisions depend on, so that it is followed into helpers."""
    if is_check(program, ref) or is_signature_check(ref):
        return True
    if ref.name == "checkValidity" and ref.owner in CERTIFICATE:
        return True
    return may_be_check(ref)


def may_be_check(ref: MethodRef) -> bool:
    """Say whether a call may check the chain although it does not say so: reflection, verifiers of other libraries."""
    if ref.owner == "Ljava/lang/reflect/Method;" and ref.name == "invoke":
        return True
    return ref.owner == "Ljavax/net/ssl/HostnameVerifier;" and ref.name == "verify"


def compares_objects(ref: MethodRef) -> bool:
    """Say whether a method compares or looks up what it is given."""
    return ref.name in COMPARES or _looks_up(ref) or ref.name in _POSITIONS


def _looks_up(ref: MethodRef) -> bool:
    """Say whether a method finds something by what it is given, as Kotlin's ``firstOrNull()`` does not."""
    return ref.name in _LOOKS_UP and not (
        ref.owner.startswith("Lkotlin/collections/") and len(ref.parameters) < _WITH_WHAT
    )


def is_harmless(ref: MethodRef) -> bool:
    """Say whether a call of the platform or Kotlin's library refuses nothing: it reads, converts, stores or logs."""
    return ref.owner.startswith(_PLATFORM)


def is_noise(step: Step) -> bool:
    """Say whether a call failed that has nothing to do with what the server sent.

    Broad handlers count as well: what the calls that decide raise into them are paths of their own.
    """
    return step.threw in _ACCIDENTS or step.threw in (
        THROWABLE, "Ljava/lang/Exception;", "Ljava/lang/RuntimeException;",
        "Ljava/security/GeneralSecurityException;", "Ljava/security/cert/CertificateException;",
        "Ljava/util/concurrent/ExecutionException;",
    )  # fmt: skip


def _joins_answers(value: Computed) -> bool:
    """Say whether a number is made of nothing but answers of comparisons, as ``found |= …`` in a loop makes it."""
    answers = 0
    waiting = list(value.operands)
    while waiting:
        match waiting.pop():
            case Number(value=0 | 1):
                continue
            case Computed(operation=operation, operands=operands) if operation in _JOINS:
                waiting.extend(operands)
            case Result(ref=ref) if ref.return_type == "Z":
                answers += 1
            case _:
                return False
    return answers > 0


def _is_intersection(value: Value, program: Program | None) -> bool:
    """Say whether a method returns what two collections have in common: Kotlin's ``intersect``, renamed as well."""
    if not isinstance(value, Result) or len(value.arguments) != 2:
        return False
    if value.ref.name == "intersect":
        return True
    method = program.resolve_method(value.ref) if program is not None else None
    if method is None or not method.code_offset:
        return False
    code, file = method.code(), method.file
    instructions = code.instructions if code is not None else ()
    called = {file.method(one.index or 0).name for one in instructions if one.opcode in CALLS}
    # What is left of it once `retainAll` is inlined: it keeps what the other one has.
    return value.ref.return_type in _SETS and ("retainAll" in called or called >= {"contains", "add"})


def matches(condition: Condition, program: Program | None = None) -> bool:
    """Say whether a condition that holds means that two things are equal, or one is among others.

    With `program` helpers of Kotlin's library are recognised whose names are gone.
    """
    left, right = condition.left, condition.right
    if not isinstance(right, Number):
        return condition.operator == "eq"
    if isinstance(left, Computed):
        if left.operation in _JOINS:
            return condition.holds is True and _joins_answers(left)
        return left.operation == "xor" and condition.operator == "eq" and right.value == 0
    if not isinstance(left, Result):
        return False
    name = left.ref.name
    if name in _EMPTY and left.arguments:
        return condition.holds is False and _is_intersection(left.arguments[0], program)
    if name == "disjoint":
        return condition.holds is False
    if left.ref.return_type == "Z" and left.ref.owner.startswith(_LIBRARIES) and name in _NO_COMPARISONS:
        return False
    if left.ref.return_type == "Z" or name in COMPARES:
        return (condition.holds is True or (condition.operator == "eq" and right.value == 1)) and (
            name in COMPARES or left.ref.return_type == "Z"
        )
    if name in ("compareTo", "compare", "compareToIgnoreCase"):
        return condition.operator == "eq" and right.value == 0
    if name in _POSITIONS:
        return (condition.operator, right.value) in (("ge", 0), ("gt", -1), ("ne", -1))
    return _looks_up(left.ref) and condition.holds is True


def contradicts(condition: Condition, path: Path) -> bool:
    """Say whether the opposite of a condition holds on a path."""
    opposite = OPPOSITE[condition.operator]
    return any(
        other.left == condition.left and other.right == condition.right and other.operator == opposite
        for other in path.conditions
    )


def called_name(step: Step) -> str:
    """Return class and method of a call."""
    ref = step.ref
    assert isinstance(ref, MethodRef)
    return f"{ref.owner[1:-1].rpartition('/')[2]}.{ref.name}"
