"""The Kubernetes-style example, against real HTTP servers that are killed, hang and come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cluster import ROOT

EXAMPLE = ROOT / "examples" / "python" / "api_servers.py"
SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b'{"kind": "PodList"}' if self.path == "/api/v1/pods" else b"{}"
        self.send_response(200 if self.path == "/api/v1/pods" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


class Server:
    """A real HTTP server in a process of its own, that can be started again at the same port."""

    def __init__(self) -> None:
        self.port = 0
        self.start()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", SERVER, str(self.port)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    running = [Server() for _ in range(3)]
    yield running
    for server in running:
        server.kill()


def start_example(servers: list[Server], *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command: list[Any] = [sys.executable, EXAMPLE, *(server.url for server in servers), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def counts(output: str, servers: list[Server]) -> list[int]:
    lines = output.splitlines()
    return [int(line.split(": ")[1].split()[0]) for line, server in zip(lines, servers, strict=False) if server.url in line]


def test_servers_come_and_go_and_no_call_fails(servers: list[Server]) -> None:
    example = start_example(servers, "--seconds", "5")
    for server in servers:
        time.sleep(0.8)
        server.kill()
        time.sleep(0.2)
        server.start()
    output, errors = example.communicate(timeout=30)
    assert (example.returncode, errors) == (0, ""), output + errors
    assert "reached the application: 0" in output
    answered = counts(output, servers)
    assert sum(answered) > 300
    assert sum(1 for count in answered if count) >= 2


def test_hung_server_is_left_after_its_timeout(servers: list[Server]) -> None:
    example = start_example(servers, "--seconds", "4")
    time.sleep(0.5)
    servers[0].process.send_signal(signal.SIGSTOP)
    servers[1].process.send_signal(signal.SIGSTOP)
    output, _ = example.communicate(timeout=30)
    assert example.returncode == 0, output
    assert counts(output, servers)[2] > 100


def test_missing_page_is_no_failure_of_a_server(servers: list[Server]) -> None:
    example = start_example(servers, "--path", "/nothing")
    _, errors = example.communicate(timeout=30)
    assert example.returncode == 2
    assert "no server has /nothing" in errors


def test_all_servers_down_is_told(servers: list[Server]) -> None:
    for server in servers:
        server.kill()
    example = start_example(servers, "--seconds", "0.5")
    output, _ = example.communicate(timeout=30)
    assert example.returncode == 1
    assert "Connection refused" in output
