"""Which clients and sessions are patched, by which balancer, and what happens to them in a forked child."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from . import errors
from ._hooks import Hooks, Owner
from ._transport import replace

_patched: WeakKeyDictionary[Any, Hooks] = WeakKeyDictionary()
_sessions: WeakKeyDictionary[Any, tuple[Owner, Callable[[], None]]] = WeakKeyDictionary()


def patch(target: Any, owner: Owner) -> None:
    """Makes a client ask the owner's core for a node at each attempt; does nothing when `owner` has patched it already."""
    client = _client(target)
    hooks = _patched.get(client)
    if hooks is None:
        hooks = _hooks_for(client, owner)
        hooks.install(client)
        _patched[client] = hooks
    elif hooks.owner is not owner:
        raise errors.bad_value("this client is patched by another AlternatorLB: unpatch it there first")


def unpatch(target: Any, owner: Owner) -> None:
    """Takes the hooks out again; does nothing when `owner` has not patched the client."""
    client = _client(target)
    hooks = _patched.get(client)
    if hooks is not None and hooks.owner is owner:
        del _patched[client]
        hooks.remove(client)


def unpatch_all(owner: Owner) -> None:
    for client, hooks in list(_patched.items()):
        if hooks.owner is owner:
            unpatch(client, owner)


def patch_session(target: Any, owner: Owner) -> None:
    """Makes a session patch the DynamoDB clients that it makes from now on."""
    session = _botocore_session(target)
    known = _sessions.get(session)
    if known is not None:
        if known[0] is not owner:
            raise errors.bad_value("this session is patched by another AlternatorLB: unpatch it there first")
        return
    # aiobotocore's create_client gives a context, which awaits this one.
    method = "_create_client" if hasattr(session, "_create_client") else "create_client"
    make: Callable[..., Any] = getattr(session, method)

    def create_client(*arguments: Any, **options: Any) -> Any:
        client = make(*arguments, **options)
        if (arguments[0] if arguments else options.get("service_name")) != "dynamodb":
            return client
        if inspect.isawaitable(client):
            return _patched_when_made(client, owner)
        patch(client, owner)
        return client

    _sessions[session] = owner, replace(session, method, create_client)


def unpatch_session(target: Any, owner: Owner) -> None:
    session = _botocore_session(target)
    known = _sessions.get(session)
    if known is not None and known[0] is owner:
        del _sessions[session]
        known[1]()


def describe_wanted(owner: Owner) -> None:
    """Asks for the tables whose keys the core of `owner` wants, with the first client that it has patched."""
    hooks = next((hooks for hooks in _of(owner) if not _is_async(hooks)), None)
    if hooks is not None:
        hooks.describe_wanted()


async def describe_wanted_async(owner: Owner) -> None:
    for hooks in _of(owner):
        if _is_async(hooks):
            await hooks.describe_wanted_now()
            return


def _of(owner: Owner) -> list[Any]:
    return [hooks for hooks in list(_patched.values()) if hooks.owner is owner]


def _is_async(hooks: Hooks) -> bool:
    return hasattr(hooks, "describe_wanted_now")


def _hooks_for(client: Any, owner: Owner) -> Hooks:
    if not inspect.iscoroutinefunction(inspect.unwrap(type(client)._make_api_call)):
        if owner.driver is not None:
            raise errors.bad_value("a client of boto3 or botocore needs an AlternatorLB, not an AsyncAlternatorLB")
        return Hooks(client, owner)
    from ._async_hooks import AsyncHooks

    if owner.blocks:
        raise errors.bad_value(
            "refresh='inline' would stop the event loop of an aiobotocore client: use AsyncAlternatorLB, "
            "or an AlternatorLB with refresh='thread' or refresh='manual'"
        )
    return AsyncHooks(client, owner)


async def _patched_when_made(client: Any, owner: Owner) -> Any:
    made = await client
    patch(made, owner)
    return made


def _client(target: Any) -> Any:
    """The client that is meant: the one given, or that of a resource."""
    meta = getattr(target, "meta", None)
    client = getattr(meta, "client", target)
    model = getattr(getattr(client, "meta", None), "service_model", None)
    service = getattr(model, "service_name", None)
    if service == "dynamodb":
        return client
    what = repr(target) if service is None else f"a client of {service}"
    raise errors.bad_value(f"{what} cannot be patched: a boto3 or botocore client, or a boto3 resource, of dynamodb is needed")


def _botocore_session(target: Any) -> Any:
    session = getattr(target, "_session", target)
    if not hasattr(session, "create_client"):
        raise errors.bad_value(f"{target!r} cannot be patched: a session of boto3 or botocore is needed")
    return session


def _after_fork_in_child() -> None:
    for client, hooks in list(_patched.items()):
        hooks.renew_after_fork(client)


os.register_at_fork(after_in_child=_after_fork_in_child)
