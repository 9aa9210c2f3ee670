"""The C header in ctypes: structs, constants and the prototype of every function that this package or its tests call.

Nothing here does anything; `_library` loads and `_core` calls. tests/test_header.py compares all of it with
include/alternator_lb.h, so a change of the header cannot be missed.
"""

from __future__ import annotations

from ctypes import (
    CDLL,
    POINTER,
    PYFUNCTYPE,
    Structure,
    c_char,
    c_char_p,
    c_int32,
    c_int64,
    c_size_t,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Final

ABI_VERSION: Final = 1

URL_CAPACITY: Final = 2048

KEY_S: Final = 1
KEY_N: Final = 2
KEY_B: Final = 3

WIRE_CONTENT_ENCODING: Final = 1
WIRE_ACCEPT_ENCODING: Final = 2
WIRE_KEPT_HEADERS: Final = 3

NODE_SET_ASIDE: Final = 4

HEALTH_SET_ASIDE: Final = 2

OUTCOME_SUCCESS: Final = 0
OUTCOME_CALLER_FAULT: Final = 1
OUTCOME_THROTTLED: Final = 2
OUTCOME_SERVER_ERROR: Final = 3
OUTCOME_REFUSED: Final = 4
OUTCOME_RESET: Final = 5
OUTCOME_TIMEOUT: Final = 6
OUTCOME_TLS_FAILURE: Final = 7
OUTCOME_CANCELLED: Final = 8


class Error(Structure):
    """`alb_error`: filled in by the call that failed."""

    _fields_ = (
        ("struct_size", c_uint32),
        ("code", c_int32),
        ("http_status", c_int32),
        ("os_errno", c_int32),
        ("flags", c_uint32),
        ("node", c_char * 116),
        ("message", c_char * 376),
    )


class Node(Structure):
    """`alb_node`: one node; its strings live as long as the handle."""

    _fields_ = (
        ("struct_size", c_uint32),
        ("id", c_int32),
        ("flags", c_uint32),
        ("port", c_uint16),
        ("reserved", c_uint16),
        ("url", c_char_p),
        ("url_len", c_size_t),
        ("host", c_char_p),
        ("host_len", c_size_t),
    )


class Health(Structure):
    """`alb_health`: how a node fares."""

    _fields_ = (
        ("struct_size", c_uint32),
        ("node_id", c_int32),
        ("state", c_uint32),
        ("cause", c_int32),
        ("in_flight", c_uint32),
        ("strikes", c_uint32),
        ("failures_in_a_row", c_uint32),
        ("failure_permille", c_uint32),
        ("estimate_us", c_uint64),
        ("mean_us", c_uint64),
        ("probe_in_ms", c_uint64),
    )


class Plan(Structure):
    """`alb_plan`: the order in which one API call tries the nodes; needs no destructor."""

    _fields_ = (("opaque", c_uint64 * 64),)


_error = POINTER(Error)
_node = POINTER(Node)
_plan = POINTER(Plan)
_health = POINTER(Health)

# Balancer and config handles are plain addresses (c_void_p), because their structs are opaque.
PROTOTYPES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "alb_abi_version": (c_uint32, ()),
    "alb_version": (c_char_p, ()),
    "alb_status_name": (c_char_p, (c_int32,)),
    "alb_config_new": (c_void_p, ()),
    "alb_config_set": (c_int32, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, _error)),
    "alb_config_free": (None, (c_void_p,)),
    "alb_new": (c_int32, (c_uint32, c_void_p, POINTER(c_void_p), _error)),
    "alb_free": (None, (c_void_p,)),
    "alb_next_node": (c_int32, (c_void_p, _node)),
    "alb_plan_after": (c_int32, (c_void_p, c_int32, _plan)),
    "alb_plan_next": (c_int32, (c_void_p, _plan, _node)),
    "alb_node_for_key": (c_int32, (c_void_p, c_int32, c_char_p, c_size_t, _node)),
    "alb_plan_for_key": (c_int32, (c_void_p, c_int32, c_char_p, c_size_t, _plan)),
    "alb_plan_for_request": (c_int32, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, _plan)),
    "alb_token_for_key": (c_int32, (c_int32, c_char_p, c_size_t, POINTER(c_int64))),
    "alb_table_key_next_wanted": (c_int32, (c_void_p, c_char_p, c_size_t)),
    "alb_table_key": (c_int32, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "alb_table_key_set": (c_int32, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, _error)),
    "alb_table_key_failed": (c_int32, (c_void_p, c_char_p, c_size_t, c_int32, c_char_p, c_size_t)),
    "alb_report": (c_int32, (c_void_p, c_int32, c_int32, c_uint64)),
    "alb_health_get": (c_int32, (c_void_p, c_int32, _health)),
    "alb_nodes": (c_size_t, (c_void_p, POINTER(c_int32), c_size_t)),
    "alb_node_get": (c_int32, (c_void_p, c_int32, _node)),
    "alb_generation": (POINTER(c_uint64), (c_void_p,)),
    "alb_refresh": (c_int32, (c_void_p, c_uint32, _error)),
    "alb_refresh_soon": (c_int32, (c_void_p,)),
    "alb_check_scope": (c_int32, (c_void_p, c_uint32, _error)),
    "alb_scope_supported": (c_int32, (c_void_p, c_uint32, _error)),
    "alb_refresh_due_ms": (c_uint32, (c_void_p,)),
    "alb_discovery_next": (c_int32, (c_void_p, POINTER(c_uint64), c_char_p, c_size_t, POINTER(c_uint32), _error)),
    "alb_discovery_feed": (c_int32, (c_void_p, c_uint64, c_int32, c_char_p, c_size_t, _error)),
    "alb_wire_text": (c_char_p, (c_void_p, c_int32)),
    "alb_compress": (c_int32, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "alb_decompress": (c_int32, (c_char_p, c_size_t, c_char_p, c_size_t, c_char_p, c_size_t, c_size_t, _error)),
    "alb_discovery_fail": (c_int32, (c_void_p, c_uint64, c_int32, _error)),
    "alb_next_event": (c_int32, (c_void_p, POINTER(c_uint64), c_char_p, c_size_t)),
    "alb_statistics": (c_int32, (c_void_p, c_char_p, c_size_t)),
}


def declare(library: CDLL) -> None:
    """Gives every function its types; a function that is missing raises AttributeError."""
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments


# Picks may run a step of discovery, and give up the interpreter. The others never wait for I/O, and keep it: to give it up costs
# as much as the call, and where other threads want it, milliseconds until it is back.
_GIVING_UP: Final = ("alb_next_node", "alb_plan_next")
_keeping: Final = PYFUNCTYPE(c_int32)


def bare(library: CDLL, name: str) -> Any:
    """A function of each request without the types of its arguments, whose checks would take as long as the call.

    It takes what is in C just that: None and byref() for pointers, bytes for char *, ints for int32_t, and what the functions
    below make for the rest.
    """
    return library[name] if name in _GIVING_UP else _keeping((name, library))


as_pointer: Final = c_void_p.from_param
as_size: Final = c_size_t.from_param
as_uint64: Final = c_uint64.from_param
