"""The integrations as their machines run them, as far as that can be done without these machines."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
INTEGRATIONS = ROOT / "docs" / "integrations"
EXPIRED = ROOT / "sample_apks" / "pins-expired" / "pins-expired.apk"
CLEAN = ROOT / "sample_apks" / "pinned-right" / "pinned-right.apk"
COMMAND = "import sys; sys.argv[0] = 'pinscope'; from analyzer.cli import main; main()"


def _put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def _put_pinscope(path: Path) -> Path:
    return _put(path, f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(COMMAND)} "$@"\n')


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work space with an app at the place that the examples name."""
    app = tmp_path / "work" / "app" / "build" / "outputs" / "bundle" / "release" / "app-release.aab"
    app.parent.mkdir(parents=True)
    shutil.copy(EXPIRED, app)
    return tmp_path / "work"


# --- GitHub -----------------------------------------------------------------------------------------------------------

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}


class Outcome(NamedTuple):
    code: int
    stdout: str
    outputs: dict[str, str]
    summary: str


def _run_step(name: str, folder: Path, cwd: Path, **given: str) -> Outcome:
    """Run a step's script with the environment that GitHub's runner documents."""
    output, summary = folder / "output", folder / "summary"
    for path in (output, summary):
        path.write_text("")
    runner = {
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(folder),
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[name]["run"]],
        cwd=cwd,
        env=os.environ | runner | given,
        capture_output=True,
        text=True,
    )
    pairs = dict(line.split("=", 1) for line in output.read_text().splitlines())
    return Outcome(done.returncode, done.stdout, pairs, summary.read_text())


def _scan_step(folder: Path, target: Path, **given: str) -> Outcome:
    _put_pinscope(folder / "venv" / "bin" / "pinscope")
    inputs = {"FOLDER": str(folder), "TARGET": str(target), "FAIL_ON": "", "BASELINE": "", "POLICY": ""}
    return _run_step("Scan", folder, folder, **inputs | {"ARGS": "--as-of=2026-11-01"} | given)


def test_the_action_fails_with_annotations_a_summary_and_sarif_when_findings_block(tmp_path: Path) -> None:
    outcome = _scan_step(tmp_path, EXPIRED)
    assert outcome.code == 1 and outcome.outputs["exit-code"] == "1"
    assert re.search(r"^::error .*title=", outcome.stdout, re.MULTILINE)
    assert "NSC-PIN-EXPIRED" in outcome.summary
    assert json.loads(Path(outcome.outputs["sarif"]).read_text())["version"] == "2.1.0"


def test_the_action_passes_what_does_not_block(tmp_path: Path) -> None:
    outcome = _scan_step(tmp_path, EXPIRED, FAIL_ON="never")
    assert outcome.code == 0 and outcome.outputs["exit-code"] == "0"
    assert outcome.summary


def test_the_action_takes_a_baseline(tmp_path: Path) -> None:
    pinscope = _put_pinscope(tmp_path / "venv" / "bin" / "pinscope")
    subprocess.run([pinscope, "baseline", "write", EXPIRED, "--file", tmp_path / "known.json"], check=True)
    assert _scan_step(tmp_path, EXPIRED, BASELINE="known.json").code == 0


