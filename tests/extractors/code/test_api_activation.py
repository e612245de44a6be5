"""Calls of catalogued APIs: who makes them, and whether they run."""

import pytest

from analyzer.extractors.code.api_uses import ApiFacts, extract_api_uses
from analyzer.model import ApiUse
from tests.extractors.code.smali_fixtures import context_of


@pytest.fixture(scope="module")
def found() -> ApiFacts:
    return extract_api_uses(context_of("api-uses"))


def use(found: ApiFacts, api: str, owner: str) -> ApiUse:
    (fact,) = [fact for fact in found.api_uses if (fact.api, fact.owner) == (api, owner)]
    return fact


def test_there_is_one_fact_for_each_api_and_owner(found: ApiFacts) -> None:
    assert sorted((fact.api, fact.owner) for fact in found.api_uses) == [
        ("dex-class-loader", "first-party"),
        ("dex-class-loader", "sdk:okhttp"),
        ("provider-installer", "first-party"),
        ("provider-installer", "sdk:play-services"),
    ]


def test_a_call_in_a_component_s_callback_is_active(found: ApiFacts) -> None:
    fact = use(found, "provider-installer", "first-party")
    assert fact.activation == "active"
    (place,) = fact.evidence
    assert (place.class_name, place.method) == ("org.example.shop.App", "onCreate()V")


def test_what_the_api_s_own_sdk_does_says_nothing_about_the_app(found: ApiFacts) -> None:
    assert use(found, "provider-installer", "sdk:play-services").activation == "defined_only"


def test_a_call_of_the_app_s_own_that_nothing_leads_to_may_run_all_the_same(found: ApiFacts) -> None:
    assert use(found, "dex-class-loader", "first-party").activation == "unknown"


def test_a_call_of_a_library_that_nothing_leads_to_never_runs(found: ApiFacts) -> None:
    assert use(found, "dex-class-loader", "sdk:okhttp").activation == "defined_only"


def test_an_app_without_such_calls_has_no_facts() -> None:
    assert extract_api_uses(context_of("reached")) == ApiFacts()
