"""Client-side load balancing for ScyllaDB Alternator.

    lb = AlternatorLB(["10.0.0.1"], port=8000)
    dynamodb = lb.new_dynamodb_client()

Every attempt of every request goes to a node that is alive, chosen by the core library (written in Rust, reached by ctypes).
"""

from ._balancer import AlternatorLB
from ._version import VERSION as __version__
from .errors import (
    AlternatorError,
    ClosedError,
    ConfigurationError,
    LibraryNotFoundError,
    NoNodesAvailableError,
)

__all__ = [
    "AlternatorError",
    "AlternatorLB",
    "ClosedError",
    "ConfigurationError",
    "LibraryNotFoundError",
    "NoNodesAvailableError",
    "__version__",
]
