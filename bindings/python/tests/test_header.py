"""The ctypes declarations agree with the C header."""

from __future__ import annotations

import ctypes
import re
from typing import Any

import pytest
from cluster import ROOT

from alternator_lb import _native, errors

HEADER = re.sub(r"/\*.*?\*/", "", (ROOT / "include" / "alternator_lb.h").read_text(), flags=re.DOTALL)

HANDLES = {"alb *", "const alb *", "alb_config *", "const alb_config *"}
TYPES: dict[str, Any] = {
    "void": None,
    "alb_status": ctypes.c_int32,
    "int32_t": ctypes.c_int32,
    "uint16_t": ctypes.c_uint16,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "const char *": ctypes.c_char_p,
    "char *": ctypes.c_char_p,
    "const uint8_t *": ctypes.c_char_p,
    "uint8_t *": ctypes.c_char_p,
    "int32_t *": ctypes.POINTER(ctypes.c_int32),
    "int64_t *": ctypes.POINTER(ctypes.c_int64),
    "uint32_t *": ctypes.POINTER(ctypes.c_uint32),
    "uint64_t *": ctypes.POINTER(ctypes.c_uint64),
    "const uint64_t *": ctypes.POINTER(ctypes.c_uint64),
    "alb **": ctypes.POINTER(ctypes.c_void_p),
    "alb_error *": ctypes.POINTER(_native.Error),
    "alb_node *": ctypes.POINTER(_native.Node),
    "alb_plan *": ctypes.POINTER(_native.Plan),
    "alb_health *": ctypes.POINTER(_native.Health),
}


def ctype(text: str) -> Any:
    text = re.sub(r"\bstruct\s+", "", re.sub(r"\s+", " ", text).strip())
    text = re.sub(r"\s*(\*+)\s*$", r" \1", text)
    return ctypes.c_void_p if text in HANDLES else TYPES[text]


def parameter(text: str) -> Any:
    match = re.fullmatch(r"(.*?[\s*])(\w+)", text.strip(), flags=re.DOTALL)
    assert match is not None, text
    return ctype(match.group(1))


def constant(name: str) -> int:
    match = re.search(rf"#define\s+{name}\s+\(?(-?\d+)\)?\s*$", HEADER, flags=re.MULTILINE)
    assert match is not None, f"{name} is not in the header"
    return int(match.group(1))


@pytest.mark.parametrize("name", _native.PROTOTYPES)
def test_prototype_is_that_of_the_header(name: str) -> None:
    match = re.search(rf"^\s*((?:const\s+)?(?:struct\s+)?\w+[\s*]+){name}\s*\(([^)]*)\)\s*;", HEADER, flags=re.MULTILINE)
    assert match is not None, f"{name} is not in the header"
    arguments = [] if match.group(2).strip() in ("", "void") else match.group(2).split(",")
    assert _native.PROTOTYPES[name] == (ctype(match.group(1)), tuple(parameter(text) for text in arguments))


@pytest.mark.parametrize(
    ("name", "struct"),
    [("alb_error", _native.Error), ("alb_node", _native.Node), ("alb_plan", _native.Plan), ("alb_health", _native.Health)],
)
def test_struct_is_that_of_the_header(name: str, struct: type[ctypes.Structure]) -> None:
    match = re.search(rf"typedef struct {name}\s*\{{(.*?)\}}\s*{name}\s*;", HEADER, flags=re.DOTALL)
    assert match is not None
    in_header = []
    for field in filter(None, (line.strip() for line in match.group(1).split(";"))):
        kind, pointer, field_name, length = re.fullmatch(r"(.*?)(\s\*?)(\w+)(?:\[(\d+)\])?", field).groups()  # type: ignore[union-attr]
        element = ctypes.c_char if kind == "char" and length else ctype(kind + pointer)
        in_header.append((field_name, element * int(length) if length else element))
    assert [tuple(field) for field in struct._fields_] == in_header


def test_constants_are_those_of_the_header() -> None:
    for module, prefix, names in (
        (_native, "ALB_", [name for name, value in vars(_native).items() if name.isupper() and isinstance(value, int)]),
        (errors, "ALB_ERR_", [name for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)]),
    ):
        assert names
        for name in names:
            assert getattr(module, name) == constant(prefix + name), name
