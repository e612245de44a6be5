"""Models of the platform's methods survive calls that no compiler writes."""

import pytest

from analyzer.dataflow.collection_models import COLLECTION_MODELS, collection_model
from analyzer.dataflow.text_models import TEXT_MODELS, Model
from analyzer.dataflow.values import Items, Number, Text, Unknown, Value
from analyzer.dex import MethodRef

ARGUMENTS: tuple[tuple[Value, ...], ...] = (
    (), (Text("a"),), (Number(1),), (Unknown("x"),), (Items("[I", ()),), (Text("a"), Text("b")),
    (Number(1), Number(2), Number(3)), (Text("a"), Number(-1), Number(1 << 31)),
)  # fmt: skip
READS = (
    "keySet",
    "values",
    "next",
    "nextElement",
    "get",
    "elementAt",
    "size",
    "getKey",
    "getValue",
    "getLast",
    "first",
)
MODELS: dict[tuple[str, str], Model] = {
    **TEXT_MODELS,
    **COLLECTION_MODELS,
    **{
        ("Ljava/util/List;", name): model
        for name in READS
        if (model := collection_model(MethodRef("Ljava/util/List;", name, "()V"))) is not None
    },
}


@pytest.mark.parametrize(("owner", "name"), MODELS)
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_a_model_answers_whatever_it_is_given(owner: str, name: str, arguments: tuple[Value, ...]) -> None:
    descriptor = f"({'Ljava/lang/String;' * len(arguments)})V"
    found = MODELS[owner, name](MethodRef(owner, name, descriptor), arguments)
    assert found is None or isinstance(found, Value)


def test_what_a_date_without_a_time_is_nobody_knows() -> None:
    assert MODELS["Ljava/util/Date;", "<init>"](MethodRef("Ljava/util/Date;", "<init>", "()V"), ()) is None
