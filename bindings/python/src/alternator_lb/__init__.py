"""Client-side load balancing for ScyllaDB Alternator.

    lb = AlternatorLB(["10.0.0.1"], port=8000)
    dynamodb = lb.new_dynamodb_client()

Every attempt of every request goes to a node that is alive, chosen by the core library (written in Rust, reached by ctypes).

Beside `AlternatorLB`, which has the interface of the original helper, stand the names of the official client: `client`, `Config`,
`Helper` and their kin. What needs aiobotocore or boto3 is imported when it is first used.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ._alternator_lb import AlternatorLB
from ._user_agent import UserAgent, UserAgentCustomizer
from ._version import VERSION as __version__
from .auth import Auth
from .backoff import Backoff, ExponentialBackoff
from .builder import AlternatorConfigBuilder
from .config import (
    AlternatorConfig,
    CompressionAlgorithm,
    Config,
    HeaderOptimizationConfig,
    HeaderWhitelistCallback,
    HeaderWhitelistContext,
    KeyRouteAffinityConfig,
    KeyRouteAffinityMode,
    NodeListPollingConfig,
    RequestCompressionConfig,
    ResponseCompression,
    RetryConfig,
    RetryMode,
    TimeoutConfig,
    TlsConfig,
)
from .errors import (
    AlternatorError,
    ClosedError,
    ConfigurationError,
    LibraryNotFoundError,
    NoNodesAvailableError,
)
from .helper import Helper
from .pool import EndpointPool, NoEndpointAvailable
from .scopes import ClusterScope, DatacenterScope, RackScope, RoutingScope
from .sync_client import (
    AlternatorClient,
    AlternatorResource,
    client,
    close_client,
    close_resource,
    create_client,
    create_resource,
)
from .tls import TLS, TlsSessionCacheConfig

if TYPE_CHECKING:
    from ._async_alternator_lb import AsyncAlternatorLB
    from .async_client import AsyncAlternatorClient, AsyncHelper, close_async_client, create_async_client

# These need aiobotocore, and so are imported when they are asked for.
_ASYNC = {
    "AsyncAlternatorClient": "async_client",
    "AsyncAlternatorLB": "_async_alternator_lb",
    "AsyncHelper": "async_client",
    "close_async_client": "async_client",
    "create_async_client": "async_client",
}


def __getattr__(name: str) -> Any:
    if name not in _ASYNC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        module = import_module(f".{_ASYNC[name]}", __name__)
    except ModuleNotFoundError as error:
        raise ImportError(f"{name} needs aiobotocore (pip install 'alternator-lb[async]'): {error}") from error
    return getattr(module, name)


__all__ = [
    "TLS",
    "AlternatorClient",
    "AlternatorConfig",
    "AlternatorConfigBuilder",
    "AlternatorError",
    "AlternatorLB",
    "AlternatorResource",
    "AsyncAlternatorClient",
    "AsyncAlternatorLB",
    "AsyncHelper",
    "Auth",
    "Backoff",
    "ClosedError",
    "ClusterScope",
    "CompressionAlgorithm",
    "Config",
    "ConfigurationError",
    "DatacenterScope",
    "EndpointPool",
    "ExponentialBackoff",
    "HeaderOptimizationConfig",
    "HeaderWhitelistCallback",
    "HeaderWhitelistContext",
    "Helper",
    "KeyRouteAffinityConfig",
    "KeyRouteAffinityMode",
    "LibraryNotFoundError",
    "NoEndpointAvailable",
    "NoNodesAvailableError",
    "NodeListPollingConfig",
    "RackScope",
    "RequestCompressionConfig",
    "ResponseCompression",
    "RetryConfig",
    "RetryMode",
    "RoutingScope",
    "TimeoutConfig",
    "TlsConfig",
    "TlsSessionCacheConfig",
    "UserAgent",
    "UserAgentCustomizer",
    "__version__",
    "client",
    "close_async_client",
    "close_client",
    "close_resource",
    "create_async_client",
    "create_client",
    "create_resource",
]
if find_spec("aiobotocore") is None:
    # So that `import *` needs no more than what it is used with.
    __all__ = [name for name in __all__ if name not in _ASYNC]
