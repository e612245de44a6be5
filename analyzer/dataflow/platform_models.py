"""Which methods of the platform are modelled, and what a call yields that is not."""

from analyzer.dataflow.collection_models import collection_model
from analyzer.dataflow.kotlin_texts import KOTLIN_TEXTS
from analyzer.dataflow.question import BundledPins, Frame, Instance, Resources, name_of
from analyzer.dataflow.text_models import TEXT_MODELS, Model
from analyzer.dataflow.values import Created, Items, Joined, Number, Result, Text, Unknown, Value, join
from analyzer.dex import MethodRef

_STRING = "Ljava/lang/String;"
_STRING_RESOURCES = frozenset({"(I)Ljava/lang/String;", "(I)Ljava/lang/CharSequence;"})
_OKHTTP_PINNERS = frozenset(
    {"Lokhttp3/CertificatePinner;", "Lokhttp3/CertificatePinner$Companion;", "Lcom/squareup/okhttp/CertificatePinner;"}
)
_ARRAY_RESOURCES = frozenset({"(I)[Ljava/lang/String;", "(I)[Ljava/lang/CharSequence;"})


def model_of(ref: MethodRef, is_static: bool) -> Model | None:
    """Return what is known of a method of the platform or of Kotlin's library, or None."""
    place = (ref.owner, ref.name)
    known = TEXT_MODELS.get(place) or KOTLIN_TEXTS.get(place) or collection_model(ref)
    if known is not None:
        return known
    if ref.owner.endswith("/HttpUrl$Companion;") and ref.name in ("get", "parse"):
        return lambda _, arguments: arguments[-1] if isinstance(arguments[-1], Text) else None
    if ref.name == "decodeBase64" and ref.owner.startswith("Lokio/ByteString"):
        decode = TEXT_MODELS["Lokio/ByteString;", "decodeBase64"]
        return lambda called, arguments: decode(called, arguments[-1:])
    if ref.name == "toString" and ref.descriptor == "()Ljava/lang/String;" and not is_static:
        return lambda _, arguments: arguments[0] if isinstance(arguments[0], Text | Joined) else None
    if ref.name == "name" and ref.descriptor == "()Ljava/lang/String;" and not is_static:
        return _enum_name
    return None


def _enum_name(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """The first argument of an enum constant's constructor is its name."""
    constant = arguments[0]
    if not isinstance(constant, Instance) or not isinstance(constant.value, Created):
        return None
    for event in constant.value.events:
        called = event.ref
        if isinstance(called, MethodRef) and called.name == "<init>" and called.parameters[:2] == (_STRING, "I"):
            return event.arguments[0] if isinstance(event.arguments[0], Text) else None
    return None


def resource_model(ref: MethodRef, resources: Resources | None) -> Model | None:
    """Return the model of ``getString`` and its like, on ``Context`` and ``Resources``; None for other methods."""
    if ref.name in ("getString", "getText"):
        if ref.descriptor in _STRING_RESOURCES:
            return lambda _, arguments: _string(resources, arguments[-1])
        if ref.name == "getString" and ref.descriptor == "(I[Ljava/lang/Object;)Ljava/lang/String;":
            return lambda _, arguments: _formatted(resources, arguments)
    if ref.name in ("getStringArray", "getTextArray") and ref.descriptor in _ARRAY_RESOURCES:
        return lambda _, arguments: _string_array(resources, arguments[-1])
    if ref.name == "pin" and ref.owner in _OKHTTP_PINNERS and ref.parameters == ("Ljava/security/cert/Certificate;",):
        return lambda _, arguments: _pin(resources, arguments[-1])
    return None


def _pin(resources: object, certificate: Value) -> Value | None:
    """Return the pins that OkHttp computes of a certificate which the app carries; None where that is not known."""
    pins = resources.pins_of(certificate) if isinstance(resources, BundledPins) else ()
    return join(map(Text, pins)) if pins else None


def _string(resources: Resources | None, identifier: Value) -> Value | None:
    if resources is None or not isinstance(identifier, Number):
        return Unknown("a string resource that is not known")
    texts = resources.string(identifier.value & 0xFFFFFFFF)
    return join(map(Text, texts)) if texts else Unknown("a string resource that is not there")


def _formatted(resources: Resources | None, arguments: tuple[Value, ...]) -> Value | None:
    pattern = _string(resources, arguments[-2])
    if not isinstance(pattern, Text):
        return pattern
    called = MethodRef(_STRING, "format", "(Ljava/lang/String;[Ljava/lang/Object;)Ljava/lang/String;")
    return TEXT_MODELS[_STRING, "format"](called, (pattern, arguments[-1]))


def _string_array(resources: Resources | None, identifier: Value) -> Value | None:
    if resources is None or not isinstance(identifier, Number):
        return Unknown("an array resource that is not known")
    arrays = resources.string_array(identifier.value & 0xFFFFFFFF)
    if not arrays:
        return Unknown("an array resource that is not there")
    return join(Items("[Ljava/lang/String;", tuple(map(Text, array))) for array in arrays)


def returns_opaque(result: Result, frame: Frame | None) -> Value:
    """Return what a call yields whose code is not in the app and that no model knows."""
    kind = result.ref.return_type
    if kind[0] == "L" and kind not in (_STRING, "Ljava/lang/CharSequence;"):
        return Instance(result, frame)
    return Unknown(f"the result of {name_of(result.ref)}")
