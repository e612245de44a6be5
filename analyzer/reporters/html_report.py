"""The HTML report: one file that needs nothing else, offline, printed, or in five years.

Style and script are inlined and named by hash in a content security policy that allows nothing else, so that
even a mistake in escaping could neither run nor load anything.
"""

import base64
import functools
import hashlib
import re
from importlib import resources

import jinja2
from markupsafe import Markup, escape

from analyzer.model import ScanResult
from analyzer.reporters.comparison_view import ComparisonView
from analyzer.reporters.text import plural
from analyzer.reporters.timeline import draw_chain, draw_timeline
from analyzer.reporters.view import build_view, count_words
from analyzer.reporters.view_findings import says
from analyzer.reporters.words import CONFIDENCE_MEANING, SEVERITY_MEANING

_DATE = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b")


def render_html(result: ScanResult) -> str:
    """Return the report as one self-contained HTML document. Same result, same text."""
    view = build_view(result)
    style = _asset("report.css")
    script = _asset("report.js")
    document = _environment().get_template("report.html.j2")
    return document.render(
        view=view,
        counts=count_words(view),
        drawing=draw_timeline(view.timeline, view.as_of),
        chains=[draw_chain(card, view.as_of) for card in view.chains],
        severity_meaning=SEVERITY_MEANING,
        confidence_meaning=CONFIDENCE_MEANING,
        # Both are files of this package, never text from an app.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=_content_security_policy(style, script),
    )


def render_comparison_html(view: ComparisonView) -> str:
    """Return a comparison of two versions as one self-contained HTML document."""
    style = _asset("report.css")
    return (
        _environment()
        .get_template("comparison.html.j2")
        .render(
            view=view,
            style=Markup(style),  # noqa: S704 # a file of this package
            policy=f"default-src 'none'; style-src '{_source_hash(style)}'; img-src data:; base-uri 'none'; "
            "form-action 'none'",
        )
    )


def _content_security_policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_source_hash(style)}'; script-src '{_source_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _source_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@functools.cache
def _asset(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = _prose
    environment.filters["plural"] = plural
    environment.filters["slug"] = _slug
    environment.filters["dotted"] = _dotted
    environment.filters["says"] = says
    return environment


def _prose(text: str) -> Markup:
    """Escape a text, set what stands between backticks as code, and keep dates on one line."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _plain(text)
    marked = [Markup("<code>{}</code>").format(part) if index % 2 else _plain(part) for index, part in enumerate(parts)]
    return Markup("").join(marked)


def _plain(text: str) -> Markup:
    dated = _DATE.sub(r'<span class="nb">\g<0></span>', str(escape(text)))
    return Markup(dated)  # noqa: S704 # escaped one line above, and a date holds nothing to escape


def _dotted(text: str) -> Markup:
    """Escape a name and let its lines break after dots, so that a narrow screen does not break within a word."""
    return Markup(".<wbr>").join(text.split("."))


def _slug(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z-]", "", text)
