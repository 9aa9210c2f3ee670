"""One balancer handle of the core, as a Python object.

The handle is freed when the last reference goes, so a call under way in another thread keeps it alive through `close()`:
reference counting does what a lock would, and there is no lock that a fork could leave taken. Node ids and their URLs never
change while the handle lives, therefore URLs are decoded once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from ctypes import CDLL, byref, c_int32, c_uint32, c_uint64, c_void_p, create_string_buffer, sizeof, string_at
from functools import partial
from typing import Any, Final, NamedTuple, NoReturn

from . import _check, _native, errors

_EVENT_BYTES: Final = 1024
# Names of tables and attributes have 255 characters at most.
_NAME_BYTES: Final = 256
_LONGEST_MS: Final = 2**32 - 1
# What alb_refresh_due_ms() says when nothing is going to be due.
_NEVER_MS: Final = 2**32 - 1
# Servers' answers are shorter; more comes out of a body that is made to fill memory.
_LONGEST_BODY: Final = 1 << 28
# For calls on the hot path, which have no alb_error to explain themselves.
_NO_DETAILS: Final = {errors.NO_NODES: "no node is known that a request could be sent to"}


class Fetch(NamedTuple):
    """A GET that discovery wants, by the caller's own HTTP client."""

    token: int
    url: str
    timeout: float


