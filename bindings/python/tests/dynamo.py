"""DynamoDB shorthands that several tests share."""

from __future__ import annotations

from typing import Any

import pytest

from alternator_lb import _native
from alternator_lb._core import Core


def create_table(client: Any, name: str = "items") -> str:
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def put(client: Any, table: str, key: str, value: str = "v") -> Any:
    return client.put_item(TableName=table, Item={"pk": {"S": key}, "value": {"S": value}})


def get(client: Any, table: str, key: str) -> str:
    value: str = client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"]["value"]["S"]
    return value


def invocation_ids(client: Any) -> list[str]:
    """A list that collects the invocation id of each API call of the client (the same for all attempts of one)."""
    seen: list[str] = []

    def note(request: Any, **_: Any) -> None:
        value = request.headers["amz-sdk-invocation-id"]
        text = value.decode() if isinstance(value, bytes) else value
        if text not in seen:
            seen.append(text)

    client.meta.events.register("before-send.dynamodb.*", note)
    return seen


def count_native_calls(core: Core, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that collects the names of the C functions that are called from now on."""
    library = core._library
    called: list[str] = []

    def counting(name: str, function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            called.append(name)
            return function(*arguments)

        return call

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return counting(name, getattr(library, name))

    monkeypatch.setattr(core, "_library", Counting())
    for name in _native.PROTOTYPES.keys() & vars(core).keys():
        monkeypatch.setattr(core, name, counting(name, getattr(core, name)))
    return called
