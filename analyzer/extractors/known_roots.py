"""The roots that come with certifi, by the digests of their keys."""

from functools import lru_cache

from analyzer.model import PinIdentity
from analyzer.model.pins import Algorithm


def known_root(algorithm: Algorithm, digest: bytes) -> PinIdentity | None:
    """Name the root whose SubjectPublicKeyInfo has this digest; None when certifi has none.

    Computed at run time, so that it is always the installed bundle that speaks.
    """
    return _roots().get((algorithm, digest))


def known_root_certificate(digest: bytes) -> PinIdentity | None:
    """Name the root whose whole certificate has this SHA-256; None when certifi has none."""
    return _certificates().get(digest)


@lru_cache(maxsize=1)
def _certificates() -> dict[bytes, PinIdentity]:
    from analyzer.x509.store_files import certifi_store

    named = ((root.sha256, known_root("sha256", root.key.sha256)) for root in certifi_store().anchors)
    return {digest: identity for digest, identity in named if identity is not None}


@lru_cache(maxsize=1)
def _roots() -> dict[tuple[Algorithm, bytes], PinIdentity]:
    # Loading the library and 117 roots takes a tenth of a second: only runs that meet a key pay for it.
    from analyzer.x509.store_files import certifi_store

    store = certifi_store()
    found: dict[tuple[Algorithm, bytes], PinIdentity] = {}
    for root in store.anchors:
        identity = PinIdentity(
            name=root.subject.common_name or root.subject.organisation or root.subject.text,
            kind="root",
            real=True,
            detail=f"A root in {store.name}.",
            status="active",
            valid_until=root.not_after.date().isoformat(),
        )
        found["sha256", root.key.sha256] = found["sha1", root.key.sha1] = identity
    return found
