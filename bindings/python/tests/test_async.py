"""aiobotocore: clients patched and made, discovery on their loop, cancelled tasks, keys; and nothing blocks the loop."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiobotocore.session
import boto3
import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from cluster import Cluster

from alternator_lb import AlternatorError, AlternatorLB, AsyncAlternatorLB, ClosedError, ConfigurationError, _patches
from alternator_lb._async_hooks import AsyncHooks

Balance = Callable[..., AlternatorLB]
MODES = ("standard", "legacy", "adaptive")
SIGNED: Any = {"region_name": "us-east-1", "aws_access_key_id": "id", "aws_secret_access_key": "secret"}


def asynchronously(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs an async test on a loop of its own."""
    import functools

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))  # type: ignore[arg-type]

    return run


def over(cluster: Cluster, **arguments: Any) -> AsyncAlternatorLB:
    return AsyncAlternatorLB(**{"nodes": cluster.addresses, "port": cluster.port, "scheme": cluster.scheme, **arguments})


@asynccontextmanager
async def plain_client(cluster: Cluster, **config: Any) -> AsyncIterator[Any]:
    """As a program has it before it knows of this package: of the second node alone."""
    session = aiobotocore.session.get_session()
    options = {"endpoint_url": cluster.urls[1], **SIGNED}
    async with session.create_client("dynamodb", config=AioConfig(**config), **options) as client:
        yield client


async def create_table(client: Any, name: str = "items") -> None:
    await client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


async def put(client: Any, key: str, value: str = "v") -> Any:
    return await client.put_item(TableName="items", Item={"pk": {"S": key}, "value": {"S": value}})


async def get(client: Any, key: str) -> str:
    answer = await client.get_item(TableName="items", Key={"pk": {"S": key}})
    value: str = answer["Item"]["value"]["S"]
    return value


async def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        await asyncio.sleep(0.01)
    return value


