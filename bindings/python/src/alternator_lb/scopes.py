"""Routing scopes: which nodes may serve, and what to fall back to when there are none.

A scope is a link of a chain, which the core walks: `RackScope("dc1", "r1", fallback=DatacenterScope("dc1"))` is its option
`scope` "rack:dc1/r1>dc:dc1".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from .errors import bad_value


class RoutingScope(ABC):
    """A link of a chain of scopes."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What kind of scope this is."""

    @property
    @abstractmethod
    def description(self) -> str:
        """Which nodes it has, in words."""

    @property
    @abstractmethod
    def fallback(self) -> RoutingScope | None:
        """The scope to use while this one has no node."""

    @property
    @abstractmethod
    def link(self) -> str:
        """This scope alone, as the core's option `scope` has it."""

    @property
    def chain(self) -> str:
        """This scope with what it falls back to, as the core's option `scope` has it."""
        links = [self.link]
        scope = self.fallback
        while scope is not None:
            links.append(scope.link)
            scope = scope.fallback
        return ">".join(links)


@dataclass(frozen=True)
class ClusterScope(RoutingScope):
    """All nodes of all datacenters that the seeds know."""

    @property
    def name(self) -> str:
        return "Cluster"

    @property
    def description(self) -> str:
        return "all nodes of the cluster"

    @property
    def fallback(self) -> RoutingScope | None:
        return None

    @property
    def link(self) -> str:
        return "cluster"


@dataclass(frozen=True, init=False)
class DatacenterScope(RoutingScope):
    """The nodes of one datacenter."""

    datacenter: str
    _fallback: RoutingScope | None = field(default=None, repr=False)

    def __init__(self, datacenter: str, *, fallback: RoutingScope | None = None) -> None:
        object.__setattr__(self, "datacenter", _named("datacenter", datacenter))
        object.__setattr__(self, "_fallback", _scope("fallback", fallback))

    @classmethod
    def without_fallback(cls, datacenter: str) -> DatacenterScope:
        return cls(datacenter)

    @property
    def name(self) -> str:
        return "Datacenter"

    @property
    def description(self) -> str:
        return f"the nodes of the datacenter {self.datacenter!r}"

    @property
    def fallback(self) -> RoutingScope | None:
        return self._fallback

    @property
    def link(self) -> str:
        return f"dc:{escape(self.datacenter)}"


@dataclass(frozen=True, init=False)
class RackScope(RoutingScope):
    """The nodes of one rack of a datacenter."""

    datacenter: str
    rack: str
    _fallback: RoutingScope | None = field(default=None, repr=False)

    def __init__(self, datacenter: str, rack: str, *, fallback: RoutingScope | None = None) -> None:
        object.__setattr__(self, "datacenter", _named("datacenter", datacenter))
        object.__setattr__(self, "rack", _named("rack", rack))
        object.__setattr__(self, "_fallback", _scope("fallback", fallback))

    @classmethod
    def without_fallback(cls, datacenter: str, rack: str) -> RackScope:
        return cls(datacenter, rack)

    @property
    def name(self) -> str:
        return "Rack"

    @property
    def description(self) -> str:
        return f"the nodes of the rack {self.rack!r} of the datacenter {self.datacenter!r}"

    @property
    def fallback(self) -> RoutingScope | None:
        return self._fallback

    @property
    def link(self) -> str:
        return f"rack:{escape(self.datacenter)}/{escape(self.rack)}"


def escape(name: str) -> str:
    """The name of a datacenter or rack as the grammar of scopes wants it: its own separators escaped."""
    return name.replace("%", "%25").replace("/", "%2F").replace(">", "%3E")


def _named(what: str, name: str) -> str:
    if not isinstance(name, str) or not name:
        raise bad_value(f"{what}={name!r} is not accepted: a name that is not empty")
    return name


def _scope(what: str, scope: RoutingScope | None) -> RoutingScope | None:
    if scope is not None and not isinstance(scope, RoutingScope):
        raise bad_value(f"{what}={scope!r} is not accepted: a RoutingScope, or None")
    return scope
