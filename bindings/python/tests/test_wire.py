"""Compressed bodies, answers and fewer headers, with every signature checked by the cluster."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import Binary
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from cluster import Cluster
from dynamo import count_native_calls, create_table, get, put

from alternator_lb import (
    AlternatorLB,
    Config,
    ConfigurationError,
    HeaderOptimizationConfig,
    HeaderWhitelistContext,
    __version__,
    create_client,
)

Balance = Callable[..., AlternatorLB]
LONG = "long " * 2000


@pytest.fixture(scope="module")
def strict() -> Iterator[Cluster]:
    """Signatures are enforced."""
    running = Cluster("--nodes", "3", "--auth", "enforce")
    with AlternatorLB(running.addresses, port=running.port, **keys(running)) as lb:
        create_table(lb.new_dynamodb_client())
    yield running
    running.close()


def keys(cluster: Cluster) -> Any:
    return {"aws_access_key_id": cluster.start["access_key"], "aws_secret_access_key": cluster.start["secret_key"]}


def seen(cluster: Cluster, operation: str, what: str) -> dict[str, int]:
    """What the nodes have seen of an operation, such as its `content_encodings`, counted over all nodes."""
    total: dict[str, int] = {}
    for node in cluster.counters()["nodes"]:
        for value, count in node["operations"].get(operation, {}).get(what, {}).items():
            total[value] = total.get(value, 0) + count
    return total


def headers(cluster: Cluster, operation: str) -> set[str]:
    return {name for node in cluster.counters()["nodes"] for name in node["operations"].get(operation, {}).get("headers", [])}


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_long_bodies_are_compressed_and_short_ones_are_not(strict: Cluster, balance: Balance, coding: str) -> None:
    client = balance(strict, compression=coding, **keys(strict)).new_dynamodb_client()
    strict.reset_counters()
    put(client, "items", "short")
    assert seen(strict, "PutItem", "content_encodings") == {}
    put(client, "items", "long", LONG)
    assert seen(strict, "PutItem", "content_encodings") == {coding: 1}
    assert get(client, "items", "long") == LONG


def test_threshold_and_level_are_options(strict: Cluster, balance: Balance) -> None:
    options = {"compression.min_bytes": "0", "compression.level": "1"}
    client = balance(strict, compression="gzip", options=options, **keys(strict)).new_dynamodb_client()
    strict.reset_counters()
    put(client, "items", "a" * 300)
    assert seen(strict, "PutItem", "content_encodings") == {"gzip": 1}


def test_bodies_are_compressed_once_for_all_attempts(cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch) -> None:
    lb = balance(cluster, compression="gzip", refresh="manual")
    client = lb.new_dynamodb_client()
    create_table(client)
    called = count_native_calls(lb.open_core(), monkeypatch)
    for index in range(3):
        cluster.fault(index, "error", status=500, count=1)
    answer = put(client, "items", "long", LONG)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 3
    assert called.count("alb_compress") == 1
    assert seen(cluster, "PutItem", "content_encodings") == {"gzip": 4}
    assert get(client, "items", "long") == LONG


def test_body_that_is_encoded_already_is_left_alone(strict: Cluster, balance: Balance) -> None:
    client = balance(strict, compression="deflate", **keys(strict)).new_dynamodb_client()

    def encode(params: dict[str, Any], **_: Any) -> None:
        params["body"] = gzip.compress(params["body"], 0)
        params["headers"]["Content-Encoding"] = "gzip"

    client.meta.events.register_first("before-call.dynamodb.PutItem", encode)
    strict.reset_counters()
    put(client, "items", "encoded", LONG)
    assert seen(strict, "PutItem", "content_encodings") == {"gzip": 1}
    assert get(client, "items", "encoded") == LONG


@pytest.mark.parametrize("accepted", ["gzip", "deflate", "deflate, gzip"])
def test_compressed_answers_are_decoded(strict: Cluster, balance: Balance, accepted: str) -> None:
    lb = balance(strict, response_compression=accepted, **keys(strict))
    client, table = lb.new_dynamodb_client(), lb.new_dynamodb_resource().Table("items")
    item = {"pk": accepted, "text": LONG, "raw": Binary(bytes(range(256)) * 20), "umlaut": "ä€😀" * 500}
    table.put_item(Item=item)
    strict.reset_counters()
    assert table.get_item(Key={"pk": accepted})["Item"] == item
    assert client.scan(TableName="items")["Items"]
    assert seen(strict, "GetItem", "accept_encodings") == {accepted: 1}
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        get(client, "none", "none")


def test_answers_come_compressed_indeed(strict: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[str | None] = []
    send = URLLib3Session.send

    def spy(session: Any, request: Any) -> Any:
        response = send(session, request)
        came.append(response.headers.get("Content-Encoding"))
        return response

    monkeypatch.setattr(URLLib3Session, "send", spy)
    client = balance(strict, response_compression="gzip", **keys(strict)).new_dynamodb_client()
    put(client, "items", "long", LONG)
    assert get(client, "items", "long") == LONG
    assert came == [None, "gzip"]


def test_answers_stay_plain_unless_asked_for(strict: Cluster, balance: Balance) -> None:
    client = balance(strict, **keys(strict)).new_dynamodb_client()
    put(client, "items", "long", LONG)
    strict.reset_counters()
    answer = client.get_item(TableName="items", Key={"pk": {"S": "long"}})
    assert "content-encoding" not in answer["ResponseMetadata"]["HTTPHeaders"]
    assert seen(strict, "GetItem", "accept_encodings") == {"identity": 1}


def test_headers_are_stripped_and_signatures_hold(strict: Cluster, balance: Balance) -> None:
    lb = balance(strict, optimize_headers=True, keep_headers=["X-Trace"], compression="gzip", **keys(strict))
    client = lb.new_dynamodb_client()

    def add(request: Any, **_: Any) -> None:
        request.headers["X-Trace"] = "kept"
        request.headers["X-Other"] = "not needed"

    client.meta.events.register_first("request-created.dynamodb.PutItem", add)
    strict.reset_counters()
    put(client, "items", "long", LONG)
    needed = {"accept-encoding", "authorization", "content-encoding", "content-length", "content-type", "host"}
    assert headers(strict, "PutItem") == needed | {"user-agent", "x-amz-date", "x-amz-target", "x-trace"}


def test_header_that_is_signed_is_never_stripped(strict: Cluster, balance: Balance) -> None:
    client = balance(strict, optimize_headers=True, **keys(strict)).new_dynamodb_client()

    def add(request: Any, **_: Any) -> None:
        request.headers["X-Late"] = "signed"

    # Behind the hook that strips, and before the signer.
    client.meta.events.register_first("before-sign.dynamodb", add)
    strict.reset_counters()
    client.list_tables()
    assert "x-late" in headers(strict, "ListTables")
    assert "amz-sdk-request" not in headers(strict, "ListTables")


def test_headers_stay_unless_asked_for(strict: Cluster, balance: Balance) -> None:
    client = balance(strict, **keys(strict)).new_dynamodb_client()
    strict.reset_counters()
    client.list_tables()
    assert "amz-sdk-request" in headers(strict, "ListTables")


def test_callback_adds_headers(strict: Cluster) -> None:
    contexts: list[HeaderWhitelistContext] = []

    def more(context: HeaderWhitelistContext) -> set[str]:
        contexts.append(context)
        return {"AMZ-SDK-Request"}

    optimization = HeaderOptimizationConfig(enabled=True, whitelist=frozenset({"X-Static"}), whitelist_callback=more)
    config = Config(seed_hosts=strict.addresses, port=strict.port, header_optimization=optimization)
    client = create_client(config, **keys(strict))
    strict.reset_counters()
    client.list_tables()
    (context,) = contexts
    assert context.config is config
    assert (context.auth_enabled, context.compression_enabled) == (True, False)
    assert {"Host", "X-Amz-Target", "Authorization", "X-Static"} <= context.required_headers
    assert {name for name in headers(strict, "ListTables") if name.startswith("amz-")} == {"amz-sdk-request"}


@pytest.mark.parametrize(
    ("user_agent", "sent"),
    [
        ("orders/1.0", {"orders/1.0": 1}),
        (lambda default: f"orders {default}", {f"orders alternator-lb-python/{__version__}": 1}),
        (None, {}),
    ],
)
def test_user_agent_is_sent_as_told(strict: Cluster, balance: Balance, user_agent: Any, sent: dict[str, int]) -> None:
    lb = balance(strict, user_agent=user_agent, **keys(strict))
    client = lb.new_dynamodb_client()
    strict.reset_counters()
    client.list_tables()
    assert seen(strict, "ListTables", "user_agents") == sent
    lb.refresh()
    discovery = [node["localnodes_seen"]["user_agents"] for node in strict.counters()["nodes"]]
    assert set(sent) == {name for names in discovery for name in names}


def test_all_at_once_on_a_patched_client(strict: Cluster, balance: Balance) -> None:
    client = boto3.client("dynamodb", region_name="eu-west-1", endpoint_url="http://127.0.0.1:1", **keys(strict))
    lb = balance(
        strict,
        compression="gzip",
        response_compression="gzip, deflate",
        optimize_headers=True,
        affinity="any_write",
        user_agent="all/1",
    )
    lb.patch_dynamodb_client(client)
    for number in range(6):
        put(client, "items", f"patched {number}", LONG + str(number))
        assert get(client, "items", f"patched {number}") == LONG + str(number)
    lb.unpatch_dynamodb_client(client)
    assert "send" not in vars(client._endpoint.http_session)


@pytest.mark.parametrize("accepted", [None, "gzip"])
def test_answer_that_breaks_off_is_read_elsewhere(cluster: Cluster, balance: Balance, accepted: str | None) -> None:
    """botocore would take the half for the whole, and the item for missing."""
    lb = balance(cluster, policy="round_robin", refresh="manual", response_compression=accepted)
    client = lb.new_dynamodb_client()
    create_table(client)
    put(client, "items", "long", LONG)
    cluster.fault(0, "half_reply", ms=20)
    for _ in range(6):
        assert get(client, "items", "long") == LONG
    for index in (1, 2):
        cluster.fault(index, "half_reply", ms=20)
    with pytest.raises(ConnectionClosedError):
        get(client, "items", "long")


def test_answer_that_cannot_be_read_is_the_nodes_fault(
    strict: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore's parser raises, and asks for no retry: without a report such a node would look idle, and draw all requests."""
    lb = balance(strict, refresh="manual", options={"health.share": "handle"}, **keys(strict))
    client = lb.new_dynamodb_client()
    send = client._endpoint.http_session.send

    def spoil(request: Any) -> Any:
        response = send(request)
        response._content = b"null"
        return response

    monkeypatch.setattr(client._endpoint.http_session, "send", spoil)
    with pytest.raises(AttributeError) as unreadable:
        client.list_tables()
    nodes = lb.statistics()["nodes"]
    assert [sum(node["outcomes"][name] for node in nodes) for name in ("server_error", "cancelled")] == [1, 0]
    assert [node["in_flight"] for node in nodes] == [0, 0, 0]
    monkeypatch.undo()
    with pytest.raises(ZeroDivisionError) as hook:
        client.meta.events.register("before-sign.dynamodb", lambda **_: 1 // 0)
        client.list_tables()
    assert sum(node["outcomes"]["cancelled"] for node in lb.statistics()["nodes"]) == 1
    # Both errors are kept, and their attempts were reported all the same.
    assert isinstance(unreadable.value, AttributeError) and isinstance(hook.value, ZeroDivisionError)


def test_answer_that_does_not_inflate_is_read_elsewhere(
    strict: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = iter([gzip.compress(b"{}")[:-1] + b"?", b"no gzip at all"])
    send = URLLib3Session.send

    def spoil(session: Any, request: Any) -> Any:
        response = send(session, request)
        body = next(broken, None)
        if body is not None:
            response.headers["Content-Encoding"] = "gzip"
            response._content = body
        return response

    client = balance(strict, **keys(strict)).new_dynamodb_client()
    put(client, "items", "sound", "sound")
    monkeypatch.setattr(URLLib3Session, "send", spoil)
    client = balance(strict, **keys(strict), response_compression="gzip").new_dynamodb_client()
    answer = client.get_item(TableName="items", Key={"pk": {"S": "sound"}})
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert answer["Item"]["value"] == {"S": "sound"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"compression": "zstd"}, ["compression", "zstd", "gzip"]),
        ({"response_compression": "br"}, ["response_compression", "br", "deflate"]),
        ({"keep_headers": ["no header"], "optimize_headers": True}, ["headers.keep", "no header"]),
        ({"options": {"compression.level": "11"}}, ["compression.level", "11"]),
        ({"user_agent": "two\nlines"}, ["user_agent"]),
    ],
)
def test_refused_options_are_named(arguments: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AlternatorLB(["127.0.0.1"], **arguments)
    for text in said:
        assert text in str(caught.value)
