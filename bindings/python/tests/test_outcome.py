"""How attempts that ended in each possible way are reported."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from alternator_lb import _native
from alternator_lb._outcome import NODE_FAILED, classify

URL = {"endpoint_url": "http://127.0.0.1:8000"}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (exceptions.EndpointConnectionError(error="refused", **URL), _native.OUTCOME_REFUSED),
        (exceptions.ConnectTimeoutError(error="slow", **URL), _native.OUTCOME_REFUSED),
        (exceptions.ReadTimeoutError(error="slow", **URL), _native.OUTCOME_TIMEOUT),
        (exceptions.ConnectionClosedError(error="lost", **URL), _native.OUTCOME_RESET),
        (exceptions.HTTPClientError(error="odd"), _native.OUTCOME_RESET),
        (exceptions.SSLError(error="bad certificate", **URL), _native.OUTCOME_TLS_FAILURE),
        (exceptions.ProxyConnectionError(proxy_url="http://proxy", error="refused"), _native.OUTCOME_CANCELLED),
        (ResponseParserError("not JSON"), _native.OUTCOME_SERVER_ERROR),
        (ZeroDivisionError(), _native.OUTCOME_CANCELLED),
        (None, _native.OUTCOME_CANCELLED),
    ],
)
def test_exceptions(error: Exception | None, outcome: int) -> None:
    assert classify(error, None) == outcome


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (200, None, _native.OUTCOME_SUCCESS),
        (400, "ValidationException", _native.OUTCOME_CALLER_FAULT),
        (400, "ConditionalCheckFailedException", _native.OUTCOME_CALLER_FAULT),
        (400, "ThrottlingException", _native.OUTCOME_THROTTLED),
        (400, "ProvisionedThroughputExceededException", _native.OUTCOME_THROTTLED),
        (503, "RequestLimitExceeded", _native.OUTCOME_THROTTLED),
        (429, None, _native.OUTCOME_THROTTLED),
        (413, None, _native.OUTCOME_CALLER_FAULT),
        (500, "InternalServerError", _native.OUTCOME_SERVER_ERROR),
        (503, None, _native.OUTCOME_SERVER_ERROR),
    ],
)
def test_answers(status: int, code: str | None, outcome: int) -> None:
    says: dict[str, Any] = {} if code is None else {"Error": {"Code": code, "Message": ""}}
    assert classify(None, (SimpleNamespace(status_code=status), says)) == outcome


def test_only_the_nodes_own_failures_hurry_a_retry() -> None:
    assert {
        _native.OUTCOME_SERVER_ERROR,
        _native.OUTCOME_REFUSED,
        _native.OUTCOME_RESET,
        _native.OUTCOME_TIMEOUT,
        _native.OUTCOME_TLS_FAILURE,
    } == NODE_FAILED
