"""What comes back through a client's HTTP session: whole, decompressed if need be, or an error that the SDK retries.

botocore takes an answer that breaks off for a whole one, and so a reader whose node died in mid-answer for a reader of
nothing. Here such an answer is a closed connection. The session is an attribute that botocore does not promise to keep; where
it is missing, answers are as botocore has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ConnectionClosedError

from ._log import logger
from ._wire import Wire
from .errors import AlternatorError


def install(client: Any, wire: Wire) -> Callable[[], None]:
    """Returns what takes it out again."""
    session = http_session(client)
    if session is None:
        logger.warning("cannot reach the HTTP session of this botocore: answers that break off are not noticed")
        return lambda: None
    send: Callable[[Any], Any] = session.send

    def whole(request: Any) -> Any:
        response = send(request)
        # urllib3 counts. Others in its place, which tests of applications use, need not.
        missing = getattr(response.raw, "length_remaining", None)
        if missing:
            raise closed(request, f"{missing} bytes are missing at its end")
        return response

    def decompressed(request: Any) -> Any:
        response = whole(request)
        encoding = response.headers.get("Content-Encoding")
        if encoding is None:
            return response
        return decoded(request, response, _Body(decode(request, wire, encoding, response.content)))

    return replace(session, "send", decompressed if wire.accept_encoding else whole)


def replace(instance: Any, name: str, function: Callable[..., Any]) -> Callable[[], None]:
    """Puts a function before a method of one instance. Returns what takes it out, unless others have done the same since."""
    setattr(instance, name, function)

    def restore() -> None:
        if vars(instance).get(name) is function:
            delattr(instance, name)

    return restore


def http_session(client: Any) -> Any:
    return getattr(getattr(client, "_endpoint", None), "http_session", None)


def decode(request: Any, wire: Wire, encoding: str, body: bytes) -> bytes:
    try:
        return wire.decode(encoding, body)
    except AlternatorError as error:
        raise closed(request, str(error)) from error


def decoded(request: Any, response: Any, body: Any) -> Any:
    """The response with another body."""
    headers = {
        name: value for name, value in response.headers.items() if name.lower() not in ("content-encoding", "content-length")
    }
    return type(response)(request.url, response.status_code, headers, body)


def closed(request: Any, reason: str) -> ConnectionClosedError:
    return ConnectionClosedError(endpoint_url=request.url, error=reason)


class _Body:
    """A body that is there already, as urllib3's would be read."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body