async def until(condition: Callable[[], Any], step: Callable[[], Awaitable[Any]], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        await step()


def noted_pauses(client: Any) -> list[float]:
    """The pauses that aiobotocore makes before retries; they are noted instead of slept."""
    noted: list[float] = []

    async def note(seconds: float) -> None:
        noted.append(seconds)

    client._endpoint._sleep = note
    return noted


def used(cluster: Cluster) -> int:
    return sum(1 for requests in cluster.requests() if requests)


def outcomes(lb: Any, kind: str) -> int:
    return sum(node["outcomes"][kind] for node in lb.statistics()["nodes"])


@contextmanager
def watched_loop(longest: float) -> Iterator[list[str]]:
    """Watches the loop of this thread from another one: collects the stacks of our calls in which it was stuck for too long."""
    loop, main = asyncio.get_running_loop(), threading.get_ident()
    beat, ended, stuck = [time.monotonic()], threading.Event(), []

    def tick() -> None:
        beat[0] = time.monotonic()
        if not ended.is_set():
            loop.call_later(0.002, tick)

    def watch() -> None:
        seen: tuple[object, ...] = ()
        since = 0.0
        while not ended.wait(0.002):
            frame = sys._current_frames()[main]
            # A native call, or a wait of ours, has one of our functions on top; the SDK's own work has not.
            ours = "/alternator_lb/" in frame.f_code.co_filename
            now, place = time.monotonic(), (beat[0], frame.f_code, frame.f_lasti)
            if place != seen or not ours:
                seen, since = place, now
            elif now - since > longest:
                stuck.append("".join(traceback.format_stack(frame)))
                since = now

    watcher = threading.Thread(target=watch)
    tick()
    watcher.start()
    try:
        yield stuck
    finally:
        ended.set()
        watcher.join()


@asynchronously
async def test_existing_client_is_patched_and_unpatched(calm_cluster: Cluster) -> None:
    async with over(calm_cluster, policy="round_robin") as lb, plain_client(calm_cluster) as client:
        lb.patch_dynamodb_client(client)
        lb.patch_dynamodb_client(client)
        calm_cluster.reset_counters()
        for _ in range(9):
            await client.list_tables()
        assert calm_cluster.requests() == [3, 3, 3]
        lb.unpatch_dynamodb_client(client)
        calm_cluster.reset_counters()
        for _ in range(9):
            await client.list_tables()
        assert calm_cluster.requests() == [0, 9, 0]
        session = client._endpoint.http_session
        assert not {"send", "_get_session"} & vars(session).keys()
        assert "make_request" not in vars(client._endpoint)


@asynchronously
async def test_new_clients_share_a_balancer_and_end_with_it(calm_cluster: Cluster) -> None:
    async with over(calm_cluster, nodes=calm_cluster.addresses[:1]) as lb:
        await lb.refresh()
        first, second = await lb.new_dynamodb_client(), await lb.new_dynamodb_client(region_name="eu-west-1")
        assert (first.meta.region_name, second.meta.region_name) == ("us-east-1", "eu-west-1")
        calm_cluster.reset_counters()
        await asyncio.gather(*(client.list_tables() for client in [first, second] * 30))
        assert used(calm_cluster) == 3
    with pytest.raises(ClosedError, match="AsyncAlternatorLB is closed"):
        await first.list_tables()
    with pytest.raises(ClosedError):
        await lb.new_dynamodb_client()


@asynchronously
async def test_session_patches_what_it_makes(calm_cluster: Cluster) -> None:
    session = aiobotocore.session.get_session()
    options = {"endpoint_url": calm_cluster.urls[1], **SIGNED}
    async with over(calm_cluster, policy="round_robin") as lb:
        lb.patch_session(session)
        async with session.create_client("dynamodb", **options) as client, session.create_client("sts", **SIGNED):
            calm_cluster.reset_counters()
            for _ in range(6):
                await client.list_tables()
            assert calm_cluster.requests() == [2, 2, 2]
        lb.unpatch_session(session)
        async with session.create_client("dynamodb", **options) as client:
            calm_cluster.reset_counters()
            await client.list_tables()
            assert calm_cluster.requests() == [0, 1, 0]


@asynchronously
async def test_discovery_runs_with_the_requests(start_cluster: Any) -> None:
    cluster = start_cluster("--nodes", "2")
    async with over(cluster, nodes=cluster.addresses[:1], options={"refresh.active_ms": "100"}) as lb:
        client = await lb.new_dynamodb_client()
        await until(lambda: sorted(lb.nodes) == cluster.urls, client.list_tables)
        added = cluster.add("dc1", "r1")
        await until(lambda: added["url"] in lb.nodes, client.list_tables)
        cluster.call("DELETE", f"/nodes/{added['index']}")
        await until(lambda: added["url"] not in lb.nodes, client.list_tables)
        seen = [node["localnodes_seen"]["user_agents"] for node in cluster.counters()["nodes"]]
        assert {name for agents in seen for name in agents} == {"alternator-lb-python/0.1.0"}


@asynchronously
async def test_hung_seeds_do_not_hold_discovery_up(start_cluster: Any) -> None:
    cluster = start_cluster("--nodes", "6")
    for index in range(5):
        cluster.stop(index)
    async with over(cluster, options={"discovery.stall_ms": "50"}) as lb:
        driver = lb.driver
        assert driver is not None
        await asyncio.wait_for(driver().start_round(), 1.5)
        assert lb.statistics()["list_known"]


@asynchronously
async def test_nodes_that_are_back_are_found_by_probes_on_the_loop(cluster: Cluster) -> None:
    cluster.settings(gossip_delay_ms=600_000)
    options = {"refresh.active_ms": "100", "health.eject_base_ms": "100", "health.eject_max_ms": "200"}
    async with over(cluster, options=options) as lb:
        client = await lb.new_dynamodb_client()
        cluster.kill(1)
        await until(lambda: any(node["set_aside"] for node in lb.statistics()["nodes"]), client.list_tables)
        cluster.restart(1)
        await until(lambda: not any(node["set_aside"] for node in lb.statistics()["nodes"]), client.list_tables)
        assert cluster.counters()["nodes"][1]["health"] > 0


@asynchronously
async def test_no_thread_is_started(cluster: Cluster) -> None:
    async with over(cluster, options={"refresh.active_ms": "100"}) as lb, plain_client(cluster) as client:
        lb.patch_dynamodb_client(client)
        await client.list_tables()
        # aiobotocore itself reads certificates on a thread of the loop's executor, once.
        before = threading.active_count()
        for _ in range(100):
            await client.list_tables()
        assert threading.active_count() == before
        assert lb.statistics()["refresh"]["rounds"] > 0


@pytest.mark.parametrize("hung", [False, True])
@asynchronously
async def test_nothing_blocks_the_loop(cluster: Cluster, hung: bool) -> None:
    options = {"refresh.active_ms": "100"}
    async with over(cluster, affinity="any_write", options=options) as lb:
        client = await lb.new_dynamodb_client(config=AioConfig(read_timeout=0.3, connect_timeout=0.3))
        await create_table(client)
        if hung:
            cluster.stop(0)
        with watched_loop(0.15) as stuck:
            until_then = time.monotonic() + 3
            while time.monotonic() < until_then:
                await asyncio.gather(*(put(client, f"key{number}") for number in range(8)))
        assert stuck == []
        assert lb.statistics()["refresh"]["rounds"] >= 2


@asynchronously
async def test_the_watchdog_barks(cluster: Cluster) -> None:
    """What blocks is seen: here a discovery that does its I/O in the pick."""
    lb = AlternatorLB(cluster.addresses, port=cluster.port, options={"refresh.active_ms": "100"})
    lb.blocks = False
    for index in range(3):
        cluster.fault(index, "slow", ms=400, path="localnodes")
    async with plain_client(cluster) as client:
        lb.patch_dynamodb_client(client)
        with watched_loop(0.15) as stuck:
            await client.list_tables()
    assert stuck


@asynchronously
async def test_inline_balancer_refuses_clients_of_a_loop(calm_cluster: Cluster, balance: Balance) -> None:
    async with plain_client(calm_cluster) as client:
        with pytest.raises(ConfigurationError, match="refresh='inline'"):
            balance(calm_cluster).patch_dynamodb_client(client)
        for refresh in ("thread", "manual"):
            lb = balance(calm_cluster, refresh=refresh, policy="round_robin")
            lb.patch_dynamodb_client(client)
            calm_cluster.reset_counters()
            for _ in range(6):
                await client.list_tables()
            assert used(calm_cluster) == 3
            lb.unpatch_dynamodb_client(client)
    async with over(calm_cluster) as own:
        with pytest.raises(ConfigurationError, match="AlternatorLB"):
            own.patch_dynamodb_client(boto3.client("dynamodb", **SIGNED))


@pytest.mark.parametrize("mode", MODES)
@asynchronously
async def test_killed_node_costs_one_immediate_retry_elsewhere(cluster: Cluster, mode: str) -> None:
    cluster.settings(gossip_delay_ms=600_000)
    async with over(cluster, policy="round_robin", refresh="manual") as lb:
        client = await lb.new_dynamodb_client(config=AioConfig(retries={"mode": mode, "total_max_attempts": 4}))
        pauses = noted_pauses(client)
        await create_table(client)
        cluster.kill(1)
        retries = [(await put(client, str(number)))["ResponseMetadata"]["RetryAttempts"] for number in range(12)]
        assert set(retries) == {0, 1}
        assert pauses == [0] * sum(retries)
        assert outcomes(lb, "refused") == sum(retries)
        for number in range(12):
            assert await get(client, str(number)) == "v"


@pytest.mark.parametrize("mode", MODES)
@asynchronously
async def test_throttling_keeps_the_sdks_pause(cluster: Cluster, mode: str) -> None:
    for index in range(3):
        cluster.fault(index, "error", status=400, error_type="ThrottlingException")
    async with over(cluster, refresh="manual") as lb:
        client = await lb.new_dynamodb_client(config=AioConfig(retries={"mode": mode, "total_max_attempts": 3}))
        pauses = noted_pauses(client)
        with pytest.raises(ClientError, match="ThrottlingException"):
            await client.list_tables()
        assert len(pauses) == 2
        assert all(pause > 0 for pause in pauses)
        assert outcomes(lb, "throttled") == 3


@asynchronously
async def test_number_of_attempts_stays_the_sdks(cluster: Cluster) -> None:
    for index in range(3):
        cluster.fault(index, "error", status=500)
    async with over(cluster, refresh="manual") as lb:
        client = await lb.new_dynamodb_client(config=AioConfig(retries={"mode": "standard", "total_max_attempts": 2}))
        with pytest.raises(ClientError, match="reached max retries: 1"):
            await client.list_tables()
        assert sum(cluster.requests()) == 2


@asynchronously
async def test_hung_node_is_left_after_the_timeout(cluster: Cluster) -> None:
    async with over(cluster, policy="round_robin", refresh="manual") as lb:
        client = await lb.new_dynamodb_client(config=AioConfig(read_timeout=0.5))
        cluster.stop(0)
        began = time.monotonic()
        for _ in range(3):
            await client.list_tables()
        assert 0.5 <= time.monotonic() - began < 1.5
        assert outcomes(lb, "timeout") == 1


@asynchronously
async def test_cancelled_task_is_reported_at_once(cluster: Cluster) -> None:
    for index in range(3):
        cluster.fault(index, "hang")
    async with over(cluster, refresh="manual") as lb:
        client = await lb.new_dynamodb_client()
        gc.disable()
        try:
            # The task object is kept, and with it every frame of its request.
            tasks = [asyncio.create_task(client.list_tables()) for _ in range(5)]
            await eventually(lambda: sum(cluster.requests()) == 5)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert outcomes(lb, "cancelled") == 5
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.list_tables(), 0.2)
            assert outcomes(lb, "cancelled") == 6
        finally:
            gc.enable()


