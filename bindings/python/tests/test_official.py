"""Users of the official client change an import: its names, parameters, fields and defaults are here, and mean the same."""

from __future__ import annotations

import dataclasses
import gc
import inspect
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from cluster import Cluster
from dynamo import create_table, get, put
from official import VERSIONS, offered

import alternator_lb
from alternator_lb import (
    AlternatorClient,
    AlternatorResource,
    Auth,
    ClosedError,
    ClusterScope,
    Config,
    ConfigurationError,
    DatacenterScope,
    Helper,
    KeyRouteAffinityConfig,
    KeyRouteAffinityMode,
    NodeListPollingConfig,
    NoNodesAvailableError,
    RackScope,
    RetryConfig,
    RetryMode,
    TimeoutConfig,
    client,
    close_client,
    close_resource,
    create_client,
    create_resource,
)

# Methods and attributes that are how the official client works inside, not how it is used.
INTERNAL = {"get_localnodes_query"}


def config_for(cluster: Cluster, **fields: Any) -> Config:
    return Config(seed_hosts=cluster.addresses[:1], port=cluster.port, **fields)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_name_is_here(version: str) -> None:
    assert {name for name in offered(version) if not hasattr(alternator_lb, name)} == set()
    assert {name for name in offered(version) if name not in alternator_lb.__all__} == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_parameter_is_accepted(version: str) -> None:
    checked = 0
    for name, entry in offered(version).items():
        ours = getattr(alternator_lb, name)
        accepted = entry.get("parameters")
        if accepted is not None:
            parameters = inspect.signature(ours).parameters
            assert [parameter for parameter in accepted if parameter not in parameters] == [], name
            checked += 1
        if entry["kind"] != "class":
            continue
        for member, parameters_there in entry["members"].items():
            if member in INTERNAL:
                continue
            assert hasattr(ours, member), f"{name}.{member}"
            if parameters_there is not None:
                parameters_here = inspect.signature(getattr(ours, member)).parameters
                assert [there for there in parameters_there if there not in parameters_here] == [], f"{name}.{member}"
                checked += 1
    assert checked > 25


@pytest.mark.parametrize("version", VERSIONS)
def test_fields_have_the_same_defaults(version: str) -> None:
    checked = 0
    for name, entry in offered(version).items():
        if entry["kind"] != "dataclass":
            continue
        required = {"Config": (["h"], 1), "AlternatorConfig": (["h"], 1), "DatacenterScope": ("d",), "RackScope": ("d", "r")}
        kind = getattr(alternator_lb, name)
        if name == "HeaderWhitelistContext":
            assert set(entry["fields"]) <= {field.name for field in dataclasses.fields(kind)}
            continue
        ours = kind(*required.get(name, ()))
        for field, default in entry["fields"].items():
            assert hasattr(ours, field), f"{name}.{field}"
            if default is not None and field != "user_agent":
                assert repr(getattr(ours, field)) == default, f"{name}.{field}"
                checked += 1
    assert checked > 15


@pytest.mark.parametrize("version", VERSIONS)
def test_enumerations_have_the_same_members(version: str) -> None:
    for name, entry in offered(version).items():
        if entry["kind"] == "enum":
            assert set(entry["members"]) <= {member.name for member in getattr(alternator_lb, name)}


def test_errors_are_related_as_there() -> None:
    assert issubclass(ConfigurationError, (alternator_lb.AlternatorError, ValueError))
    assert issubclass(NoNodesAvailableError, alternator_lb.AlternatorError)


def test_client_in_a_with(cluster: Cluster) -> None:
    with client(seeds=cluster.addresses[:1], port=cluster.port) as dynamodb:
        create_table(dynamodb)
        put(dynamodb, "items", "one")
        for _ in range(40):
            assert get(dynamodb, "items", "one") == "v"
    with pytest.raises(ClosedError):
        dynamodb.list_tables()
    with client(config_for(cluster)) as dynamodb:
        assert dynamodb.list_tables()["TableNames"] == ["items"]
    assert sum(1 for requests in cluster.requests() if requests) > 1, "requests stayed on the seed"


def test_client_can_be_entered_again(cluster: Cluster) -> None:
    manager = AlternatorClient(config_for(cluster))
    with pytest.raises(RuntimeError):
        manager.client  # noqa: B018
    for _ in range(2):
        with manager as dynamodb:
            assert manager.client is dynamodb
            dynamodb.list_tables()
    manager.close()


def test_resource_in_a_with(cluster: Cluster) -> None:
    with AlternatorResource(config_for(cluster)) as resource:
        create_table(resource.meta.client)
        table = resource.Table("items")
        table.put_item(Item={"pk": "user123", "n": 5})
        assert table.get_item(Key={"pk": "user123"})["Item"] == {"pk": "user123", "n": 5}
    with pytest.raises(ClosedError):
        table.scan()


