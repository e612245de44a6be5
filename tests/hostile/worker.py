"""Runs an action on targets named on standard input, one answer per line, under a bound on memory."""

import json
import resource
import sys
import time
import traceback
from pathlib import Path

from tests.hostile.actions import ACTIONS
from tests.hostile.dex_actions import DEX_ACTIONS

MEMORY_BYTES = 1024 * 1024 * 1024


def main(action_name: str) -> None:
    """Answer until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    action = {**ACTIONS, **DEX_ACTIONS}[action_name]
    for line in sys.stdin:
        started = time.process_time()
        try:
            answer = {"outcome": action(Path(line.rstrip("\n")))}
        except BaseException:  # noqa: BLE001 # whatever comes out is what the test wants to see
            answer = {"failure": traceback.format_exc()}
        answer["seconds"] = str(time.process_time() - started)
        answer["peak_bytes"] = str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
