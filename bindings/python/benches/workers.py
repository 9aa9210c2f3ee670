"""The processes that are compared: ours in this environment, the official client's in the one where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PACKAGE / "src"), str(PACKAGE / "tests")]

from cluster import Cluster  # noqa: E402
from dynamo import create_table  # noqa: E402

__all__ = ["Cluster", "Worker", "create_table"]


class Worker:
    def __init__(self, kind: str, python: str | Path, cluster: Cluster) -> None:
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE / "src")}
        self._process = subprocess.Popen(
            [python, PACKAGE / "benches" / "worker.py", kind, json.dumps(cluster.start)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: str) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._process.args!r} ended with status {self._process.wait()}: see above")
        return json.loads(line)

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()
