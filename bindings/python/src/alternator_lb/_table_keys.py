"""Brings the core the partition keys of tables: from answers that pass by, and by DescribeTable requests where it wants one.

Those are made with a client of the user, which has the credentials and the signature. They make one attempt, with a short
timeout where botocore lets us set it, and never in front of a request: the core hands out each table once, and routes without
its key until that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from ._cooldown import Cooldown
from ._core import Core
from ._log import logger

# What the core can route by key at all.
OPERATIONS: Final = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
# Their answers tell the key of a table.
TELLING: Final = ("CreateTable", "DescribeTable")
TIMEOUT_SECONDS: Final = 1.0

_describing: ContextVar[bool] = ContextVar("alternator_lb_describing", default=False)


def in_progress() -> bool:
    """Whether the request at hand is one of ours: it is not retried, since the core says when to ask again."""
    return _describing.get()


@contextmanager
def describing() -> Iterator[None]:
    token = _describing.set(True)
    try:
        yield
    finally:
        _describing.reset(token)


def learn(core: Core, answer: Mapping[str, Any]) -> None:
    """Takes in what an answer to CreateTable or DescribeTable says, whoever asked."""
    table = answer.get("Table") or answer.get("TableDescription") or {}
    name, key = table.get("TableName"), _hash_key(table.get("KeySchema", ()))
    if name and key:
        core.set_table_key(name, key)


def describe_wanted(core: Core, cooldown: Cooldown, client: Any) -> None:
    """Asks for every table that the core wants, with this client, on this thread."""
    while (table := cooldown.next_wanted(core)) is not None:
        describe(core, cooldown, client, table)


def describe(core: Core, cooldown: Cooldown, client: Any, table: str) -> None:
    try:
        with describing():
            client.describe_table(TableName=table)
    except Exception as error:  # the core's to hear: the caller's own request went well
        failed(core, cooldown, table, error)
    else:
        cooldown.over(table)


async def describe_async(core: Core, cooldown: Cooldown, client: Any, table: str) -> None:
    try:
        with describing():
            await client.describe_table(TableName=table)
    except Exception as error:
        failed(core, cooldown, table, error)
    else:
        cooldown.over(table)


def failed(core: Core, cooldown: Cooldown, table: str, error: Exception) -> None:
    """Tells the core that a table could not be described; it asks again later."""
    cooldown.failed(table)
    status, code = 0, ""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error.response.get("Error", {}).get("Code", "")
    logger.debug("the partition key of table %s could not be learned: %s", table, error)
    core.table_key_failed(table, status, code)


def ask(client: Any, table: str) -> str | None:
    """A table's key by a DescribeTable now; None if that failed."""
    try:
        return key_of(client.describe_table(TableName=table))
    except (BotoCoreError, ClientError):
        return None


async def ask_async(client: Any, table: str) -> str | None:
    try:
        return key_of(await client.describe_table(TableName=table))
    except (BotoCoreError, ClientError):
        return None


def key_of(answer: Mapping[str, Any]) -> str | None:
    """The partition key in the answer to a DescribeTable."""
    return _hash_key(answer["Table"]["KeySchema"])


def _hash_key(schema: Iterable[Mapping[str, str]]) -> str | None:
    return next((element["AttributeName"] for element in schema if element.get("KeyType") == "HASH"), None)