@asynchronously
async def test_task_that_is_cancelled_between_attempts_leaves_nothing_open(cluster: Cluster) -> None:
    for index in range(3):
        cluster.fault(index, "error", status=500)
    async with over(cluster, refresh="manual") as lb:
        client = await lb.new_dynamodb_client()
        slept = asyncio.Event()

        async def sleep(seconds: float) -> None:
            slept.set()
            await asyncio.sleep(60)

        client._endpoint._sleep = sleep
        task = asyncio.create_task(client.list_tables())
        await slept.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (outcomes(lb, "server_error"), outcomes(lb, "cancelled")) == (1, 1)
        assert [node["in_flight"] for node in lb.statistics()["nodes"]] == [0, 0, 0]


@asynchronously
async def test_hung_node_does_not_take_all_connections(cluster: Cluster) -> None:
    """A client of ten connections, as aiobotocore makes it, and thirty requests for a node that does not answer."""
    patient = {"max_pool_connections": 10, "read_timeout": 2.5, "retries": {"total_max_attempts": 1}}
    async with (
        over(cluster, refresh="manual", policy="round_robin", options={"health": "off"}) as lb,
        plain_client(cluster, **patient) as client,
    ):
        lb.patch_dynamodb_client(client)
        await client.list_tables()
        cluster.stop(0)
        began = time.monotonic()

        async def timed() -> float:
            try:
                await client.list_tables()
            except (ReadTimeoutError, EndpointConnectionError):
                return 99.0
            return time.monotonic() - began

        took = sorted(await asyncio.gather(*(timed() for _ in range(90))))
    assert took[59] < 2, "requests for nodes that are well waited for the one that hangs"
    assert took[60] == 99.0


