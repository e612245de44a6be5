"""What the app store's own checks would say of a build, apart from the risk that it is."""

from typing import Literal

from analyzer.model.base import Record
from analyzer.model.location import Location
from analyzer.model.pins import Activation

StorePolicy = Literal["unsafe-trust-manager", "unsafe-host-name-verifier", "unsafe-ssl-error-handler"]
"""The published policies of Google Play that classes can break."""
Likelihood = Literal["rejected", "may-be-rejected"]


class StoreRejection(Record, frozen=True, kw_only=True):
    """One class for which a build is, or may be, rejected: wherever it stands, used or not."""

    policy: StorePolicy
    likelihood: Likelihood
    """``rejected``: what the policy describes; ``may-be-rejected``: the policy leaves it to who looks."""
    class_name: str
    variant: int | None
    """Discriminator value, for a class that the shrinker merged from several."""
    owner: str
    behaviour: str
    activation: Activation
    reason: str
    """One sentence: what the class does that the policy forbids."""
    evidence: tuple[Location, ...]


class StoreVerdict(Record, frozen=True, kw_only=True):
    """Whether Google Play would take the build, as far as classes that take part in TLS decisions go."""

    state: Literal["rejected", "may-be-rejected", "nothing-found", "unknown"]
    """The worst of `rejections`; ``unknown`` when there is none and some classes were not judged."""
    rejections: tuple[StoreRejection, ...] = ()
    """Those that are rejected first, then by class."""
    unknown: str | None = None
    """Why there may be more, or None when every class was judged."""
