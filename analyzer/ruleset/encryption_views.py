"""Views of ``domainEncryption``: every element, with what is wrong about its mode."""

from collections.abc import Iterator

from analyzer.model import AppInfo, Facts, PolicyScope, PolicyVariant
from analyzer.model.policy import HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_defaults import DOMAIN_ENCRYPTION_LEVEL
from analyzer.model.policy_lookup import settings_at
from analyzer.ruleset.policy_views import element_location, host_patterns
from analyzer.ruleset.views import DomainEncryptionView, EncryptionFlaw


def domain_encryption(facts: Facts) -> Iterator[DomainEncryptionView]:
    """View the elements in the order of the file; none where no device that the app runs on knows the element."""
    for variant in facts.policy.variants:
        levels = _levels(facts.app, variant)
        if levels is None:
            continue
        scopes = {scope.path: scope for scope in variant.scopes if scope.path is not None}
        several = any(scope.kind == "domain" for scope in variant.scopes)
        for path, line, flaw, mode in _elements(variant, levels[0], scopes):
            scope = scopes.get(path.rpartition("/")[0])
            if scope is None or (scope.domains and all(domain.problem is not None for domain in scope.domains)):
                continue
            domains = [domain for domain in scope.domains if domain.problem is None]
            yield DomainEncryptionView(
                entry=variant.entry,
                qualifiers=variant.qualifiers,
                kind=scope.kind,
                names=host_patterns(scope.kind, domains, several=several),
                flaw=flaw,
                mode=mode,
                path=path,
                first_level=levels[0],
                last_level=levels[1],
                evidence=(element_location(variant.entry, path, line, None),),
            )


def _levels(app: AppInfo, variant: PolicyVariant) -> tuple[int, int] | None:
    """Return the levels on which devices read the element in this file, None when there is none."""
    first = max(DOMAIN_ENCRYPTION_LEVEL, variant.first_level, min(app.min_sdk, HIGHEST_KNOWN_LEVEL))
    last = min(HIGHEST_KNOWN_LEVEL, variant.last_level, app.max_sdk or HIGHEST_KNOWN_LEVEL)
    return (first, last) if first <= last else None


def _elements(
    variant: PolicyVariant, level: int, scopes: dict[str, PolicyScope]
) -> Iterator[tuple[str, int | None, EncryptionFlaw | None, str]]:
    """Yield path, line, flaw and written mode of each element."""
    for error in variant.errors:
        if error.kind == "encryption-mode-missing":
            yield error.path, error.line, "no-mode", ""
    # Where the platform refuses the file, its refusal is what there is to say.
    accepted = {path: settings for path, scope in scopes.items() if (settings := settings_at(scope, level)) is not None}
    unknown: set[str] = set()
    for issue in variant.issues:
        if issue.kind == "unknown-mode" and issue.path.rpartition("/")[0] in accepted:
            unknown.add(issue.path)
            yield issue.path, issue.line, "unknown-mode", issue.name
    for settings in accepted.values():
        origin, mode = settings.domain_encryption_origin, settings.domain_encryption
        if origin is None or mode is None or origin.kind != "declared" or origin.path is None:
            continue
        if origin.path not in unknown:
            yield origin.path, origin.line, "disabled" if mode == "disabled" else None, mode