@asynchronously
async def test_each_node_is_connected_to_once(start_cluster: Any) -> None:
    cluster = start_cluster("--nodes", "12", "--engine", "canned")
    async with over(cluster, policy="round_robin", refresh="manual") as lb:
        client = await lb.new_dynamodb_client()
        cluster.reset_counters()
        for _ in range(60):
            await client.list_tables()
        nodes = cluster.counters()["nodes"]
        assert [node["requests"] for node in nodes] == [5] * 12
        assert [node["connections"]["opened"] for node in nodes] == [1] * 12


@asynchronously
async def test_writes_go_by_key_and_keys_are_learned_by_a_task(cluster: Cluster) -> None:
    async with over(cluster) as plain:
        await create_table(await plain.new_dynamodb_client())
    async with over(cluster, affinity="any_write") as lb:
        client = await lb.new_dynamodb_client()
        for index in range(3):
            cluster.fault(index, "slow", ms=300, operation="DescribeTable")
        began = time.monotonic()
        await put(client, "one")
        assert time.monotonic() - began < 0.25, "the write waited for the DescribeTable"
        assert lb.get_partition_key_name("items") is None
        await eventually(lambda: lb.get_partition_key_name("items") == "pk")
        cluster.reset_counters()
        await asyncio.gather(*(put(client, "one") for _ in range(20)))
        assert len(cluster.counters()["writes"]["items"]["one"]) == 1
        assert lb.statistics()["affinity"]["routed"]["by_key"] == 20


@asynchronously
async def test_manual_mode_does_what_it_is_told_to(cluster: Cluster) -> None:
    async with over(cluster) as plain:
        await create_table(await plain.new_dynamodb_client())
    async with over(cluster, nodes=cluster.addresses[:1], affinity="any_write", refresh="manual") as lb:
        client = await lb.new_dynamodb_client()
        for _ in range(3):
            await put(client, "one")
        assert (lb.nodes, lb.get_partition_key_name("items")) == (cluster.urls[:1], None)
        await lb.refresh()
        assert (lb.nodes, lb.get_partition_key_name("items")) == (cluster.urls, "pk")


