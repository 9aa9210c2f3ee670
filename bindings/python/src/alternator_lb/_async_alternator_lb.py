"""`AsyncAlternatorLB`: `AlternatorLB` for aiobotocore."""

from __future__ import annotations

from types import TracebackType

from ._alternator_lb import Arguments
from ._async_balancer import AsyncBalancer


class AsyncAlternatorLB(Arguments, AsyncBalancer):
    __doc__ = f"Spreads the requests of aiobotocore and aioboto3 DynamoDB clients over all nodes.\n\n{Arguments.__doc__}"

    async def __aenter__(self) -> AsyncAlternatorLB:
        self.open_core()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()
