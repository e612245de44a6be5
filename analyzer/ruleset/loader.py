"""Finds, reads and checks rule files."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from analyzer.conditions.environment import Environment
from analyzer.conditions.yaml_reader import read_yaml
from analyzer.errors import RuleError
from analyzer.model import Reference, RuleText
from analyzer.ruleset.compiled import CompiledRule, check_rule, rule_environment
from analyzer.ruleset.schema import Rule, RuleHead

MAX_RULE_BYTES = 1024 * 1024
"""Largest rule file."""
_SAMPLES = "\nsamples:\n"
"""Where the samples begin; in built-in rules nothing follows them."""
_PLACE = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)
_R = TypeVar("_R", bound=RuleHead)


class RuleSet:
    """Rules that belong together, with one identity. Conditions are compiled when they are first needed."""

    def __init__(self, rules: Iterable[tuple[RuleHead, Path]], digest: str, environment: Environment) -> None:
        """Take rules with the files they come from."""
        entries = sorted(rules, key=lambda entry: entry[0].id)
        self.rules: tuple[RuleHead, ...] = tuple(rule for rule, _ in entries)
        """Sorted by id."""
        self.by_id: Mapping[str, RuleHead] = MappingProxyType({rule.id: rule for rule in self.rules})
        self.paths: Mapping[str, Path] = MappingProxyType({rule.id: path for rule, path in entries})
        """The file of each rule."""
        self.digest = digest
        """SHA-256 in hexadecimal over the names and contents of all rule and catalogue files."""
        self.environment = environment
        self._compiled: dict[str, CompiledRule] = {}

    def compiled(self, rule: RuleHead) -> CompiledRule:
        """Return a rule ready for evaluation.

        Raises:
            ConditionError: One of its expressions is malformed.
        """
        ready = self._compiled.get(rule.id)
        if ready is None:
            ready = self._compiled[rule.id] = CompiledRule(rule, self.environment)
        return ready


def rules_folder() -> Path:
    """Return the folder of the built-in rules: inside the package once installed, beside it in a source tree.

    Raises:
        RuleError: There is none.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "rules", package.parent / "rules"):
        if (folder / "checks").is_dir():
            return folder
    raise RuleError(f"{package}: the built-in rules are missing; reinstall pinscope")


def load_rules(folders: Iterable[Path] = (), *, thorough: bool = False) -> RuleSet:
    """Load the built-in rules and those of further folders.

    Args:
        folders: Folders of the user's own rules, looked through with their subfolders.
        thorough: Check the built-in rules as strictly as the user's: their samples, and every expression against
            the facts. The project's tests do so once for all.

    Raises:
        RuleError: A file is wrong; the message names file and key.
    """
    environment = rule_environment()
    builtin = rules_folder()
    digest = hashlib.sha256()
    rules: dict[str, tuple[RuleHead, Path]] = {}
    for path, name, content in _files(builtin):
        _add(digest, name, content)
        if not name.startswith("checks/") or path.suffix != ".yaml":
            continue
        rule = _parse(content, f"rules/{name}", Rule if thorough else RuleHead)
        if path.parent.name != rule.id.split("-")[0].lower():
            raise RuleError(f"rules/{name}: id: {rule.id} belongs into the folder {rule.id.split('-')[0].lower()}")
        _accept(rules, rule, path, f"rules/{name}", environment, check=thorough)
    for index, folder in enumerate(folders):
        if not folder.is_dir():
            raise RuleError(f"{folder}: there is no such rule folder")
        for path, name, content in _files(folder):
            _add(digest, f"{index}:{name}", content)
            if path.suffix != ".yaml":
                continue
            rule = _parse(content, str(path), Rule)
            _accept(rules, rule, path, str(path), environment, check=True)
    return RuleSet(rules.values(), digest.hexdigest(), environment)


def read_rule(path: Path) -> Rule:
    """Read one rule file with its samples.

    Raises:
        RuleError: The file is wrong.
    """
    return _parse(_content(path), path.name, Rule)


def texts(rule: RuleHead) -> RuleText:
    """Return a rule's own words, for reports."""
    return RuleText(
        rule_id=rule.id,
        name=rule.name,
        title=rule.title,
        since=rule.since,
        severity=rule.severity,
        confidence=rule.confidence,
        what=rule.texts.what,
        why=rule.texts.why,
        fix=rule.texts.fix,
        snippet=rule.texts.snippet,
        snippet_language=rule.texts.snippet_language,
        limits=rule.texts.limits,
        cwe=rule.mapping.cwe,
        masvs=rule.mapping.masvs,
        mastg=rule.mapping.mastg,
        lint=rule.mapping.lint,
        references=tuple(Reference(title=link.title, url=link.url) for link in rule.references),
    )


def _files(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield path, relative name and content of every rule and catalogue file, ordered by name."""
    found = [path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml", ".tsv") and path.is_file()]
    for path in sorted(found, key=lambda path: path.relative_to(folder).as_posix()):
        if path.suffix == ".yml":
            raise RuleError(f"{path}: rule files end in .yaml; rename it")
        yield path, path.relative_to(folder).as_posix(), _content(path)


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_RULE_BYTES:
            raise RuleError(f"{path}: larger than {MAX_RULE_BYTES} bytes, which no rule file is")
        return path.read_text("utf-8")
    except OSError as error:
        raise RuleError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RuleError(f"{path}: is not UTF-8") from None


def _add(digest: Any, name: str, content: str) -> None:
    """Add a file to the digest in a form that neither names nor contents can imitate."""
    for part in (name.encode(), content.encode()):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)


def _parse(content: str, name: str, form: type[_R]) -> _R:
    if form is RuleHead:
        # Samples prove a rule in tests; reading them would triple the time that loading takes.
        content = content.partition(_SAMPLES)[0]
    data = read_yaml(content, name)
    try:
        rule = msgspec.convert(data, form)
    except msgspec.ValidationError as error:
        place = _PLACE.fullmatch(str(error))
        message = f"{place[2]}: {place[1]}" if place and place[2] else str(error)
        raise RuleError(f"{name}: {message}") from None
    return rule


def _accept(
    rules: dict[str, tuple[RuleHead, Path]],
    rule: RuleHead,
    path: Path,
    name: str,
    environment: Environment,
    *,
    check: bool,
) -> None:
    if path.stem != rule.id:
        raise RuleError(f"{name}: id: {rule.id} does not match the file name")
    if rule.id in rules:
        raise RuleError(f"{name}: id: {rule.id} is already defined in {rules[rule.id][1]}")
    if rule.type == "problem" and rule.severity is None:
        raise RuleError(f"{name}: severity: a problem needs one")
    if rule.type == "strength" and (rule.severity is not None or any(case.severity for case in rule.cases)):
        raise RuleError(f"{name}: severity: a strength has none")
    if check:
        check_rule(rule, environment, name)
    rules[rule.id] = rule, path
