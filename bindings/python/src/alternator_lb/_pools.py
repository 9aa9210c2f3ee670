"""Connection pools of a client: one per node, and none shared with a forked child.

urllib3 keeps the pools of 10 hosts and closes the others, and botocore offers no option for it: a client of 12 nodes would
connect anew for nearly every request. Reaching the pools takes private attributes of botocore, so every access is guarded: when
they move, clients work on with the old limit and a warning (and tests/test_pools.py fails).
"""

from __future__ import annotations

from typing import Any, Final

from . import _tls
from ._log import logger
from .tls import TLS

_HOSTS_KEPT: Final = 1024


def renew(client: Any) -> bool:
    """Gives the client fresh, empty pools with room for every node; False when botocore does not let us.

    In a forked child this is what separates the child from its parent: connections are inherited by descriptor, and two
    processes that read from one of them would get each other's answers. The old container is dropped, not closed, because
    its lock may have been held by a thread that exists in the parent only.
    """
    manager = _manager(client)
    container = getattr(manager, "pools", None)
    if container is None or not hasattr(container, "_maxsize"):
        logger.warning("cannot reach the connection pools of this botocore: only 10 nodes keep their connections")
        return False
    manager.pools = type(container)(_HOSTS_KEPT)
    return True


def apply_tls(client: Any, tls: TLS) -> None:
    """Makes a new client trust what `verify` cannot say."""
    keywords = getattr(_manager(client), "connection_pool_kw", None)
    if keywords is None or "ssl_context" not in keywords:
        raise RuntimeError("cannot reach the TLS settings of this botocore")
    _tls.prepare(keywords["ssl_context"], tls)
    if not tls.verify_hostname:
        keywords["assert_hostname"] = False


def _manager(client: Any) -> Any:
    session = getattr(getattr(client, "_endpoint", None), "http_session", None)
    return getattr(session, "_manager", None)
