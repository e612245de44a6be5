"""Recall and precision of what is said about TLS code, for each language and way to build."""

import pytest

from tools import code_recall


@pytest.mark.parametrize("group", code_recall.GROUPS)
class TestInEveryGroup:
    def test_all_that_the_sources_do_is_said_and_nothing_is_invented(self, group: str) -> None:
        assert code_recall.measure(group).mistakes == ()

    def test_there_is_enough_to_say(self, group: str) -> None:
        measured = code_recall.measure(group)
        assert measured.facts.expected >= 40
        assert measured.findings.expected >= 30