class Core:
    """Owns an `alb *`. Every method is safe from any number of threads."""

    def __init__(self, library: CDLL, options: Iterable[tuple[str, str]]) -> None:
        self._library = library
        self.decompress: Final = partial(decompress, library)
        self.handle = _new_handle(library, options)
        self._free = library.alb_free
        self.urls: Final = _Urls(library, self.handle)
        # The same with the path of every request.
        self.request_urls: Final = _RequestUrls(self.urls)
        # A number that changes with the list of nodes and with what is set aside; reading it is no native call.
        self.generation: c_uint64 = library.alb_generation(self.handle).contents
        # What each request needs, as it is in C: a method around each would cost as much as the call.
        self.pointer: Final = _native.as_pointer(self.handle)
        self.alb_next_node = _native.bare(library, "alb_next_node")
        self.alb_plan_after = _native.bare(library, "alb_plan_after")
        self.alb_plan_for_request = _native.bare(library, "alb_plan_for_request")
        self.alb_plan_next = _native.bare(library, "alb_plan_next")
        self.alb_report = _native.bare(library, "alb_report")

    def __del__(self) -> None:
        # Absent when the constructor raised.
        if hasattr(self, "_free"):
            self._free(self.handle)

    def __reduce__(self) -> NoReturn:
        raise TypeError("an AlternatorLB belongs to the process that made it: make one in each process instead of pickling it")

    def next_node(self) -> str:
        return self.urls[self.pick()]

    def next_host(self) -> str:
        return _host(self._node(self.pick()))

    def nodes(self) -> list[str]:
        return [self.urls[node_id] for node_id in self.node_ids()]

    def standing(self) -> list[tuple[str, bool]]:
        """The host of each listed node, and whether it is set aside."""
        nodes = map(self._node, self.node_ids())
        return [(_host(node), bool(node.flags & _native.NODE_SET_ASIDE)) for node in nodes]

    def hosts(self) -> list[tuple[int, str]]:
        """The id and the host of each listed node."""
        return [(node_id, _host(self._node(node_id))) for node_id in self.node_ids()]

    def pick(self) -> int:
        node_id: int = self._library.alb_next_node(self.handle, None)
        if node_id < 0:
            raise _error(self._library, node_id)
        return node_id

    def report(self, node_id: int, outcome: int, latency_us: int) -> None:
        self._library.alb_report(self.handle, node_id, outcome, latency_us)

    def health(self, node_id: int) -> _native.Health:
        health = _native.Health(struct_size=sizeof(_native.Health))
        status = self._library.alb_health_get(self.handle, node_id, health)
        if status < 0:
            raise _error(self._library, status)
        return health

    def outcomes(self, node_id: int) -> dict[str, int]:
        """How many attempts at the node ended how."""
        counted: dict[str, int] = next(node["outcomes"] for node in self.statistics()["nodes"] if node["id"] == node_id)
        return counted

    def node_ids(self) -> list[int]:
        capacity = 16
        while True:
            ids = (c_int32 * capacity)()
            count = self._library.alb_nodes(self.handle, ids, capacity)
            if count <= capacity:
                return ids[:count]
            capacity = count

    def refresh(self, timeout: float) -> None:
        error = _new_error()
        self._check(self._library.alb_refresh(self.handle, _milliseconds(timeout), error), error)

    def refresh_soon(self) -> None:
        """Makes a round of discovery due now."""
        self._library.alb_refresh_soon(self.handle)

    def rounds(self) -> tuple[int, int]:
        """How many rounds of discovery have ended, and how many of them failed since the last that went well."""
        refresh = self.statistics()["refresh"]
        return refresh["rounds"], refresh["failures_in_a_row"]

    def last_reason(self, kind: str) -> str:
        """Why, and where, the last event of a kind happened; empty if there was none."""
        events = [event for _, event in self.events_after(0) if event["kind"] == kind]
        return f"{events[-1]['reason']} (at {events[-1]['at']})" if events else ""

    def check_scope(self, timeout: float) -> None:
        error = _new_error()
        self._check(self._library.alb_check_scope(self.handle, _milliseconds(timeout), error), error)

    def scope_supported(self, timeout: float) -> bool:
        error = _new_error()
        answer = self._library.alb_scope_supported(self.handle, _milliseconds(timeout), error)
        self._check(answer, error)
        return bool(answer)

    def refresh_due(self) -> float:
        """Seconds until discovery has work to do; 0 for now."""
        milliseconds: int = self._library.alb_refresh_due_ms(self.handle)
        return math.inf if milliseconds == _NEVER_MS else milliseconds / 1000

    def discovery_next(self) -> Fetch | None:
        """What discovery wants fetched now."""
        token, timeout_ms, url = c_uint64(), c_uint32(), create_string_buffer(_native.URL_CAPACITY)
        error = _new_error()
        length = self._library.alb_discovery_next(self.handle, byref(token), url, len(url), byref(timeout_ms), error)
        self._check(length, error)
        return Fetch(token.value, url.value.decode(), timeout_ms.value / 1000) if length else None

    def discovery_feed(self, fetch: Fetch, status: int, body: bytes) -> None:
        # A token that is stale meanwhile is no error: the machine has gone on without.
        self._library.alb_discovery_feed(self.handle, fetch.token, status, body, len(body), None)

    def discovery_fail(self, fetch: Fetch, outcome: int) -> None:
        self._library.alb_discovery_fail(self.handle, fetch.token, outcome, None)

    def next_wanted_table(self) -> str | None:
        """A table whose partition key the core wants to know. Given to one caller, who answers or lets half a minute pass."""
        buffer = create_string_buffer(_NAME_BYTES)
        length = self._library.alb_table_key_next_wanted(self.handle, buffer, _NAME_BYTES)
        return buffer.value.decode() if length > 0 else None

    def set_table_key(self, table: str, key: str) -> None:
        error, name, value = _new_error(), table.encode(), key.encode()
        self._check(self._library.alb_table_key_set(self.handle, name, len(name), value, len(value), error), error)

    def table_key_failed(self, table: str, http_status: int, code: str) -> None:
        name, text = table.encode(), code.encode()
        self._library.alb_table_key_failed(self.handle, name, len(name), http_status, text, len(text))

    def table_key(self, table: str) -> str | None:
        """The partition key's attribute of a table, as far as it is known."""
        buffer, name = create_string_buffer(_NAME_BYTES), table.encode()
        length = self._library.alb_table_key(self.handle, name, len(name), buffer, _NAME_BYTES)
        if length < 0:
            raise _error(self._library, length)
        return buffer.value.decode() if length else None

    def wire_text(self, what: int) -> str:
        text: bytes = self._library.alb_wire_text(self.handle, what)
        return text.decode()

    def compress(self, body: bytes) -> bytes | None:
        """The body compressed as the options say; None if it is to be sent as it is."""
        room = create_string_buffer(len(body))
        length = self._library.alb_compress(self.handle, body, len(body), room, len(body))
        return string_at(room, length) if length > 0 else None

    def events_after(self, position: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """The events after `position` (0: the oldest kept), each with the position behind it."""
        cursor = c_uint64(position)
        buffer = create_string_buffer(_EVENT_BYTES)
        while True:
            length = self._library.alb_next_event(self.handle, byref(cursor), buffer, len(buffer))
            if length < 0:
                raise _error(self._library, length)
            if length == 0:
                return
            if length >= len(buffer):
                buffer = create_string_buffer(length + 1)
                continue
            yield cursor.value, json.loads(buffer.raw[:length])

    def statistics(self) -> dict[str, Any]:
        buffer = create_string_buffer(4096)
        while True:
            length = self._library.alb_statistics(self.handle, buffer, len(buffer))
            if length < 0:
                raise _error(self._library, length)
            if length < len(buffer):
                answer: dict[str, Any] = json.loads(buffer.raw[:length])
                return answer
            buffer = create_string_buffer(length + 1)

    def error(self, status: int) -> errors.AlternatorError:
        """The exception for a status of one of these."""
        return _error(self._library, status)

    def _node(self, node_id: int) -> _native.Node:
        node = _new_node()
        status = self._library.alb_node_get(self.handle, node_id, node)
        if status < 0:
            raise _error(self._library, status)
        return node

    def _check(self, status: int, error: _native.Error) -> None:
        if status < 0:
            raise _error(self._library, status, error)


def decompress(library: CDLL, encoding: str, body: bytes) -> bytes:
    """A body as it was before its Content-Encoding; an AlternatorError if it is not whole."""
    coding, capacity = encoding.encode(), 8 * len(body) + 1024
    while True:
        room, error = create_string_buffer(capacity), _new_error()
        length = library.alb_decompress(coding, len(coding), body, len(body), room, capacity, _LONGEST_BODY, error)
        if length < 0:
            raise _error(library, length, error)
        if length <= capacity:
            return string_at(room, length)
        capacity = length


class _Urls(dict[int, str]):
    """Node id -> URL, asked for once. Two threads that ask at the same time write the same text."""

    def __init__(self, library: CDLL, handle: int) -> None:
        super().__init__()
        self._node_get = library.alb_node_get
        self._library = library
        self._handle = handle

    def __missing__(self, node_id: int) -> str:
        node = _new_node()
        status = self._node_get(self._handle, node_id, node)
        if status < 0:
            raise _error(self._library, status)
        url: str = node.url.decode()
        self[node_id] = url
        return url


class _RequestUrls(dict[int, str]):
    """Node id -> URL of a request to the node."""

    def __init__(self, urls: _Urls) -> None:
        super().__init__()
        self._urls = urls

    def __missing__(self, node_id: int) -> str:
        url = self[node_id] = self._urls[node_id] + "/"
        return url


def _new_handle(library: CDLL, options: Iterable[tuple[str, str]]) -> int:
    error = _new_error()
    config = library.alb_config_new()
    try:
        for key, value in options:
            key_bytes, value_bytes = key.encode(), value.encode()
            status = library.alb_config_set(config, key_bytes, len(key_bytes), value_bytes, len(value_bytes), error)
            if status < 0:
                raise _error(library, status, error)
        handle = c_void_p()
        status = library.alb_new(_native.ABI_VERSION, config, byref(handle), error)
        if status < 0 or handle.value is None:
            raise _error(library, status, error)
        return handle.value
    finally:
        library.alb_config_free(config)


def _new_node() -> _native.Node:
    return _native.Node(struct_size=sizeof(_native.Node))


def _host(node: _native.Node) -> str:
    """As seeds are given: IPv6 without brackets."""
    host: str = node.host.decode()
    return host.strip("[]")


def _new_error() -> _native.Error:
    return _native.Error(struct_size=sizeof(_native.Error))


def _error(library: CDLL, status: int, error: _native.Error | None = None) -> errors.AlternatorError:
    code = library.alb_status_name(status).decode()
    message = _NO_DETAILS.get(status, code)
    if error is not None and error.message:
        message = error.message.decode(errors="replace")
        node = error.node.decode(errors="replace")
        if node and node not in message:
            message += f" (at {node})"
    return errors.from_status(status, code, message)


def _milliseconds(timeout: float) -> int:
    return round(min(_check.timeout("timeout", timeout) * 1000, _LONGEST_MS))
