"""A client of several API servers that goes on while any of them does, in the manner of a Kubernetes client.

    python api_servers.py http://10.0.0.1:6443 http://10.0.0.2:6443 http://10.0.0.3:6443 [--seconds 5]

`HAApiClient` is an `ApiClient` whose server is chosen by an `EndpointPool` at each call: a call that fails is made again on
another server, and servers that failed are tried again after a while. It asks for a path again and again and tells how often each
server answered. The exit status is 0 only when no call failed.
"""

from __future__ import annotations

import argparse
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass

from alternator_lb.pool import EndpointPool


@dataclass
class Configuration:
    """Of one API server."""

    host: str
    timeout: float = 1.0


class NotFound(Exception):
    """The server is well, and has no such thing."""


class ApiClient:
    """Calls the one server of its configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    def call_api(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self.configuration.host + path, timeout=self.configuration.timeout) as answer:
                text: bytes = answer.read()
                return text.decode()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                raise NotFound(path) from error
            raise


class HAApiClient(ApiClient):
    """Calls any of several servers."""

    def __init__(self, configurations: list[Configuration]) -> None:
        super().__init__(configurations[0])
        self.pool = EndpointPool.from_list(configurations)

    def call_api(self, path: str) -> str:
        while True:
            # What this server lacks the others lack too: that is no failure of its own.
            with self.pool.get_endpoint(exempt_exceptions=(NotFound,)) as self.configuration:
                return super().call_api(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="+", metavar="URL")
    parser.add_argument("--path", default="/api/v1/pods", help="what to ask for (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="for how long (default: %(default)s)")
    options = parser.parse_args()

    client = HAApiClient([Configuration(host) for host in options.servers])
    answered: Counter[str] = Counter()
    errors: list[Exception] = []
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        try:
            client.call_api(options.path)
            answered[client.configuration.host] += 1
        except NotFound as error:
            parser.error(f"no server has {error}")
        except Exception as error:  # whatever reaches an application counts
            errors.append(error)
        time.sleep(0.002)
    for host in options.servers:
        print(f"{host}: {answered[host]} calls answered")
    print(f"errors that reached the application: {len(errors)}", *map(repr, errors[:3]), sep="\n  ")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