@asynchronously
async def test_describe_that_fails_is_told_and_not_retried(cluster: Cluster) -> None:
    async with over(cluster) as plain:
        await create_table(await plain.new_dynamodb_client())
    for index in range(3):
        cluster.fault(index, "error", status=500, operation="DescribeTable")
    async with over(cluster, affinity="any_write") as lb:
        client = await lb.new_dynamodb_client()
        await put(client, "one")
        await eventually(lambda: "table_key_failed" in {event["kind"] for event in lb.events()})
        nodes = cluster.counters()["nodes"]
        assert sum(node["operations"].get("DescribeTable", {}).get("requests", 0) for node in nodes) == 1


@asynchronously
async def test_refresh_takes_no_thread_and_says_why_it_failed(cluster: Cluster) -> None:
    async with over(cluster, nodes=cluster.addresses[:1]) as lb:
        with watched_loop(0.15) as stuck:
            before = threading.active_count()
            await asyncio.gather(lb.refresh(), lb.refresh())
            assert threading.active_count() == before
        assert (lb.nodes, stuck) == (cluster.urls, [])
        for index in range(3):
            cluster.stop(index)
        with pytest.raises(AlternatorError, match="no round of discovery ended within") as late:
            await lb.refresh(timeout=0.1)
        for index in range(3):
            cluster.kill(index)
        with pytest.raises(AlternatorError, match="no connection could be made") as dead:
            await lb.refresh()
        with pytest.raises(ConfigurationError, match="timeout=-1"):
            await lb.refresh(timeout=-1)
    assert (late.value.code, dead.value.code) == ("ALB_ERR_TIMEOUT", "ALB_ERR_UNREACHABLE")
    with pytest.raises(ClosedError):
        await lb.refresh()


@asynchronously
async def test_refresh_of_a_list_that_is_given_ends_at_once(cluster: Cluster) -> None:
    async with over(cluster, options={"discovery": "static"}) as lb:
        await lb.refresh(timeout=1)
        assert lb.nodes == cluster.urls


@asynchronously
async def test_scope_is_checked_without_stopping_the_loop(calm_cluster: Cluster) -> None:
    async with over(calm_cluster, datacenter="dc1", rack="r2") as lb:
        with watched_loop(0.15) as stuck:
            await lb.refresh()
            await lb.check_if_rack_and_datacenter_set_correctly()
            assert await lb.check_if_rack_datacenter_feature_is_supported() is True
        assert lb.nodes == [calm_cluster.urls[1]]
        assert stuck == []
    async with over(calm_cluster, datacenter="none") as lb:
        with pytest.raises(ValueError, match="none"):
            await lb.check_if_rack_and_datacenter_set_correctly()


def test_balancer_serves_one_loop_after_another(calm_cluster: Cluster) -> None:
    lb = over(calm_cluster, nodes=calm_cluster.addresses[:1], options={"refresh.active_ms": "100"})

    async def use() -> None:
        client = await lb.new_dynamodb_client()
        await until(lambda: len(lb.nodes) == 3, client.list_tables)
        await client.close()
        await lb._driver_here().close()

    asyncio.run(use())
    asyncio.run(use())


@asynchronously
async def test_closing_ends_discovery_in_mid_round(cluster: Cluster) -> None:
    for index in range(3):
        cluster.fault(index, "hang", path="localnodes")
    lb = over(cluster)
    client = await lb.new_dynamodb_client()
    await client.list_tables()
    await eventually(lambda: sum(node["localnodes"] for node in cluster.counters()["nodes"]))
    began = time.monotonic()
    await lb.close()
    assert time.monotonic() - began < 1
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


@asynchronously
async def test_client_whose_session_has_moved_still_works(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    async with over(cluster) as lb, plain_client(cluster) as client:
        session = client._endpoint.http_session
        kept = session.__dict__.pop("_max_pool_connections")
        lb.patch_dynamodb_client(client)
        session._max_pool_connections = kept
        await client.list_tables()
        assert "share one limit" in caplog.text
        assert isinstance(_patches._patched[client], AsyncHooks)


@asynchronously
async def test_attempt_makes_at_most_three_native_calls(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    from dynamo import count_native_calls

    async with over(cluster, affinity="any_write", table_keys={"items": "pk"}, options={"refresh.active_ms": "60000"}) as lb:
        client = await lb.new_dynamodb_client()
        await create_table(client)
        await put(client, "one")
        await asyncio.sleep(0)
        called = count_native_calls(lb.open_core(), monkeypatch)
        await put(client, "one")
        assert [name for name in called if name != "alb_refresh_due_ms"] == [
            "alb_plan_for_request",
            "alb_plan_next",
            "alb_report",
        ]
        assert called.count("alb_refresh_due_ms") <= 1
