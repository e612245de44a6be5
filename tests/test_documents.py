"""The documents: links lead somewhere, commands do what is said, configuration is valid, texts are true today."""

import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from analyzer.gate.team_policy import read_team_policy

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_apks"
# Pages of rules are generated and long; their texts are tested with the rules.
PAGES = [
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "rules" not in path.parts),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md") if (ROOT / name).is_file()),
]
BY_HAND = [page for page in PAGES if page.parent == ROOT / "docs" and page.name not in ("commands.md", "report.md")]
COMMAND = "import sys; sys.argv[0] = 'pinscope'; from analyzer.cli import main; main()"


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def _commands(page: Path) -> list[tuple[str, int]]:
    """Return every command with the exit code that the page says it has."""
    found = []
    for line in "".join(_blocks(page, "sh")).splitlines():
        command, _, comment = line.partition(" #")
        told = re.search(r"exit code ([0-9])$", comment)
        if command.strip():
            found.append((command.strip(), int(told[1]) if told else 0))
    return found


def _slugs(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _slugs(target)):
            broken.append(link)
    assert broken == []


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages name, and a pinscope on the PATH."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "bin").mkdir()
    script = folder / "bin" / "pinscope"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(COMMAND)} "$@"\n')
    script.chmod(0o755)
    live = SAMPLES / "live-chains"
    for source, name in (
        (SAMPLES / "pins-expired" / "pins-expired.apk", "app.apk"),
        (SAMPLES / "pinned-right" / "pinned-right.apk", "old.apk"),
        (SAMPLES / "pinned-right" / "pinned-right.apk", "new.apk"),
        *(
            (live / "res" / "xml" / "network_security_config.xml", f"{place}/network_security_config.xml")
            for place in ("res/xml", "app/src/main/res/xml")
        ),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / name)
    shutil.copytree(live / "chains", folder / "chains")
    (folder / "cacerts").mkdir()
    shutil.copy(live / "roots.pem", folder / "cacerts")
    certificates = re.findall(
        r"-----BEGIN C.*?-----END CERTIFICATE-----\n", (live / "roots.pem").read_text(), re.DOTALL
    )
    for recording in sorted((live / "chains").glob("*.pem")):
        certificates += re.findall(r"-----BEGIN C.*?-----END CERTIFICATE-----\n", recording.read_text(), re.DOTALL)
    for name, certificate in zip(("server.pem", "next.pem"), dict.fromkeys(certificates), strict=False):
        (folder / name).write_text(certificate)
    return folder


@pytest.mark.parametrize("page", [page for page in BY_HAND if _commands(page)], ids=_name)
def test_commands_do_what_the_page_says(page: Path, work: Path) -> None:
    for made in ("pinscope-baseline.json", "pinscope.yaml"):
        (work / made).unlink(missing_ok=True)
    path = f"{work / 'bin'}:{os.environ['PATH']}"
    outcomes = []
    for command, expected in _commands(page):
        assert command.startswith("pinscope "), f"{command}: mark the block `shell`"
        done = subprocess.run(
            ["sh", "-c", command], cwd=work, env=os.environ | {"PATH": path}, capture_output=True, text=True
        )
        if done.returncode != expected:
            outcomes.append((command, done.returncode, done.stderr[-300:]))
    assert outcomes == []


def test_commands_of_the_readme_are_understood(work: Path) -> None:
    for made in ("pinscope-baseline.json", "pinscope.yaml"):
        (work / made).unlink(missing_ok=True)
    path = f"{work / 'bin'}:{os.environ['PATH']}"
    commands = [command for command, _ in _commands(ROOT / "README.md") if command.startswith("pinscope ")]
    # Tests ask nobody; the live check has tests of its own against servers on this machine.
    commands = [command for command in commands if "--live" not in command and "pinscope pins " not in command]
    assert len(commands) > 5
    for command in commands:
        done = subprocess.run(["sh", "-c", command], cwd=work, env=os.environ | {"PATH": path}, capture_output=True)
        assert done.returncode in (0, 1), (command, done.stderr)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_configuration_in_the_pages_is_valid(page: Path) -> None:
    for block in _blocks(page, "yaml"):
        if "version" in yaml.safe_load(block):
            read_team_policy(block.encode(), page.name)
    for block in _blocks(page, "json"):
        json.loads(block)
    for block in _blocks(page, "python"):
        compile(block, page.name, "exec")


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_scripts_in_the_pages_can_be_parsed(page: Path) -> None:
    for block in _blocks(page, "shell"):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_every_page_can_be_found_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        waiting += [(page.parent / link).resolve() for link in re.findall(r"\]\(([^)#\s]+)", page.read_text())]
    assert [_name(page) for page in PAGES if page not in reached and page.name != "SECURITY.md"] == []


def test_the_picture_in_the_readme_is_a_small_screenshot() -> None:
    data = (ROOT / "docs" / "report.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) < 200_000
    width, height = struct.unpack(">II", data[16:24])
    assert width == 1280 and 600 <= height <= 1400
    assert "](docs/report.png)" in (ROOT / "README.md").read_text()


def test_the_readme_starts_with_two_commands() -> None:
    (first, *_) = _blocks(ROOT / "README.md", "sh")
    assert [line.split()[:2] for line in first.splitlines()] == [["make", "scan"], ["make", "test"]]
    assert (ROOT / "README.md").read_text().index(first) < 600


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_the_manual_page_is_well_formed() -> None:
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", ROOT / "docs" / "man" / "pinscope.1"], capture_output=True, text=True
    )
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []
