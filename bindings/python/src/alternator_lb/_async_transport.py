"""What aiobotocore's HTTP session is made to do: a pool for each node, Accept-Encoding as told, answers decompressed.

aiohttp counts connections to all hosts together, so that one hung node could take them all; here each node has as many as
boto3's pools give it. aiobotocore asks for uncompressed answers whatever a request says. All of it takes attributes that it
does not promise to keep: where they are missing, requests go as aiobotocore sends them (and tests/test_async_wire.py fails).
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Final

from ._log import logger
from ._transport import decode, decoded, http_session, replace
from ._wire import Wire

# Headers that aiohttp would add to requests that have none of them.
_NOT_ADDED: Final = frozenset({"ACCEPT", "CONTENT-TYPE", "USER-AGENT"})


def install(client: Any, wire: Wire) -> Callable[[], None]:
    """Returns what takes it out again."""
    session = http_session(client)
    restore_answers = replace(session, "send", _decoding(session.send, wire)) if wire.accept_encoding else _nothing
    most = getattr(session, "_max_pool_connections", None)
    if most is None or not hasattr(session, "_get_session"):
        logger.warning("cannot reach the connections of this aiobotocore: nodes share one limit, and answers stay uncompressed")
        return restore_answers
    restore_requests = replace(session, "_get_session", _prepared(session._get_session, wire, most))

    def restore() -> None:
        restore_requests()
        restore_answers()

    return restore


def use_context(client: Any, context: ssl.SSLContext) -> None:
    """Makes the connections of a new client verify with this context."""
    session = http_session(client)
    if not hasattr(session, "_get_session"):
        raise RuntimeError("cannot reach the TLS settings of this aiobotocore")
    get_session: Callable[[Any], Awaitable[Any]] = session._get_session

    async def with_context(proxy_url: str | None) -> Any:
        sender = await get_session(proxy_url)
        sender.connector._ssl = context
        return sender

    session._get_session = with_context


def _nothing() -> None:
    """To restore where nothing was replaced."""


def _decoding(send: Callable[[Any], Awaitable[Any]], wire: Wire) -> Callable[[Any], Awaitable[Any]]:
    async def whole(request: Any) -> Any:
        response = await send(request)
        encoding = response.headers.get("Content-Encoding")
        if encoding is None:
            return response
        return decoded(request, response, _Body(decode(request, wire, encoding, await response.content)))

    return whole


def _prepared(get_session: Callable[[Any], Awaitable[Any]], wire: Wire, most: int) -> Callable[[str | None], Awaitable[Any]]:
    async def prepared(proxy_url: str | None) -> Any:
        session = await get_session(proxy_url)
        connector = session.connector
        if connector._limit_per_host != most:
            connector._limit = 0
            connector._limit_per_host = most
        return _Sender(session, wire) if wire.changes_headers else session

    return prepared


class _Sender:
    """An aiohttp session whose requests have the headers of `wire`, whatever aiobotocore puts in their place."""

    def __init__(self, session: Any, wire: Wire) -> None:
        self._session = session
        self._wire = wire

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def request(self, method: str, *, headers: Any, **arguments: Any) -> Any:
        if self._wire.accept_encoding:
            headers["Accept-Encoding"] = self._wire.accept_encoding
        return self._session.request(method, headers=headers, skip_auto_headers=_NOT_ADDED, **arguments)


class _Body:
    """A body that is there already, as those of aiohttp and httpx would be read."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        return self._body

    aread = read
