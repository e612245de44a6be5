"""Switches that a build fixes: what they decide, in a release and in a debuggable build."""

import dataclasses

import msgspec
import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.hostname_verifiers import extract_hostname_verifiers
from analyzer.extractors.code.trust_managers import extract_trust_managers
from analyzer.extractors.code.webview_handlers import extract_webview_handlers
from analyzer.model import CallbackFact
from tests.extractors.code.smali_fixtures import context_of


def _facts(*, debuggable: bool) -> dict[str, CallbackFact]:
    code: CodeContext = context_of("build-switches")
    code = dataclasses.replace(code, app=msgspec.structs.replace(code.app, debuggable=debuggable))
    wiring = CallbackWiring(code)
    found = (
        *extract_trust_managers(code, wiring).callbacks,
        *extract_hostname_verifiers(code, wiring).callbacks,
        *extract_webview_handlers(code, wiring).callbacks,
    )
    return {one.class_name.removeprefix("org.example.shop."): one for one in found}


@pytest.mark.parametrize("debuggable", [False, True])
def test_a_switch_that_is_on_in_this_build_is_no_condition(debuggable: bool) -> None:
    facts = _facts(debuggable=debuggable)
    behaviours = {name: facts[name].behaviour for name in ("LenientManager", "LenientVerifier", "LenientPage")}
    assert behaviours == {"LenientManager": "accept-all", "LenientVerifier": "accept-all", "LenientPage": "proceed"}


def test_the_debug_flag_of_a_debuggable_build_is_for_debugging_only() -> None:
    facts = _facts(debuggable=True)
    assert (facts["DebugManager"].behaviour, facts["DebugManager"].flag) == ("flag-dependent", "build-config")
    assert facts["DebugManager"].detail == "accept-all when BuildConfig.DEBUG is true"
    assert facts["DebugVerifier"].debug_only
    assert (facts["DebugPage"].behaviour, facts["DebugPage"].debug_only) == ("debug-guarded", True)


def test_a_debug_flag_that_is_on_in_a_release_decides() -> None:
    facts = _facts(debuggable=False)
    behaviours = {name: facts[name].behaviour for name in ("DebugManager", "DebugVerifier", "DebugPage")}
    assert behaviours == {"DebugManager": "accept-all", "DebugVerifier": "accept-all", "DebugPage": "proceed"}
    assert not facts["DebugVerifier"].debug_only


def test_a_field_that_is_set_later_is_off_until_then() -> None:
    facts = _facts(debuggable=False)
    assert (facts["LateManager"].behaviour, facts["LateManager"].flag) == ("flag-dependent", "field")
    assert facts["LateVerifier"].behaviour == "ignores-session"
    assert facts["LatePage"].detail == "org.example.shop.App.open"
