"""The command line: the only place that prints or exits.

Heavy layers are imported inside commands, so that ``--version`` and ``--help`` answer at once.
"""

import gc
import os
import sys

import click

from analyzer._version import __version__
from analyzer.cli.lazy import LazyGroup
from analyzer.errors import PinscopeError

_COMMANDS = {
    "scan": ("analyzer.cli.scan", "scan", "Scan apps and write reports."),
    "policy": ("analyzer.cli.policy", "policy", "Print the network security policy that holds per host."),
    "pins": ("analyzer.cli.pins", "pins", "Print the pins of an app, or of certificates, keys and hosts."),
    "diff": ("analyzer.cli.diff", "diff", "Say what changed between two versions, and whether it is weaker."),
    "recheck": ("analyzer.cli.recheck", "recheck", "Check the pins of earlier reports against the chains of today."),
    "baseline": ("analyzer.cli.baseline", "baseline", "Keep known findings in a file, so that only new ones block."),
    "init": ("analyzer.cli.init", "init", "Write a first policy file from a scan."),
    "lint": ("analyzer.cli.lint", "lint", "Check policy files of a source tree, without an app."),
    "rules": ("analyzer.cli.rules", "rules", "List the rules."),
    "explain": ("analyzer.cli.rules", "explain", "Explain a rule."),
    "schema": (
        "analyzer.cli.schema",
        "schema",
        "Print the JSON Schema of reports, rule files or the policy file.",
    ),
}

_OBJECTS_PER_COLLECTION = 20_000
EXIT_CODES = """\b
Example: pinscope scan app.apk

\b
Exit codes:
  0  nothing that blocks, and the analysis is complete enough
  1  findings that block (see --fail-on and --min-confidence)
  2  wrong usage or configuration, or a file that cannot be written
  3  incomplete: the target or a part of it could not be analysed
  4  an error of Pinscope's own; please report it
"""


@click.group(
    cls=LazyGroup,
    commands_by_name=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@click.version_option(__version__, "-V", "--version", prog_name="pinscope", message="%(prog)s %(version)s")
def cli() -> None:
    """Analyse TLS and certificate pinning in Android apps, without running them.

    Nothing connects to the network unless --live asks for it, and nothing is unpacked to disk.
    """


def main() -> None:
    """Run the command line and exit with one of the documented codes."""
    # numpy starts a thread per processor for linear algebra, of which there is none here, and these wait by spinning.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code; every error is one line on standard error."""
    from analyzer.cli.messages import complain

    # A scan makes millions of objects and hardly any cycles: looking for these often is a tenth of its time.
    gc.set_threshold(_OBJECTS_PER_COLLECTION, *gc.get_threshold()[1:])
    try:
        outcome = cli.main(args=arguments, prog_name="pinscope", standalone_mode=False)
        # What is still buffered must not fail when the interpreter ends, where nobody could catch it.
        sys.stdout.flush()
        return outcome if isinstance(outcome, int) else 0
    except click.exceptions.Exit as request:
        return request.exit_code
    except click.Abort:
        complain("interrupted")
        return 130
    except click.ClickException as error:
        command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "pinscope"
        complain(f"{error.format_message()} (see `{command} --help`)")
        return 2
    except PinscopeError as error:
        complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        # The reader of a pipe has gone (`| head`). Flushing at exit would complain again, and a report that was cut
        # off is no success.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except OSError as error:
        complain(f"{error.filename or 'output'}: {error.strerror or error}")
        return 2