def test_created_clients_are_closed_one_by_one(cluster: Cluster) -> None:
    first, second = create_client(config_for(cluster)), create_client(config_for(cluster))
    resource = create_resource(config_for(cluster))
    close_client(first)
    close_client(first)
    with pytest.raises(ClosedError):
        first.list_tables()
    second.list_tables()
    close_resource(resource)
    with pytest.raises(ClosedError):
        list(resource.tables.all())
    close_client(second)


def test_no_thread_is_started(cluster: Cluster) -> None:
    with Helper(config_for(cluster)) as helper:
        helper.client().list_tables()
        assert threading.active_count() == 1


def test_thread_is_an_option_of_the_core(cluster: Cluster) -> None:
    dynamodb = create_client(config_for(cluster, options={"refresh.mode": "thread"}))
    dynamodb.list_tables()
    close_client(dynamodb)


def test_settings_reach_the_sdk(cluster: Cluster) -> None:
    config = config_for(
        cluster,
        retries=RetryConfig(max_attempts=4, mode=RetryMode.ADAPTIVE),
        timeouts=TimeoutConfig(discovery_seconds=3.0, connect_seconds=2.5, read_seconds=10.5),
        max_pool_connections=7,
        aws_region="eu-north-1",
    )
    with AlternatorClient(config) as dynamodb:
        made = dynamodb.meta.config
        assert made.retries == {"mode": "adaptive", "total_max_attempts": 4}
        assert (made.connect_timeout, made.read_timeout, made.max_pool_connections) == (2.5, 10.5, 7)
        assert dynamodb.meta.region_name == "eu-north-1"
    with AlternatorClient(config, region_name="eu-west-1") as dynamodb:
        assert dynamodb.meta.region_name == "eu-west-1"


def test_unsigned_is_the_default_and_static_credentials_sign(
    start_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "alternator")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    cluster = start_cluster("--nodes", "2", "--auth", "enforce")
    good = Auth.static_credentials("alternator", "secret")
    for auth in (None, Auth.disabled(), Auth.static_credentials("alternator", "wrong")):
        with client(config_for(cluster), auth=auth) as dynamodb, pytest.raises(dynamodb.exceptions.ClientError):
            dynamodb.list_tables()
    with client(config_for(cluster), auth=good) as dynamodb:
        dynamodb.list_tables()
    with client(config_for(cluster), aws_access_key_id="alternator", aws_secret_access_key="secret") as dynamodb:
        dynamodb.list_tables()
    never = config_for(cluster, authentication_enabled=False)
    with client(never, auth=good) as dynamodb, pytest.raises(dynamodb.exceptions.ClientError):
        dynamodb.list_tables()


def test_two_kinds_of_credentials_exclude_each_other(cluster: Cluster) -> None:
    with pytest.raises(ConfigurationError, match="aws_access_key_id"):
        create_client(config_for(cluster), auth=Auth.disabled(), aws_access_key_id="a", aws_secret_access_key="b")


def test_missing_seeds_are_named() -> None:
    with pytest.raises(ConfigurationError, match="seeds"):
        client()
    with pytest.raises(ConfigurationError, match="seed_hosts"):
        Config(seed_hosts=[], port=8000)


def test_cluster_that_is_down_is_the_sdks_error(cluster: Cluster) -> None:
    down = Config(seed_hosts=["127.0.0.1"], port=1, retries=RetryConfig(max_attempts=1))
    with client(down) as dynamodb, pytest.raises(EndpointConnectionError):
        dynamodb.list_tables()


def test_scope_without_nodes_is_told_at_once(cluster: Cluster) -> None:
    with pytest.raises(NoNodesAvailableError) as caught:
        create_client(config_for(cluster, routing_scope=DatacenterScope("nowhere")))
    again = pickle.loads(pickle.dumps(caught.value))
    for error in (caught.value, again):
        assert (error.scope_name, error.attempted_hosts) == ("Datacenter", cluster.addresses[:1])
        assert error.last_known_nodes == cluster.addresses[:1]
    helper = Helper(config_for(cluster, routing_scope=RackScope("dc1", "nowhere")))
    with pytest.raises(ConfigurationError, match="nowhere"):
        helper.check_rack_and_datacenter_set_correctly()
    with pytest.raises(NoNodesAvailableError):
        helper.start()


def test_scopes_fall_back_when_told_to(cluster: Cluster) -> None:
    scope = RackScope("dc1", "nowhere", fallback=DatacenterScope("nowhere", fallback=ClusterScope()))
    with Helper(config_for(cluster, routing_scope=scope)) as helper:
        assert sorted(helper.get_nodes()) == cluster.addresses
    with Helper(config_for(cluster, routing_scope=RackScope("dc1", "r2"))) as helper:
        assert helper.get_nodes() == cluster.addresses[1:2]
        assert helper.check_rack_and_datacenter_set_correctly() is True


