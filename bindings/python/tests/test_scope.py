"""Datacenters and racks: which nodes are used, and the two questions about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cluster import Cluster

from alternator_lb import AlternatorLB, NoNodesAvailableError

Balance = Callable[..., AlternatorLB]

PLACES = [("dc1", "r1"), ("dc1", "r2"), ("dc2", "r1")]


@pytest.fixture(scope="module")
def racks() -> Iterator[Cluster]:
    """Six nodes: two in each of dc1/r1, dc1/r2 and dc2/r1."""
    running = Cluster("--nodes", "6", "--topology", ",".join("/".join(place) for place in PLACES))
    yield running
    running.close()


def urls(cluster: Cluster, dc: str, rack: str | None = None) -> list[str]:
    return sorted(node["url"] for node in cluster.nodes if node["dc"] == dc and rack in (None, node["rack"]))


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({"datacenter": "dc1"}, ("dc1", None)),
        ({"datacenter": "dc1", "rack": "r2"}, ("dc1", "r2")),
        ({"datacenter": "dc2", "rack": "r1"}, ("dc2", "r1")),
        ({"scope": "dc:dc2"}, ("dc2", None)),
        ({"scope": ["rack:dc1/nowhere", "dc:dc2"]}, ("dc2", None)),
    ],
)
def test_only_nodes_of_the_scope_get_requests(
    racks: Cluster, balance: Balance, arguments: dict[str, Any], place: tuple[str, str | None]
) -> None:
    lb = balance(racks, nodes=racks.addresses[:1], policy="round_robin", **arguments)
    lb.refresh()
    expected = urls(racks, *place)
    assert sorted(lb.nodes) == expected
    client = lb.new_dynamodb_client()
    racks.reset_counters()
    for _ in range(2 * len(expected)):
        client.list_tables()
    used = [node["url"] for node, requests in zip(racks.nodes, racks.requests(), strict=True) if requests]
    assert sorted(used) == expected


def test_known_places_pass_the_check(racks: Cluster, balance: Balance) -> None:
    for dc, rack in PLACES:
        balance(racks, datacenter=dc).check_if_rack_and_datacenter_set_correctly()
        balance(racks, datacenter=dc, rack=rack).check_if_rack_and_datacenter_set_correctly()


@pytest.mark.parametrize(
    ("arguments", "named"), [({"datacenter": "nowhere"}, "nowhere"), ({"datacenter": "dc1", "rack": "r9"}, "r9")]
)
def test_unknown_place_is_a_value_error_that_names_it(
    racks: Cluster, balance: Balance, arguments: dict[str, str], named: str
) -> None:
    with pytest.raises(ValueError, match=named) as caught:
        balance(racks, **arguments).check_if_rack_and_datacenter_set_correctly()
    assert caught.value.code == "ALB_ERR_SCOPE_UNKNOWN"  # type: ignore[attr-defined]


def test_feature_is_supported(racks: Cluster, balance: Balance) -> None:
    assert balance(racks, datacenter="dc1").check_if_rack_datacenter_feature_is_supported() is True


def test_old_server_does_not_support_the_feature(cluster: Cluster, balance: Balance) -> None:
    cluster.settings(old_server=True)
    assert balance(cluster, datacenter="dc1").check_if_rack_datacenter_feature_is_supported() is False


def test_strict_scope_never_leaves_its_rack(racks: Cluster, balance: Balance) -> None:
    lb = balance(racks, nodes=racks.addresses[:1], datacenter="dc1", rack="nowhere", refresh="manual")
    with pytest.raises(RuntimeError):
        lb.refresh()
    racks.reset_counters()
    client = lb.new_dynamodb_client()
    try:
        for _ in range(10):
            client.list_tables()
    except NoNodesAvailableError:
        pass
    assert sum(racks.requests()[1:]) == 0
