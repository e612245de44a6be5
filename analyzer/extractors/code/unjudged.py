"""Classes that take part in TLS decisions and that no extractor judges yet."""

from collections.abc import Iterable

from analyzer.dex import Program, dotted
from analyzer.extractors.code.context import CodeContext
from analyzer.model import AnalysisGap

# A socket or engine made by hand checks no host name, unless its user asks for it.
_BY_HAND = (
    ("Ljavax/net/ssl/SSLSocketFactory;", "createSocket"),
    ("Ljavax/net/SocketFactory;", "createSocket"),
    ("Ljavax/net/ssl/SSLContext;", "createSSLEngine"),
    ("Landroid/net/SSLCertificateSocketFactory;", "getInsecure"),
)
# OkHttp's own verifier checks names, and its sockets go through it: they are no decision of the app.
_SOUND = frozenset({"sdk:okhttp"})
_SHOWN = 5


def unjudged_gap(code: CodeContext) -> AnalysisGap | None:
    """Return the gap left by classes whose behaviour nobody judged; None when the app has no such class.

    The app's own classes are named first, those of known libraries last.
    """
    names = sorted(_classes(code.program), key=lambda name: (_DISTANCE.get(code.owner_of(name)[:3], 1), dotted(name)))
    if not names:
        return None
    shown = ", ".join(dotted(name) for name in names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
    return AnalysisGap(
        stage="code",
        reason="not-analysed-yet",
        subject=f"{len(names)} class{'es' if len(names) > 1 else ''}",
        detail=f"Sockets made by hand are not analysed yet; what they accept, or pin, is not known: {shown}.",
        hides=("callback",),
    )


_DISTANCE = {"fir": 0, "sdk": 2}


def _classes(program: Program) -> Iterable[str]:
    found: dict[str, None] = {}
    by_hand = [ref for owner, name in _BY_HAND for ref in program.method_refs(owner, name)]
    for site in program.users.callers_of(by_hand) if by_hand else ():
        found[site.method.ref.owner] = None
    return found