def test_the_action_takes_a_policy(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text("version: 1\nunknown-key: 1\n")
    wrong = _scan_step(tmp_path, EXPIRED, POLICY="team.yaml")
    assert wrong.code == 2 and "sarif" not in wrong.outputs


def test_the_action_reports_what_cannot_be_read_with_its_own_code(tmp_path: Path) -> None:
    broken = tmp_path / "broken.apk"
    broken.write_bytes(b"no archive")
    assert _scan_step(tmp_path, broken).code == 3
    other = tmp_path / "other"
    missing = _scan_step(other, tmp_path / "missing.apk")
    assert missing.code == 2 and "sarif" not in missing.outputs and missing.summary == ""


def test_inputs_of_the_action_stay_arguments_whatever_they_hold(tmp_path: Path) -> None:
    target = tmp_path / "--help $(touch broken) `touch broken`;.apk"
    shutil.copy(CLEAN, target)
    outcome = _scan_step(tmp_path, Path(target.name), ARGS="--as-of=2026-11-01\n--first-party=example.com\n")
    assert "Usage:" not in outcome.stdout and outcome.outputs["sarif"]
    assert not (tmp_path / "broken").exists()
    for step in STEPS.values():
        assert "${{" not in step.get("run", ""), "an expression in a script runs what the input holds"


@pytest.mark.parametrize(("version", "wanted"), [("", str(ROOT)), ("1.2.3", "pinscope==1.2.3")])
def test_the_action_installs_its_own_code_or_the_version_asked_for(tmp_path: Path, version: str, wanted: str) -> None:
    log = tmp_path / "log"
    python = f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\n'
    python += f'[ "$2" != venv ] || {{ mkdir -p "$3/bin" && cp {tmp_path}/bin/python3 "$3/bin/python"; }}\n'
    _put(tmp_path / "bin" / "python3", python)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    outcome = _run_step("Install", tmp_path, tmp_path, VERSION=version, PATH=path)
    assert outcome.code == 0 and Path(outcome.outputs["folder"]).parent == tmp_path
    assert log.read_text().splitlines()[-3:] == ["--constraint", str(ROOT / "constraints.txt"), wanted]


def test_the_action_says_when_python_is_too_old(tmp_path: Path) -> None:
    _put(tmp_path / "bin" / "python3", "#!/bin/sh\nexit 1\n")
    outcome = _run_step("Install", tmp_path, tmp_path, VERSION="", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert outcome.code == 2 and outcome.stdout.startswith("::error title=Pinscope::Python 3.11")


def test_other_actions_are_named_by_commit_and_uploading_has_to_be_asked_for() -> None:
    upload = STEPS["Upload the results"]
    assert re.fullmatch(r"github/codeql-action/upload-sarif@[0-9a-f]{40}", upload["uses"])
    assert "inputs.upload-sarif == 'true'" in upload["if"]
    assert ACTION["inputs"]["upload-sarif"]["default"] == "false"
    assert all("uses" not in step for step in STEPS.values() if step is not upload)


def test_every_input_of_the_action_is_used_and_the_example_uses_inputs_that_exist() -> None:
    used = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(ACTION["inputs"])
    workflow = yaml.safe_load((INTEGRATIONS / "github-workflow.yml").read_text())
    (step,) = workflow["jobs"]["pinscope"]["steps"]
    assert set(step["with"]) <= set(ACTION["inputs"])
    assert workflow["permissions"] == {} and workflow["jobs"]["pinscope"]["permissions"]["security-events"] == "write"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("name", [name for name, step in STEPS.items() if "run" in step])
def test_shellcheck_finds_nothing_in_the_scripts_of_the_action(name: str) -> None:
    done = subprocess.run(["shellcheck", "--shell=bash", "-"], input=STEPS[name]["run"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# --- GitLab and Jenkins -----------------------------------------------------------------------------------------------


def _run_script(lines: list[str], work: Path, **variables: str) -> int:
    """Run a script with a python3 that makes environments whose pip installs nothing and whose pinscope is this one."""
    tools = work.parent / "tools"
    pinscope = _put_pinscope(tools / "pinscope")
    venv = f'#!/bin/sh\nmkdir -p "$3/bin" && cp {pinscope} "$3/bin/pinscope" && cp {tools}/pip "$3/bin/pip"\n'
    _put(tools / "python3", venv)
    _put(tools / "pip", f'#!/bin/sh\nfor last; do :; done; [ -n "$last" ] && echo "$last" > {tools}/installed\n')
    environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "PINSCOPE_PACKAGE": "pinscope==0"} | variables
    done = subprocess.run(["sh", "-e", "-c", "\n".join(lines)], cwd=work, env=environment, capture_output=True)
    assert (tools / "installed").read_text() == "pinscope==0\n"
    return done.returncode


def test_the_gitlab_job_writes_the_artefacts_that_it_names(work: Path) -> None:
    job = yaml.safe_load((INTEGRATIONS / "gitlab-ci.yml").read_text())["pinscope"]
    assert _run_script(job["script"], work, **job["variables"]) == 1
    reports = job["artifacts"]["reports"]
    sast = json.loads((work / reports["sast"]).read_text())
    assert sast["scan"]["type"] == "sast" and sast["vulnerabilities"]
    assert (work / reports["junit"]).read_text().startswith("<?xml")
    assert [(work / path).is_file() for path in job["artifacts"]["paths"]] == [True]
    assert job["artifacts"]["when"] == "always"


def test_the_jenkins_stage_writes_what_its_post_section_collects(work: Path) -> None:
    text = (INTEGRATIONS / "Jenkinsfile").read_text()
    (script,) = re.findall(r"sh '''(.*?)'''", text, re.DOTALL)
    (target,) = re.findall(r"TARGET = '(.*?)'", text)
    assert _run_script([script], work, TARGET=target) == 1
    for collected in re.findall(r"junit '(.*?)'|artifacts: '(.*?)'", text):
        assert (work / "".join(collected)).is_file()
    assert text.count("{") == text.count("}")


# --- Gradle -----------------------------------------------------------------------------------------------------------


def test_the_command_line_of_the_gradle_task_scans_the_bundle(work: Path) -> None:
    text = (INTEGRATIONS / "pinscope.gradle.kts").read_text()
    (listed,) = re.findall(r"listOf\((.*?)\n\s*\)", text, re.DOTALL)
    values = {
        "bundle.get().asFile.path": "app/build/outputs/bundle/release/app-release.aab",
        "report.get().asFile.path": "build/reports/pinscope/release.html",
    }
    arguments = []
    for item in filter(None, (one.strip() for one in listed.replace("\n", " ").split(","))):
        arguments.append("".join(values.get(part.strip()) or json.loads(part) for part in item.split(" + ")))
    pinscope = _put_pinscope(work.parent / "pinscope")
    done = subprocess.run([pinscope, *arguments], cwd=work, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert (work / "build/reports/pinscope/release.html").is_file()
    assert "host" in done.stdout
    assert all(text.count(opening) == text.count(closing) for opening, closing in ("{}", "()"))


# --- pre-commit -------------------------------------------------------------------------------------------------------


def test_the_hook_takes_policies_of_a_source_tree_and_nothing_else() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    wanted = re.compile(hook["files"])
    for path in (
        "app/src/main/res/xml/network_security_config.xml",
        "app/src/main/res/xml-v28/network_security_config_debug.xml",
        "res/xml/network_security_config.xml",
        "pinscope.yaml",
        "app/pinscope.yaml",
    ):
        assert wanted.search(path), path
    for path in ("app/src/main/res/xml/backup_rules.xml", "my-pinscope.yaml", "docs/network_security_config.xml"):
        assert not wanted.search(path), path


def test_the_hook_fails_on_what_blocks_in_several_files(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    _put_pinscope(tmp_path / "bin" / "pinscope")
    good = tmp_path / "res" / "xml" / "network_security_config.xml"
    bad = tmp_path / "app" / "res" / "xml" / "network_security_config.xml"
    _put(good, '<network-security-config><base-config cleartextTrafficPermitted="false"/></network-security-config>')
    _put(
        bad,
        '<network-security-config><base-config><trust-anchors><certificates src="user"/></trust-anchors>'
        "</base-config></network-security-config>",
    )
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    codes = [
        subprocess.run(
            [*shlex.split(hook["entry"]), *files], cwd=tmp_path, env=environment, capture_output=True
        ).returncode
        for files in ([good], [good, bad])
    ]
    assert codes == [0, 1]


def test_the_example_of_the_hook_names_a_hook_that_exists() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", (INTEGRATIONS / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    ((example,),) = [repository["hooks"] for repository in yaml.safe_load(block)["repos"]]
    assert example["id"] == hook["id"]


# --- Container image --------------------------------------------------------------------------------------------------


def _instructions() -> Iterator[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def test_the_image_runs_pinscope_as_nobody_in_particular() -> None:
    instructions = list(_instructions())
    users = [rest for word, rest in instructions if word == "USER"]
    assert users and all(re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", user) for user in users)
    assert instructions[-2:] == [("ENTRYPOINT", '["pinscope"]'), ("CMD", '["--help"]')]
    assert [word for word, _ in instructions if word in ("EXPOSE", "VOLUME", "ADD")] == []


def test_the_image_is_built_from_files_that_exist_and_are_sent_to_the_builder() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = {
        source
        for word, rest in _instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert sources == sent
    # The tests of the wheel run from a tree without the package and the rules.
    assert [one for one in sources - {"analyzer", "rules", "LICENSE"} if not (ROOT / one).exists()] == []


def test_a_report_needs_no_writable_file_system(tmp_path: Path) -> None:
    """What the container's user may do: read the app, write to standard output."""
    probe = (
        "import sys\n"
        "def watch(event, arguments):\n"
        "    writes = event == 'open' and isinstance(arguments[1], str) and set(arguments[1]) & set('wax+')\n"
        "    if writes and str(arguments[0]) != '/dev/null' or event in ('os.mkdir', 'os.rename', 'socket.connect'):\n"
        "        print('forbidden', event, arguments, file=sys.stderr)\n"
        "        sys.exit(9)\n"
        "from analyzer.cli import run\n"
        "sys.addaudithook(watch)\n"
        f"sys.exit(run(['scan', {str(EXPIRED)!r}, '--format', 'markdown']))\n"
    )
    done = subprocess.run([sys.executable, "-B", "-c", probe], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "NSC-PIN-EXPIRED" in done.stdout
    assert list(tmp_path.iterdir()) == []
