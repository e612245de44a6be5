"""Paths as short Java-like code."""

from analyzer.dataflow.path_model import Condition, Step
from analyzer.dataflow.paths import PathFinder
from analyzer.extractors.code.pseudo_code import parameter_names, path_text
from tests.dataflow.support import method, program


def _everything(one: Condition | Step) -> bool:
    return not (isinstance(one, Step) and one.ref.name == "<init>")


def _texts(place: str, limit: int = 200) -> set[str]:
    where = method("paths", place)
    found = PathFinder(program("paths"), lambda ref: ref.name == "checkServerTrusted").paths(where)
    assert found is not None
    names = parameter_names(where.ref, is_static=where.is_static) | {1: "chain", 2: "authType"}
    return {path_text(path, names, _everything, limit) for path in found.paths}


def test_calls_and_handlers_read_like_java() -> None:
    assert _texts("app.Ways.swallowed") == {
        "platform.checkServerTrusted(chain, authType); return;",
        "try { platform.checkServerTrusted(chain, authType); } catch (CertificateException e) e.printStackTrace(); "
        "return;",
    }


def test_conditions_are_written_as_they_hold() -> None:
    assert _texts("app.Ways.guarded") == {
        "if (chain != null) if (chain.length != 0) return;",
        "if (chain == null) throw new IllegalArgumentException();",
        "if (chain != null) if (chain.length == 0) throw new IllegalArgumentException();",
    }
    assert _texts("app.Ways.flag") == {
        "if (strict) platform.checkServerTrusted(chain, authType); return;",
        "if (!strict) return;",
    }


def test_what_does_not_fit_keeps_its_end() -> None:
    texts = _texts("app.Ways.deep", 90)
    assert all(len(text) <= 90 for text in texts)
    assert any(text.startswith("… ") and text.endswith("return;") for text in texts)
