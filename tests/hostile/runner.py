"""Keeps a worker process, so that a hang, a crash of the interpreter or a want of memory fails one case only."""

import json
import select
import subprocess
import sys
from pathlib import Path

from tests.hostile.worker import MEMORY_BYTES

SECONDS = 10.0
"""Most processor time of one case; nearly all take milliseconds."""
PATIENCE = 60.0
"""Wall time after which a worker counts as hanging, on a machine that has much else to do."""
_ROOT = Path(__file__).parents[2]


class Runner:
    """Runs one action on target after target."""

    def __init__(self, action: str) -> None:
        self._action = action
        self._process: subprocess.Popen[str] | None = None

    def run(self, target: Path, patience: float = PATIENCE) -> str:
        """Return the outcome; fail the test when there is none in time, within bounds, without an exception."""
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{target}\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], patience)
        if not ready:
            self.stop()
            raise AssertionError(f"{target.name}: not done after {patience} s")
        line = process.stdout.readline()
        if not line:
            self.stop()
            raise AssertionError(f"{target.name}: the process died")
        answer = json.loads(line)
        assert "failure" not in answer, f"{target.name}\n{answer['failure']}"
        assert float(answer["seconds"]) < SECONDS, f"{target.name}: {answer['seconds']} s"
        if int(answer["peak_bytes"]) > MEMORY_BYTES:
            self.stop()
            raise AssertionError(f"{target.name}: {answer['peak_bytes']} bytes of memory")
        outcome = answer["outcome"]
        assert isinstance(outcome, str)
        return outcome

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.hostile.worker", self._action],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process

    def stop(self) -> None:
        """End the worker; the next run starts another one."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process = None
