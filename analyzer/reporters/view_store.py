"""What Google Play would say of the build, as human reports show it."""

from analyzer.model import StoreRejection, StoreVerdict
from analyzer.reporters.view_model import RejectionView, StoreView
from analyzer.reporters.view_places import place_views
from analyzer.reporters.words import ACTIVATIONS, owner_name, show

_TITLES = {
    "rejected": "Google Play would reject",
    "may-be-rejected": "Google Play may reject",
    "nothing-found": "Google Play: nothing found that it would reject",
    "unknown": "Google Play: could not be told",
}
_MAX_CLASS = 200


def store_view(verdict: StoreVerdict) -> StoreView:
    """Arrange the store's verdict: what is rejected apart from what may be."""
    views = [_rejection(one) for one in verdict.rejections]
    nothing = None
    if not views and verdict.unknown is None:
        nothing = (
            "No class of the app that is a trust manager, a host name verifier or a handler of WebViews' certificate "
            "errors is one that Google Play rejects."
        )
    return StoreView(
        title=_TITLES[verdict.state],
        rejected=tuple(view for view in views if view.certain),
        perhaps=tuple(view for view in views if not view.certain),
        nothing=nothing,
        note=None if verdict.unknown is None else show(verdict.unknown, 400),
    )


def _rejection(one: StoreRejection) -> RejectionView:
    name = show(one.class_name, _MAX_CLASS)
    places = place_views(one.evidence)
    code = one.evidence[0].snippet if one.evidence else None
    return RejectionView(
        name=name if one.variant is None else f"{name} (case {one.variant})",
        owner=owner_name(one.owner),
        certain=one.likelihood == "rejected",
        reason=show(one.reason, 200),
        use=ACTIVATIONS[one.activation],
        place=places[0].text if places else "",
        code=None if code is None else show(code, 200),
    )