def test_helper_shows_the_cluster(cluster: Cluster) -> None:
    helper = Helper(config_for(cluster, options={"policy": "round_robin"}))
    assert helper.get_nodes() == helper.get_active_nodes() == helper.get_quarantined_nodes() == []
    with helper:
        assert helper.get_nodes() == helper.get_active_nodes() == cluster.addresses
        assert {helper.next_node() for _ in range(3)} == set(cluster.addresses)
        assert helper.update_live_nodes() is True
        assert helper.check_rack_datacenter_feature_supported() is True
        cluster.kill(1)
        dynamodb, resource = helper.client(), helper.resource()
        for _ in range(6):
            dynamodb.list_tables()
        assert helper.get_quarantined_nodes() == cluster.addresses[1:2]
        assert helper.get_active_nodes() == [cluster.addresses[0], cluster.addresses[2]]
        assert sorted(helper.get_nodes()) == cluster.addresses
        list(resource.tables.all())
    for ended in (dynamodb.list_tables, lambda: list(resource.tables.all())):
        with pytest.raises(ClosedError):
            ended()
    assert helper.get_nodes() == []
    assert helper.start().client().list_tables()["TableNames"] == []
    helper.stop()
    helper.stop()


def test_helper_says_when_the_cluster_cannot_be_asked() -> None:
    helper = Helper(Config(seed_hosts=["127.0.0.1"], port=1))
    assert helper.update_live_nodes() is False


def test_updated_helper_is_another_one(cluster: Cluster) -> None:
    helper = Helper(config_for(cluster))
    smaller = helper.update(config_for(cluster, max_pool_connections=5))
    assert (helper.config.max_pool_connections, smaller.config.max_pool_connections) == (200, 5)
    assert smaller.client().meta.config.max_pool_connections == 5
    signed = helper.update(auth=Auth.static_credentials("a", "b"))
    assert signed.config is helper.config
    assert signed.client().meta.config.signature_version != smaller.client().meta.config.signature_version


@pytest.mark.parametrize("mode", KeyRouteAffinityMode)
def test_helper_knows_partition_keys(cluster: Cluster, mode: KeyRouteAffinityMode) -> None:
    with client(config_for(cluster)) as dynamodb:
        create_table(dynamodb)
    config = config_for(cluster, key_affinity=KeyRouteAffinityConfig(mode, {"told": "id"}))
    with Helper(config) as helper:
        assert helper.get_partition_key_name("told") == "id"
        assert helper.get_partition_key_name("items") == "pk"
        assert helper.get_partition_key_name("none") is None


def test_affinity_of_the_configuration_is_followed(cluster: Cluster) -> None:
    affinity = KeyRouteAffinityConfig(KeyRouteAffinityMode.ANY_WRITE, {"items": "pk"})
    with Helper(config_for(cluster, key_affinity=affinity)) as helper:
        dynamodb = helper.client()
        create_table(dynamodb)
        for _ in range(6):
            put(dynamodb, "items", "one")
    assert len(cluster.counters()["writes"]["items"]["one"]) == 1


def test_backoff_of_the_configuration_is_waited_for(cluster: Cluster) -> None:
    class Patient:
        def delay_seconds(self, attempt: int) -> float:
            asked.append(attempt)
            return 3600

    asked: list[int] = []
    for index in range(3):
        cluster.fault(index, "error", status=500, operation="DescribeTable")
    affinity = KeyRouteAffinityConfig(KeyRouteAffinityMode.ANY_WRITE, discovery_backoff=Patient())
    config = config_for(cluster, key_affinity=affinity)
    with client(config) as dynamodb:
        with client(config_for(cluster)) as other:
            create_table(other)
        for _ in range(60):
            put(dynamodb, "items", "one")
    nodes = cluster.counters()["nodes"]
    assert sum(node["operations"].get("DescribeTable", {}).get("requests", 0) for node in nodes) == 1
    assert asked == [1]


def test_refresh_intervals_are_followed(cluster: Cluster) -> None:
    polling = NodeListPollingConfig(active_interval_ms=100, idle_interval_ms=100)
    with Helper(config_for(cluster, node_list_polling=polling)) as helper:
        dynamodb = helper.client()
        added = cluster.add("dc1", "r1")
        for _ in range(2000):
            dynamodb.list_tables()
            if added["address"] in helper.get_nodes():
                break
        assert added["address"] in helper.get_nodes()


def test_helper_and_clients_are_collected(cluster: Cluster) -> None:
    helper = Helper(config_for(cluster)).start()
    dynamodb = helper.client()
    created = create_client(config_for(cluster))
    gone = [weak for weak in map(_weak, (helper, dynamodb, created))]
    del helper, dynamodb, created
    gc.collect()
    assert [weak() for weak in gone] == [None, None, None]


def _weak(thing: Any) -> Any:
    import weakref

    return weakref.ref(thing)
