"""How an attempt ended, in the core's terms.

Only translates: what an outcome means for a node is decided by the core. An error that is neither the node's nor the
request's (a bug in a hook, a proxy) is reported as cancelled, which says nothing about the node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from botocore import exceptions
from botocore.parsers import ResponseParserError

from . import _native

# Error codes with which DynamoDB and Alternator ask a client to slow down; they come with 400 as well as with 5xx.
_THROTTLING_CODES: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)

# The first class that fits decides: SSLError and the two timeouts are connection errors too.
_EXCEPTIONS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (exceptions.SSLError, _native.OUTCOME_TLS_FAILURE),
    (exceptions.ProxyConnectionError, _native.OUTCOME_CANCELLED),
    (exceptions.ReadTimeoutError, _native.OUTCOME_TIMEOUT),
    (exceptions.ConnectionClosedError, _native.OUTCOME_RESET),
    (exceptions.ConnectionError, _native.OUTCOME_REFUSED),
    (exceptions.HTTPClientError, _native.OUTCOME_RESET),
    (ResponseParserError, _native.OUTCOME_SERVER_ERROR),
)

# After these another node may well answer at once. Throttling and faults of the request itself are not among them.
NODE_FAILED: Final = frozenset(
    {
        _native.OUTCOME_SERVER_ERROR,
        _native.OUTCOME_REFUSED,
        _native.OUTCOME_RESET,
        _native.OUTCOME_TIMEOUT,
        _native.OUTCOME_TLS_FAILURE,
    }
)


def of_unseen(error: BaseException | None) -> int:
    """The outcome of an attempt that botocore fires no event for: it could not read the answer, or the caller gave up."""
    trace = error.__traceback__ if isinstance(error, Exception) else None
    while trace is not None:
        frame = trace.tb_frame
        # Guarded by tests/test_wire.py: where botocore reads what has come.
        if frame.f_code.co_name == "_do_get_response" and frame.f_locals.get("http_response") is not None:
            return _native.OUTCOME_SERVER_ERROR
        trace = trace.tb_next
    return _native.OUTCOME_CANCELLED


def classify(exception: Exception | None, response: tuple[Any, Mapping[str, Any]] | None) -> int:
    """The outcome of an attempt, from what botocore hands to `needs-retry`: an error, or an HTTP response and what it says."""
    if response is None:
        return next((outcome for kind, outcome in _EXCEPTIONS if isinstance(exception, kind)), _native.OUTCOME_CANCELLED)
    status = response[0].status_code
    if status < 300:
        return _native.OUTCOME_SUCCESS
    if status == 429 or response[1].get("Error", {}).get("Code") in _THROTTLING_CODES:
        return _native.OUTCOME_THROTTLED
    return _native.OUTCOME_SERVER_ERROR if status >= 500 else _native.OUTCOME_CALLER_FAULT
