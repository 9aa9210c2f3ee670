"""What a balancer is made of: options of the core, what its SDK clients get, and what its hooks do to requests.

`AlternatorLB`'s arguments and `Config` are two ways to say these; behind them nothing knows which one was used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from .auth import Auth
from .backoff import Backoff
from .tls import TLS


class UserAgentOfSdk(Enum):
    """The User-Agent header stays as the SDK makes it."""

    UNCHANGED = "unchanged"


SentUserAgent: TypeAlias = str | Literal[UserAgentOfSdk.UNCHANGED] | None


@dataclass(frozen=True)
class SdkSettings:
    """What new clients and resources get unless their caller says otherwise."""

    region_name: str = "us-east-1"
    auth: Auth = field(default_factory=Auth.disabled)
    # Whether a pair of keys in the environment counts when no credentials are given.
    auth_from_environment: bool = False
    connect_timeout: float = 2
    # The SDK would wait a minute for a node that does not answer.
    read_timeout: float = 30
    retries: Mapping[str, Any] = field(default_factory=lambda: {"mode": "standard", "total_max_attempts": 4})
    max_pool_connections: int = 200
    tls: TLS = field(default_factory=TLS.system_default)
    # A botocore Config, merged over all of the above.
    config: Any = None


@dataclass(frozen=True)
class RequestSettings:
    """What the hooks do to the requests of all clients of a balancer."""

    # Whether writes may go by their partition key, which the core then reads from their bodies.
    by_key: bool = False
    # Who makes the DescribeTable requests that the core wants: the call that finds it so, a thread, or nobody.
    describe: Literal["inline", "thread", "never"] = "inline"
    # Waiting after failed ones, besides the core's own.
    describe_backoff: Backoff | None = None
    # The header as it is sent; None: it is not.
    user_agent: SentUserAgent = UserAgentOfSdk.UNCHANGED
    # Given the headers that `headers.optimize` keeps, those to keep besides.
    more_headers: Callable[[frozenset[str]], Iterable[str]] | None = None


# Who describes tables, by the option `refresh.mode`; in manual mode the balancer's method `refresh` alone does.
DESCRIBE: Final[Mapping[str, Literal["inline", "thread"]]] = {"inline": "inline", "thread": "thread"}


@dataclass(frozen=True)
class Settings:
    core: Mapping[str, str]
    sdk: SdkSettings
    requests: RequestSettings
