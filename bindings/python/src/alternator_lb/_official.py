"""What the official interface's clients share, synchronous or asyncio: the first refresh, and which client has which balancer."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from . import _mapping, errors
from ._balancer import Balancer
from ._log import logger
from .config import Config

# The balancer of each client and resource that `create_client` and its kin have made, for `close_client`.
owners: WeakKeyDictionary[Any, Balancer] = WeakKeyDictionary()


def refresh_failed(config: Config, balancer: Balancer, error: errors.AlternatorError) -> None:
    """A first refresh that failed: with the cluster among the scopes the seeds serve meanwhile, else there is nobody to ask."""
    if _mapping.falls_back_to_cluster(config):
        logger.warning("no list of nodes yet: requests go to the seeds until there is one: %s", error)
        return
    raise errors.NoNodesAvailableError(
        f"no node is known in the scope {config.routing_scope.chain}: {error}",
        scope_name=config.routing_scope.name,
        attempted_hosts=config.seed_hosts,
        last_known_nodes=hosts(balancer),
    ) from error


def hosts(balancer: Balancer | None, *, set_aside: bool | None = None) -> list[str]:
    """The hosts of the list, as seeds are given; those set aside, or those that are not, if asked for."""
    if balancer is None:
        return []
    return [host for host, aside in balancer.standing() if set_aside is None or aside is set_aside]
