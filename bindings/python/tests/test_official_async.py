"""The asyncio half of the official client's interface."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cluster import Cluster
from test_async import asynchronously, create_table, eventually, get, put

import alternator_lb
from alternator_lb import (
    TLS,
    AsyncAlternatorClient,
    AsyncHelper,
    Auth,
    ClosedError,
    Config,
    ConfigurationError,
    DatacenterScope,
    KeyRouteAffinityConfig,
    KeyRouteAffinityMode,
    NoNodesAvailableError,
    RackScope,
    ResponseCompression,
    RetryConfig,
    RetryMode,
    TimeoutConfig,
    async_client,
    close_async_client,
    create_async_client,
)


def config_for(cluster: Cluster, **fields: Any) -> Config:
    return Config(seed_hosts=cluster.addresses[:1], port=cluster.port, **fields)


def test_names_are_in_the_module_too() -> None:
    for name in async_client.__all__:
        assert getattr(async_client, name) is getattr(alternator_lb, name)


@asynchronously
async def test_client_in_an_async_with(cluster: Cluster) -> None:
    manager = AsyncAlternatorClient(config_for(cluster))
    with pytest.raises(RuntimeError):
        manager.client  # noqa: B018
    async with manager as client:
        assert manager.client is client
        await create_table(client)
        await put(client, "one")
        for _ in range(30):
            assert await get(client, "one") == "v"
    with pytest.raises(ClosedError):
        await client.list_tables()
    assert sum(1 for requests in cluster.requests() if requests) > 1, "requests stayed on the seed"


@asynchronously
async def test_created_client_is_closed(cluster: Cluster) -> None:
    client = await create_async_client(config_for(cluster))
    await client.list_tables()
    await close_async_client(client)
    await close_async_client(client)
    with pytest.raises(ClosedError):
        await client.list_tables()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


@asynchronously
async def test_settings_reach_the_sdk(cluster: Cluster) -> None:
    config = config_for(
        cluster,
        retries=RetryConfig(max_attempts=4, mode=RetryMode.ADAPTIVE),
        timeouts=TimeoutConfig(discovery_seconds=3.0, connect_seconds=2.5, read_seconds=10.5),
        max_pool_connections=7,
        aws_region="eu-north-1",
    )
    async with AsyncAlternatorClient(config) as client:
        made = client.meta.config
        assert made.retries == {"mode": "adaptive", "total_max_attempts": 4}
        assert (made.connect_timeout, made.read_timeout, made.max_pool_connections) == (2.5, 10.5, 7)
        assert client.meta.region_name == "eu-north-1"


@asynchronously
async def test_everything_on_the_wire_with_signatures_enforced(start_cluster: Any) -> None:
    cluster = start_cluster("--nodes", "3", "--auth", "enforce")
    auth = Auth.static_credentials("alternator", "secret")
    config = (
        alternator_lb.AlternatorConfigBuilder()
        .with_seeds(*cluster.addresses)
        .with_port(cluster.port)
        .with_compression(alternator_lb.CompressionAlgorithm.GZIP, min_size=100)
        .with_response_compression(ResponseCompression.GZIP, ResponseCompression.DEFLATE)
        .with_header_optimization({"X-Kept"})
        .with_user_agent("orders/1.0")
        .with_key_affinity(KeyRouteAffinityMode.ANY_WRITE)
        .build()
    )
    async with AsyncAlternatorClient(config, auth=auth) as client:
        await create_table(client)
        for number in range(6):
            await put(client, str(number), "long " * 3000)
            assert await get(client, str(number)) == "long " * 3000
    found = [node["operations"] for node in cluster.counters()["nodes"]]
    puts = [operations["PutItem"] for operations in found if "PutItem" in operations]
    assert {coding for seen in puts for coding in seen["content_encodings"]} == {"gzip"}
    assert {coding for seen in puts for coding in seen["accept_encodings"]} == {"gzip, deflate"}
    assert {agent for seen in puts for agent in seen["user_agents"]} == {"orders/1.0"}
    needed = {"accept-encoding", "authorization", "content-encoding", "content-length", "content-type", "host"}
    assert {header for seen in puts for header in seen["headers"]} == needed | {"user-agent", "x-amz-date", "x-amz-target"}
    async with AsyncAlternatorClient(config) as client:
        with pytest.raises(client.exceptions.ClientError):
            await client.list_tables()


@asynchronously
async def test_no_user_agent_is_sent_when_there_is_to_be_none(cluster: Cluster) -> None:
    async with AsyncAlternatorClient(config_for(cluster, user_agent=None)) as client:
        await client.list_tables()
    nodes = cluster.counters()["nodes"]
    assert {agent for node in nodes for agent in node["operations"].get("ListTables", {}).get("user_agents", {})} == set()
    assert {agent for node in nodes for agent in node["localnodes_seen"]["user_agents"]} == set()


@asynchronously
async def test_tls_serves_discovery_and_requests(start_cluster: Any, tmp_path: Any) -> None:
    cluster = start_cluster("--nodes", "2", "--mtls")
    log = tmp_path / "keys"
    tls = TLS(
        custom_ca_cert_paths=[cluster.start["untrusted_ca_file"], cluster.start["ca_file"]],
        client_cert_path=cluster.start["client_cert"],
        client_key_path=cluster.start["client_key"],
        key_log_file_path=log,
    )
    config = config_for(cluster, scheme="https", tls=tls, options={"refresh.active_ms": "100"})
    async with AsyncHelper(config) as helper:
        client = await helper.client()
        before = log.read_text().count("CLIENT_TRAFFIC_SECRET_0")
        cluster.reset_counters()
        await client.list_tables()
        assert log.read_text().count("CLIENT_TRAFFIC_SECRET_0") > before
        added = cluster.add("dc1", "r1")
        for _ in range(500):
            await client.list_tables()
            if added["address"] in helper.get_nodes():
                break
        assert added["address"] in helper.get_nodes(), "discovery on the loop does not work over TLS"


@pytest.mark.parametrize(
    ("tls", "works"),
    [
        (lambda start: TLS.with_custom_ca(start["ca_file"]), True),
        (lambda start: TLS.with_custom_ca(start["untrusted_ca_file"]), False),
        (lambda start: TLS.system_default(), False),
        (lambda start: TLS.trust_all(), True),
    ],
)
@asynchronously
async def test_whom_tls_trusts(start_cluster: Any, tls: Any, works: bool) -> None:
    cluster = start_cluster("--nodes", "1", "--https")
    config = config_for(cluster, scheme="https", tls=tls(cluster.start), retries=RetryConfig(max_attempts=1))
    async with AsyncHelper(config) as helper:
        assert await helper.update_live_nodes() is works
        client = await helper.client()
        if works:
            await client.list_tables()
        else:
            with pytest.raises(Exception, match=r"(?i)ssl|certificate"):
                await client.list_tables()


@asynchronously
async def test_host_name_alone_is_not_checked(start_cluster: Any) -> None:
    cluster = start_cluster("--nodes", "1", "--https")
    cluster.fault(0, "tls_wrong_name")
    ca = [cluster.start["ca_file"]]
    for tls, works in ((TLS(ca), False), (TLS(ca, verify_hostname=False), True)):
        async with AsyncHelper(config_for(cluster, scheme="https", tls=tls)) as helper:
            assert await helper.update_live_nodes() is works
            client = await helper.client()
            if works:
                await client.list_tables()
            else:
                with pytest.raises(Exception, match=r"(?i)ssl|certificate"):
                    await client.list_tables()


@asynchronously
async def test_helper_shows_the_cluster(cluster: Cluster) -> None:
    helper = AsyncHelper(config_for(cluster, options={"policy": "round_robin"}))
    assert helper.get_nodes() == helper.get_active_nodes() == helper.get_quarantined_nodes() == []
    async with helper:
        assert helper.get_nodes() == helper.get_active_nodes() == cluster.addresses
        assert {await helper.next_node() for _ in range(3)} == set(cluster.addresses)
        assert await helper.update_live_nodes() is True
        assert await helper.check_rack_datacenter_feature_supported() is True
        assert await helper.check_rack_and_datacenter_set_correctly() is True
        cluster.kill(1)
        client = await helper.client()
        for _ in range(6):
            await client.list_tables()
        await eventually(lambda: helper.get_quarantined_nodes() == cluster.addresses[1:2])
        assert helper.get_active_nodes() == [cluster.addresses[0], cluster.addresses[2]]
    with pytest.raises(ClosedError):
        await client.list_tables()
    assert helper.get_nodes() == []
    assert (await (await (await helper.start()).client()).list_tables())["TableNames"] == []
    await helper.stop()
    await helper.stop()


@asynchronously
async def test_updated_helper_is_another_one(cluster: Cluster) -> None:
    helper = AsyncHelper(config_for(cluster))
    async with helper.update(config_for(cluster, max_pool_connections=5)) as smaller:
        assert (helper.config.max_pool_connections, smaller.config.max_pool_connections) == (200, 5)
        assert (await smaller.client()).meta.config.max_pool_connections == 5
    async with helper.update(auth=Auth.static_credentials("a", "b")) as signed:
        assert signed.config is helper.config
        await (await signed.client()).list_tables()


@asynchronously
async def test_tasks_that_start_a_helper_at_once_share_it(cluster: Cluster) -> None:
    helper = AsyncHelper(config_for(cluster))
    clients = await asyncio.gather(*(helper.client() for _ in range(5)))
    await asyncio.gather(*(client.list_tables() for client in clients))
    await helper.stop()
    for client in clients:
        with pytest.raises(ClosedError):
            await client.list_tables()


@asynchronously
async def test_helper_knows_partition_keys(cluster: Cluster) -> None:
    affinity = KeyRouteAffinityConfig(KeyRouteAffinityMode.RMW, {"told": "id"})
    async with AsyncHelper(config_for(cluster, key_affinity=affinity)) as helper:
        async with AsyncAlternatorClient(config_for(cluster)) as other:
            await create_table(other)
        assert await helper.get_partition_key_name("told") == "id"
        assert await helper.get_partition_key_name("items") == "pk"
        assert await helper.get_partition_key_name("none") is None


@asynchronously
async def test_scope_without_nodes_is_told_at_once(cluster: Cluster) -> None:
    with pytest.raises(NoNodesAvailableError):
        await create_async_client(config_for(cluster, routing_scope=DatacenterScope("nowhere")))
    helper = AsyncHelper(config_for(cluster, routing_scope=RackScope("dc1", "nowhere")))
    with pytest.raises(ConfigurationError, match="nowhere"):
        await helper.check_rack_and_datacenter_set_correctly()
    down = AsyncHelper(Config(seed_hosts=["127.0.0.1"], port=1))
    assert await down.update_live_nodes() is False
    await down.stop()
