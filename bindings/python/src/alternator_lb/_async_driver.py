"""Drives the core's discovery on an event loop: with aiohttp, in a task, when a request finds it due.

No timer runs and nothing is fetched while there are no requests. The core says what to fetch and when to ask the next node
because one is slow; here is only the I/O. Nothing here blocks: what reads files or resolves names does so on the loop's executor.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import aiohttp

from . import _check, _native, errors
from ._core import Core, Fetch
from ._log import logger
from .errors import AlternatorError

# Between two looks whether discovery has work to do.
_LOOK_EVERY_NS: Final = 100_000_000
_MOST_BYTES: Final = (1 << 20) + 1
# Where the core says "now" and has nothing, somebody else is at it.
_OTHERS_AT_IT_SECONDS: Final = 0.01

# The first class that fits decides.
_FAILURES: Final[tuple[tuple[type[BaseException], int], ...]] = (
    (asyncio.TimeoutError, _native.OUTCOME_TIMEOUT),
    (aiohttp.ClientSSLError, _native.OUTCOME_TLS_FAILURE),
    (ssl.SSLError, _native.OUTCOME_TLS_FAILURE),
    (aiohttp.ClientConnectorError, _native.OUTCOME_REFUSED),
    (Exception, _native.OUTCOME_RESET),
    # A task that was cancelled.
    (BaseException, _native.OUTCOME_CANCELLED),
)


class Driver:
    """Of one balancer, on one loop."""

    def __init__(self, context: Callable[[], Awaitable[ssl.SSLContext]], user_agent: str, core: Callable[[], Core]) -> None:
        self._context = context
        self._user_agent = user_agent
        self._core = core
        self._session: aiohttp.ClientSession | None = None
        self._round: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._next_look_ns = 0

    def look(self, core: Core, now_ns: int) -> None:
        """Begins a round of discovery if one is due. Called with each attempt."""
        if now_ns < self._next_look_ns or self._round is not None:
            return
        self._next_look_ns = now_ns + _LOOK_EVERY_NS
        if core.refresh_due() == 0:
            self.start_round()

    def start_round(self) -> asyncio.Task[None]:
        """The round under way, or a new one."""
        if self._round is None:
            self._round = self.spawn(self._work())
            self._round.add_done_callback(self._round_ended)
        return self._round

    async def refresh(self, timeout: float) -> None:
        """Makes a round of discovery, or joins the one under way, and waits for its end."""
        core = self._core()
        _check.timeout("timeout", timeout)
        before, _ = core.rounds()
        core.refresh_soon()
        try:
            await asyncio.wait_for(self._until_round(core, before), timeout)
        except asyncio.TimeoutError:
            message = f"no round of discovery ended within {timeout} s"
            raise errors.from_status(errors.TIMEOUT, "ALB_ERR_TIMEOUT", message) from None
        _, failed = core.rounds()
        if failed:
            raise errors.from_status(errors.UNREACHABLE, "ALB_ERR_UNREACHABLE", core.last_reason("refresh_failed"))

    async def _until_round(self, core: Core, before: int) -> None:
        # A list that is given is never due.
        while core.rounds()[0] == before and (due := core.refresh_due()) < math.inf:
            if due == 0:
                # Others may wait for the same.
                await asyncio.shield(self.start_round())
            # Not over yet where a thread of the core or another loop is at it.
            await asyncio.sleep(_OTHERS_AT_IT_SECONDS)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs something beside the requests; it ends with the driver at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _round_ended(self, task: asyncio.Task[None]) -> None:
        self._round = None
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, AlternatorError):
            logger.error("discovery ended unexpectedly: %r", error)

    async def _work(self) -> None:
        """Fetches what the core wants until it wants nothing."""
        core = self._core()
        fetching: set[asyncio.Task[Any]] = set()
        while True:
            fetch = core.discovery_next()
            if fetch is not None:
                fetching.add(self.spawn(self._fetch(core, fetch)))
                continue
            if not fetching:
                return
            # The next node is asked when one has answered, or has not for long enough.
            patience = max(core.refresh_due(), _OTHERS_AT_IT_SECONDS)
            _, fetching = await asyncio.wait(fetching, timeout=min(patience, 60), return_when=asyncio.FIRST_COMPLETED)

    async def _fetch(self, core: Core, fetch: Fetch) -> None:
        try:
            session = await self._open_session(fetch.url.startswith("https:"))
            limit = aiohttp.ClientTimeout(total=fetch.timeout)
            async with session.get(fetch.url, timeout=limit, allow_redirects=False) as answer:
                body = await _read(answer.content)
        except BaseException as error:
            core.discovery_fail(fetch, next(outcome for kind, outcome in _FAILURES if isinstance(error, kind)))
            if not isinstance(error, Exception):
                raise
        else:
            core.discovery_feed(fetch, answer.status, body)

    async def _open_session(self, secure: bool) -> aiohttp.ClientSession:
        if self._session is None:
            context = await self._context() if secure else True
            # Another fetch may have been faster.
            if self._session is None:
                self._session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(ssl=context, use_dns_cache=False),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    headers={"User-Agent": self._user_agent} if self._user_agent else {},
                    skip_auto_headers=() if self._user_agent else ("User-Agent",),
                )
        return self._session


async def _read(content: aiohttp.StreamReader) -> bytes:
    """The body, or so much of it that the core sees it is too long."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) >= _MOST_BYTES:
            break
    return bytes(body[:_MOST_BYTES])
