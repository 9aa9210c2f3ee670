"""Reads the functions out of alternator_lb.h, for the tests that hold the header and the library to each other.

It knows the C that the header uses and nothing more: whatever else stands there is an error, so that no function can be
missed because it was written in a way that this reader does not understand.
"""
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Parameter:
    type: str
    name: str

    @property
    def is_pointer(self) -> bool:
        return self.type.endswith("*")


@dataclass(frozen=True)
class Function:
    result: str
    name: str
    parameters: tuple[Parameter, ...]


class UnknownDeclaration(Exception):
    pass


_TYPE = r"(?:const )?(?:struct )?\w+(?: ?\*+)?"
_FUNCTION = re.compile(rf"({_TYPE}) ?(\w+)\((.*)\)")
_PARAMETER = re.compile(rf"({_TYPE}) ?(\b\w+)")
_NOT_FUNCTIONS = re.compile(r"(typedef )?struct ?\w* ?(\{[^{}]*\} ?)?\w*|typedef \w+ \w+")


def functions(header: Path) -> list[Function]:
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", header.read_text(), flags=re.S)
    text = re.sub(r"\\\n", " ", text)
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    text = re.sub(r'extern\s+"C"\s*\{(.*)\}', r"\1", text, flags=re.S)
    text = re.sub(r"\s+", " ", text)
    declarations = re.findall(r"[^;{}]*(?:\{[^{}]*\}[^;{}]*)?;", text)
    rest = re.sub(r"[^;{}]*(?:\{[^{}]*\}[^;{}]*)?;", "", text).strip()
    if rest:
        raise UnknownDeclaration(rest)
    found = []
    for declaration in declarations:
        declaration = declaration.rstrip(";").strip()
        if _NOT_FUNCTIONS.fullmatch(declaration):
            continue
        found.append(_function(declaration))
    if not found:
        raise UnknownDeclaration(f"no function at all in {header}")
    return found


def _function(declaration: str) -> Function:
    match = _FUNCTION.fullmatch(declaration)
    if not match:
        raise UnknownDeclaration(declaration)
    result, name, inside = match.groups()
    parameters = []
    if inside.strip() not in ("", "void"):
        for part in inside.split(","):
            parameter = _PARAMETER.fullmatch(part.strip())
            if not parameter:
                raise UnknownDeclaration(declaration)
            parameters.append(Parameter(_tidy(parameter[1]), parameter[2]))
    return Function(_tidy(result), name, tuple(parameters))


def _tidy(type_text: str) -> str:
    base, stars = re.fullmatch(r"(.*?) ?(\**)", type_text.strip().replace("struct ", "")).groups()
    return f"{base} {stars}".strip()
