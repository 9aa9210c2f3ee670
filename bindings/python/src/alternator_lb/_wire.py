"""What a balancer's options say of bodies and headers on the wire, asked of the core once and applied to requests of the SDK."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, MutableMapping
from functools import lru_cache
from typing import Any, Final

from . import _native
from ._core import Core
from ._settings import RequestSettings, SentUserAgent, UserAgentOfSdk

_SIGNED: Final = re.compile(r"SignedHeaders=([^,\s]*)")


class Wire:
    def __init__(self, core: Core, settings: RequestSettings) -> None:
        # Of the library, not of the handle, which is to be freed when its balancer is closed.
        self.decode: Final = core.decompress
        self.content_encoding: Final = core.wire_text(_native.WIRE_CONTENT_ENCODING)
        self.accept_encoding: Final = core.wire_text(_native.WIRE_ACCEPT_ENCODING)
        self.user_agent: Final[SentUserAgent] = settings.user_agent
        self.kept: Final = _kept(core.wire_text(_native.WIRE_KEPT_HEADERS), settings.more_headers)

    @property
    def changes_headers(self) -> bool:
        return bool(self.kept or self.accept_encoding) or self.user_agent is not UserAgentOfSdk.UNCHANGED

    def compress(self, core: Core, params: dict[str, Any]) -> None:
        """Compresses the body of a request that is not signed yet."""
        if "Content-Encoding" in params["headers"]:
            return
        compressed = core.compress(params["body"])
        if compressed is not None:
            params["body"] = compressed
            params["headers"]["Content-Encoding"] = self.content_encoding

    def strip(self, headers: Any) -> None:
        """Takes out what nobody needs, but nothing that is signed."""
        if self.kept is None:
            return
        signed = _signed(headers.get("Authorization"))
        for name in [name for name in headers if name.lower() not in self.kept and name.lower() not in signed]:
            del headers[name]

    def finish(self, headers: MutableMapping[str, Any], no_user_agent: str | None) -> None:
        """The last touch, behind the signature, which covers neither of the two headers that are set here.

        `no_user_agent` is what keeps the HTTP client from adding a User-Agent of its own; None where leaving it out does.
        """
        self.strip(headers)
        if self.accept_encoding and "Accept-Encoding" not in headers:
            headers["Accept-Encoding"] = self.accept_encoding
        if isinstance(self.user_agent, str):
            headers["User-Agent"] = self.user_agent
        elif self.user_agent is None:
            if no_user_agent is not None:
                headers["User-Agent"] = no_user_agent
            elif "User-Agent" in headers:
                del headers["User-Agent"]


def _kept(listed: str, more: Callable[[frozenset[str]], Iterable[str]] | None) -> frozenset[str] | None:
    """The names to keep, in lower case; None if all are kept."""
    if not listed:
        return None
    names = listed.split(",")
    added = more(frozenset(name.title() for name in names)) if more is not None else ()
    return frozenset((*names, *map(str.lower, added)))


def _signed(authorization: str | bytes | None) -> frozenset[str]:
    if authorization is None:
        return frozenset()
    text = authorization.decode() if isinstance(authorization, bytes) else authorization
    found = _SIGNED.search(text)
    return _names(found[1]) if found else frozenset()


@lru_cache(maxsize=64)
def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split(";"))
