"""A thin client of the local test cluster: starts it, drives its control API, reads its counters.

The cluster ends with this object, with this process, or when its stdin closes, whichever comes first.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def binary() -> Path:
    named = os.environ.get("ALTCLUSTER")
    path = Path(named) if named else ROOT / "target" / "release" / "altcluster"
    if not path.is_file():
        raise FileNotFoundError(
            f"the test cluster is not at {path}: build it with `cargo build --release -p altcluster`, or name it in ALTCLUSTER"
        )
    return path


class Cluster:
    """A running cluster. `nodes` are its nodes at the start, in the order of their index."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen([binary(), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"altcluster {' '.join(arguments)} ended with status {self._process.wait()}: see its stderr")
        self.start: dict[str, Any] = json.loads(line)
        self.control: str = self.start["control"]
        self.port: int = self.start["port"]
        self.scheme: str = self.start["scheme"]
        self.nodes: list[dict[str, Any]] = self.start["nodes"]

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        # A forked child may still hold the other end of its stdin.
        self._process.terminate()
        self._process.wait(timeout=20)

    @property
    def addresses(self) -> list[str]:
        return [node["address"] for node in self.nodes]

    @property
    def urls(self) -> list[str]:
        return [node["url"] for node in self.nodes]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from error
        return json.loads(text) if text else None

    def kill(self, index: int) -> None:
        self.call("POST", f"/nodes/{index}/kill")

    def stop(self, index: int) -> None:
        self.call("POST", f"/nodes/{index}/stop")

    def cont(self, index: int) -> None:
        self.call("POST", f"/nodes/{index}/cont")

    def restart(self, index: int) -> None:
        self.call("POST", f"/nodes/{index}/restart")

    def add(self, dc: str, rack: str) -> dict[str, Any]:
        node: dict[str, Any] = self.call("POST", "/nodes", {"dc": dc, "rack": rack})
        return node

    def fault(self, index: int, kind: str, **details: Any) -> None:
        self.call("POST", f"/nodes/{index}/faults", {"kind": kind, **details})

    def heal(self, index: int) -> None:
        self.call("DELETE", f"/nodes/{index}/faults")

    def settings(self, **settings: Any) -> None:
        self.call("POST", "/settings", settings)

    def reset_counters(self) -> None:
        self.call("POST", "/counters/reset")

    def counters(self) -> dict[str, Any]:
        counters: dict[str, Any] = self.call("GET", "/counters")
        return counters

    def requests(self) -> list[int]:
        """API requests by node index."""
        return [node["requests"] for node in self.call("GET", "/counters?attempts=false")["nodes"]]


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Polls until the condition holds and returns its value; fails when it never does."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.01)
