"""Findings in the code of packages that nobody here wrote, held to what was read in their disassembled code.

The packages are not part of the project: without them the tests are skipped.
"""

import datetime as dt
import os
from pathlib import Path

import pytest

from analyzer.options import ScanOptions
from analyzer.pipeline import Engine, load_engine, scan

_CORPUS = Path(os.environ.get("PINSCOPE_SHARED", Path(__file__).parents[3] / "shared")) / "corpus"
_OPTIONS = ScanOptions(as_of=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), reproducible=True)
_BANK = "com.android.insecurebankv2"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.skipif(not _CORPUS.is_dir(), reason="the third-party packages are not beside the project"),
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(_OPTIONS)


# Read by hand from the disassembled code: what a client is given, what each callback's body does and where it goes.
_CODE_TRUTH: dict[str, set[tuple[str, str, str, str]]] = {
    "AndroGoat.apk": {
        ("NET-HTTP-URL", "demo.testfire.net", "medium", "firm"),
        ("NET-DOWNGRADE-REDIRECT", "OkHttp", "low", "firm"),
        ("OKHTTP-CLIENTS-UNPINNED", "owasp.org", "medium", "firm"),
        ("OKHTTP-OUTDATED", "okhttp 3.8.0", "low", "certain"),
        ("PIN-STALE-CA", "owasp.org", "low", "certain"),
    },
    "ApiDemos-debug.apk": {  # links in texts, an Intent and an NFC message
        ("NET-HTTP-URL", "www.android.com", "info", "tentative"),
        ("NET-HTTP-URL", "www.google.com", "info", "tentative"),
    },
    "InsecureBankv2.apk": {  # "http://" + a preference, in four AsyncTasks; mixed content in the advertising WebView
        ("NET-HTTP-RUNTIME-HOST", f"{_BANK}.ChangePassword$RequestChangePasswordTask", "medium", "firm"),
        ("NET-HTTP-RUNTIME-HOST", f"{_BANK}.DoLogin$RequestTask", "medium", "firm"),
        ("NET-HTTP-RUNTIME-HOST", f"{_BANK}.DoTransfer$RequestDoGets2", "medium", "firm"),
        ("NET-HTTP-RUNTIME-HOST", f"{_BANK}.DoTransfer$RequestDoTransferTask", "medium", "firm"),
        ("WEBVIEW-MIXED", "com.google.android.gms.internal.zzig", "medium", "certain"),
    },
    "a2dp.Vol_137.apk": {  # a link in a file that is written, and a row of a table
        ("NET-HTTP-URL", "listen.googlelabs.com", "low", "tentative"),
        ("NET-HTTP-URL", "maps.google.com", "low", "tentative"),
    },
    "app-prod-debug.apk": set(),
    "app-uiautomator.apk": {
        ("NET-DOWNGRADE-REDIRECT", "OkHttp", "low", "firm"),
        ("OKHTTP-OUTDATED", "okhttp 3.11.0", "low", "certain"),
    },
    "com.teleca.jamendo_35.apk": {
        ("NET-HTTP-URL", "api.jamendo.com", "medium", "firm"),
        ("NET-HTTP-URL", "www.jamendo.com", "medium", "firm"),
    },
    "dvba.apk": set(),
    "espresso-server.apk": set(),
    "hello-world.apk": set(),
    "insecureShop.apk": {
        ("WEBVIEW-SSL-PROCEED", "com.insecureshop.util.CustomWebViewClient", "critical", "certain"),
    },
    "ovaa.apk": {  # handed to a WebView through an Intent
        ("NET-HTTP-URL", "example.com", "info", "tentative"),
        ("OKHTTP-OUTDATED", "okhttp 3.8.0", "low", "certain"),
    },
    "pivaa.apk": {
        ("HV-ACCEPT-ALL", "com.htbridge.pivaa.handlers.API$1", "critical", "certain"),
        ("TM-ACCEPT-ALL", "com.htbridge.pivaa.handlers.API$2", "critical", "certain"),
        ("TM-DEFAULT-FACTORY", "com.htbridge.pivaa.handlers.API", "info", "certain"),
        ("WEBVIEW-CLEARTEXT-LOAD", "google.com", "medium", "firm"),
    },
    "settings_apk-debug.apk": set(),
}


@pytest.mark.parametrize("name", _CODE_TRUTH)
def test_findings_in_code_are_those_read_by_hand(name: str, engine: Engine) -> None:
    found = {
        (finding.rule_id, finding.subject, finding.severity.value, finding.confidence.value)
        for finding in scan(_CORPUS / name, _OPTIONS, engine).findings
        if not finding.rule_id.startswith(("APP-", "NSC-")) and finding.rule_id != "PIN-NONE"
    }
    assert found == _CODE_TRUTH[name]
