"""What methods of the platform and of Kotlin do to texts, on known arguments."""

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from analyzer.dataflow.arithmetic import wrap
from analyzer.dataflow.values import ClassName, Items, Joined, Moment, Number, Numbers, Text, Unknown, Value
from analyzer.dex import MethodRef, dotted

Model = Callable[[MethodRef, tuple[Value, ...]], Value | None]


def needing(least: int, model: Model) -> Model:
    """Let a model answer no calls with fewer arguments: damaged code passes fewer than a method has."""
    return lambda ref, arguments: model(ref, arguments) if len(arguments) >= least else None


"""Returns the result of a call with known arguments; None when the model does not cover these."""

_STRING = "Ljava/lang/String;"
_FORMAT = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.\d+)?([sdxXcbn%S])")


def text_of(value: Value, type_name: str) -> Value:
    """Return the text that appending `value`, declared as `type_name`, adds."""
    match value:
        case Text() | Joined() | Unknown():
            return value
        case Number(value=number) if type_name == "C":
            return Text(chr(number & 0xFFFF))
        case Number(value=number) if type_name == "Z":
            return Text("true" if number else "false")
        case Number(value=number) if type_name in ("I", "J", "S", "B", "Ljava/lang/Integer;", "Ljava/lang/Long;"):
            return Text(str(wrap(number, 64)))
        case Number(value=0):
            return Text("null")
        case Numbers(type="[C", elements=elements):
            return Text("".join(chr(element & 0xFFFF) for element in elements))
        case ClassName(descriptor=descriptor):
            return Text(f"class {dotted(descriptor)}")
        case _:
            return Unknown("text made of an object")


def joined(parts: list[Value], limit: int) -> Value:
    """Return texts one after the other; neighbours that are known become one."""
    merged: list[Value] = []
    for part in parts:
        for one in part.parts if isinstance(part, Joined) else (part,):
            last = merged[-1] if merged else None
            if isinstance(one, Text) and isinstance(last, Text):
                if len(last.value) + len(one.value) > limit:
                    return Unknown("a text that is too long")
                merged[-1] = Text(last.value + one.value)
            elif one != Text(""):
                merged.append(one)
    if not merged:
        return Text("")
    return merged[0] if len(merged) == 1 else Joined(tuple(merged))


def _strings(arguments: tuple[Value, ...]) -> list[str] | None:
    found = [argument.value for argument in arguments if isinstance(argument, Text)]
    return found if len(found) == len(arguments) else None


