"""The anchors that an app brings along: those of its policy by their resources, those of key stores by their hosts."""

from analyzer.live.observe import Store
from analyzer.live.pool import Place
from analyzer.live.targets import Plan
from analyzer.live.wired_hosts import wired_hosts
from analyzer.model import Facts
from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.trust_store import trust_store

KEY_STORE = "keystore-tm"
"""The mechanism of pins that are the certificates of a key store in code."""


class AppAnchors:
    """The certificates of an app's own that count, from its facts alone."""

    def __init__(self, facts: Facts, plan: Plan) -> None:
        self._facts = facts
        self._plan = plan
        self._by_resource: dict[str, list[Certificate]] = {}
        self._by_digest: dict[bytes, Certificate] = {}
        for anchor in facts.anchors:
            try:
                certificate = read_certificate(anchor.certificate)
            except UnreadableError:
                continue
            self._by_digest[certificate.sha256] = certificate
            for resource in anchor.resources:
                self._by_resource.setdefault(resource, []).append(certificate)

    def of_resource(self, resource: str) -> tuple[Certificate, ...]:
        """Return what an anchor of the policy stands for; empty when that is not known."""
        return tuple(self._by_resource.get(resource, ()))

    def key_stores(self, place: Place) -> tuple[Store, ...]:
        """Return the key stores in code that decide about a host, each as a trust store."""
        found: list[Store] = []
        for key in self._plan.places.get(place, ()):
            if key.mechanism != KEY_STORE:
                continue
            pins = self._plan.sets[key]
            known = [self._by_digest.get(pin.digest) for pin in pins if pin.digest is not None]
            own = [certificate for certificate in known if certificate is not None]
            alone = key.host is not None or place.host.name in wired_hosts(pins, self._facts)
            found.append(
                Store(
                    store=trust_store(f"the key store of {key.scope}", own),
                    kind="app",
                    complete=len(own) == len(pins),
                    scope=key.scope,
                    clients=pins[0].clients if alone else (),
                )
            )
        return tuple(found)