def _unary(change: Callable[[str], str]) -> Model:
    def model(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
        return Text(change(arguments[0].value)) if isinstance(arguments[0], Text) else None

    return model


def _concat(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    return joined([text_of(argument, _STRING) for argument in arguments[:2]], 1 << 20)


def _value_of(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    return text_of(arguments[0], ref.parameters[0]) if arguments and ref.parameters else None


def _substring(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    text, *bounds = arguments
    numbers = [bound.value for bound in bounds if isinstance(bound, Number)]
    if not isinstance(text, Text) or len(numbers) != len(bounds):
        return None
    start, end = (numbers[0], numbers[1] if len(numbers) > 1 else len(text.value))
    if not 0 <= start <= end <= len(text.value):
        return Unknown("a substring outside its text")
    return Text(text.value[start:end])


def _replace(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    texts = [text_of(argument, kind) for argument, kind in zip(arguments, ("", *ref.parameters), strict=False)]
    given = _strings(tuple(texts[:3]))
    return Text(given[0].replace(given[1], given[2])) if given is not None and len(given) == 3 else None


def _split(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    given = _strings(arguments[:2])
    # Only separators that mean themselves: an app's regular expression is never run.
    if given is None or not given[1]:
        return None
    separator = given[1]
    if re.fullmatch(r"\\[^A-Za-z0-9]", separator):
        separator = separator[1:]
    elif re.search(r"[\\^$.|?*+()\[\]{}]", separator):
        return Unknown("a text split by a regular expression")
    parts = given[0].split(separator)
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return Items("[Ljava/lang/String;", tuple(Text(part) for part in parts))


def _join(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    separator, items = arguments[0], arguments[1]
    if not isinstance(separator, Text) or not isinstance(items, Items) or not items.complete:
        return None
    parts: list[Value] = []
    for number, element in enumerate(items.elements):
        parts += [separator, text_of(element, _STRING)] if number else [text_of(element, _STRING)]
    return joined(parts, 1 << 20)


def _format(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    if ref.parameters and ref.parameters[0] == "Ljava/util/Locale;":
        arguments = arguments[1:]
    if len(arguments) < 2 or not isinstance(arguments[0], Text) or not isinstance(arguments[1], Items):
        return None
    pattern, items = arguments[0].value, arguments[1].elements
    parts: list[Value] = []
    at = following = 0
    for found in _FORMAT.finditer(pattern):
        parts.append(Text(pattern[at : found.start()]))
        at = found.end()
        position, flags, width, conversion = found.groups()
        if conversion in "%n":
            parts.append(Text("%" if conversion == "%" else "\n"))
            continue
        if flags or width or conversion not in "sdcb":
            parts.append(Unknown("a formatted text"))
            following += 1
            continue
        index = int(position) - 1 if position and len(position) < 4 else following
        following += not position
        known = items[index] if 0 <= index < len(items) else Unknown("a missing argument of a format")
        parts.append(text_of(known, {"c": "C", "b": "Z", "d": "J"}.get(conversion, "I")))
    rest = pattern[at:]
    if "%" in rest:
        parts.append(Unknown("a formatted text"))
    else:
        parts.append(Text(rest))
    return joined(parts, 1 << 20)


def _parse_boolean(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """What Android's build writes into ``BuildConfig``, so that no compiler takes it for a constant."""
    text = arguments[0]
    return Number(int(text.value.lower() == "true")) if isinstance(text, Text) else None


def _parse_number(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    given = arguments[0]
    radix = arguments[1].value if len(arguments) > 1 and isinstance(arguments[1], Number) else 10
    if not isinstance(given, Text) or not 2 <= radix <= 36 or len(given.value) > 64:
        return None
    try:
        return Number(int(given.value, radix))
    except ValueError:
        return Unknown("a text that is no number")


def _decode_base64(alphabet: bytes) -> Model:
    def model(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
        value = arguments[0] if ref.owner != "Ljava/util/Base64$Decoder;" else arguments[1]
        text = (
            value.value
            if isinstance(value, Text)
            else value.data.decode("latin-1")
            if isinstance(value, Numbers)
            else None
        )
        if text is None:
            return None
        url_safe = alphabet == b"-_" or (
            len(arguments) > 1 and isinstance(arguments[1], Number) and arguments[1].value & 8
        )
        compact = "".join(text.split()).rstrip("=")
        try:
            raw = base64.b64decode(compact + "=" * (-len(compact) % 4), b"-_" if url_safe else alphabet, validate=True)
        except (binascii.Error, ValueError):
            return Unknown("a text that is not base64")
        return Numbers("[B", tuple(raw))

    return model


def _encode_base64(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    value, *flags = arguments
    plain = not flags or (isinstance(flags[0], Number) and flags[0].value == 2)
    return Text(base64.b64encode(value.data).decode()) if isinstance(value, Numbers) and plain else None


def _new_string(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """The constructors of String, with the object left out."""
    if not arguments:
        return Text("")
    value = arguments[0]
    if isinstance(value, Text):
        return value
    if isinstance(value, Numbers) and len(arguments) <= 2:
        if value.type == "[C":
            return text_of(value, "[C")
        return Text(value.data.decode("utf-8", "replace"))
    return None


def _bytes_of(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    return (
        Numbers("[B", tuple(arguments[0].value.encode("utf-8", "replace"))) if isinstance(arguments[0], Text) else None
    )


def _chars_of(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    return Numbers("[C", tuple(map(ord, arguments[0].value))) if isinstance(arguments[0], Text) else None


def _length(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    return Number(len(arguments[0].value)) if isinstance(arguments[0], Text) else None


def _host(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """The host of a URL; the objects of URL classes stand for their text here."""
    if not isinstance(arguments[0], Text):
        return None
    try:
        host = urlsplit(arguments[0].value).hostname
    except ValueError:
        host = None
    return Text(host) if host else Unknown("a URL without a host")


def _same(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    return arguments[0] if arguments and isinstance(arguments[0], Text | Joined) else None


def _date(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    numbers = [argument.value for argument in arguments if isinstance(argument, Number)]
    if len(numbers) != len(arguments) or len(numbers) < 3:
        return None
    return _moment(numbers[0], numbers[1], numbers[2])


def _parse_date(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    if len(arguments) != 1 or not isinstance(arguments[0], Text):
        return None
    try:
        found = dt.datetime.fromisoformat(arguments[0].value)
    except ValueError:
        return Unknown("a text that is no date")
    if found.tzinfo is None:
        found = found.replace(tzinfo=dt.UTC)
    return Moment(round(found.timestamp() * 1000))


def _moment(year: int, month: int, day: int) -> Value:
    try:
        return Moment(round(dt.datetime(year, month, day, tzinfo=dt.UTC).timestamp() * 1000))
    except (ValueError, OverflowError):
        return Unknown("a date that does not exist")


def _milliseconds(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    return Moment(arguments[0].value) if isinstance(arguments[0], Number) else None


_CASE = {"toLowerCase": _unary(str.lower), "toUpperCase": _unary(str.upper)}
TEXT_MODELS: dict[tuple[str, str], Model] = {
    **{(_STRING, name): model for name, model in _CASE.items()},
    (_STRING, "concat"): _concat,
    ("Lkotlin/jvm/internal/Intrinsics;", "stringPlus"): _concat,
    (_STRING, "valueOf"): _value_of,
    (_STRING, "copyValueOf"): _value_of,
    ("Ljava/lang/Integer;", "toString"): _value_of,
    ("Ljava/lang/Long;", "toString"): _value_of,
    (_STRING, "trim"): _unary(lambda text: text.strip("".join(map(chr, range(33))))),
    (_STRING, "strip"): _unary(str.strip),
    (_STRING, "intern"): _same,
    (_STRING, "toString"): _same,
    ("Ljava/lang/CharSequence;", "toString"): _same,
    ("Ljava/lang/Object;", "toString"): _same,
    (_STRING, "substring"): _substring,
    (_STRING, "replace"): _replace,
    (_STRING, "split"): _split,
    (_STRING, "join"): _join,
    ("Landroid/text/TextUtils;", "join"): _join,
    (_STRING, "format"): _format,
    (_STRING, "length"): _length,
    (_STRING, "getBytes"): _bytes_of,
    (_STRING, "toCharArray"): _chars_of,
    (_STRING, "<init>"): _new_string,
    ("Ljava/lang/Integer;", "parseInt"): _parse_number,
    ("Ljava/lang/Long;", "parseLong"): _parse_number,
    ("Ljava/lang/Integer;", "valueOf"): lambda ref, arguments: (
        _parse_number(ref, arguments) if isinstance(arguments[0], Text) else arguments[0]
    ),
    ("Ljava/lang/Long;", "valueOf"): lambda ref, arguments: arguments[0],
    ("Ljava/lang/Boolean;", "valueOf"): lambda ref, arguments: (
        _parse_boolean(ref, arguments) if isinstance(arguments[0], Text) else arguments[0]
    ),
    ("Ljava/lang/Boolean;", "parseBoolean"): _parse_boolean,
    ("Ljava/lang/Integer;", "intValue"): lambda ref, arguments: arguments[0],
    ("Ljava/lang/Number;", "intValue"): lambda ref, arguments: arguments[0],
    ("Ljava/lang/Boolean;", "booleanValue"): lambda ref, arguments: arguments[0],
    ("Landroid/util/Base64;", "decode"): _decode_base64(b"+/"),
    ("Landroid/util/Base64;", "encodeToString"): _encode_base64,
    ("Ljava/util/Base64$Decoder;", "decode"): needing(2, _decode_base64(b"+/")),
    ("Lokio/ByteString;", "decodeBase64"): _decode_base64(b"+/"),
    ("Landroid/net/Uri;", "parse"): _same,
    ("Ljava/net/URI;", "create"): _same,
    ("Ljava/net/URL;", "<init>"): _same,
    ("Ljava/net/URI;", "<init>"): _same,
    ("Lokhttp3/HttpUrl;", "parse"): _same,
    ("Lokhttp3/HttpUrl;", "get"): _same,
    ("Landroid/net/Uri;", "getHost"): _host,
    ("Ljava/net/URL;", "getHost"): _host,
    ("Ljava/net/URI;", "getHost"): _host,
    ("Lokhttp3/HttpUrl;", "host"): _host,
    ("Landroid/net/Uri;", "toString"): _same,
    ("Ljava/net/URL;", "toString"): _same,
    ("Ljava/net/URI;", "toString"): _same,
    ("Lokhttp3/HttpUrl;", "toString"): _same,
    ("Landroid/net/Uri;", "decode"): _unary(unquote),
    ("Ljava/time/LocalDate;", "of"): _date,
    ("Ljava/time/LocalDate;", "parse"): _parse_date,
    ("Ljava/time/Instant;", "parse"): _parse_date,
    ("Ljava/time/Instant;", "ofEpochMilli"): _milliseconds,
    ("Ljava/util/Date;", "<init>"): needing(1, _milliseconds),
}  # fmt: skip
"""By class and name; constructors get their arguments without the object."""
for _key, _model in TEXT_MODELS.items():
    if _key[1] != "<init>":
        TEXT_MODELS[_key] = needing(
            2 if _key[1] in ("concat", "join", "split", "stringPlus", "substring") else 1, _model
        )
