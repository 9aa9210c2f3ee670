"""What the constructor accepts, how it says no, and the life of a balancer."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import weakref
from typing import Any

import boto3
import pytest
from botocore.config import Config

from alternator_lb import AlternatorError, AlternatorLB, ClosedError, ConfigurationError

SEEDS = ["127.0.0.1", "127.0.0.2"]


def manual(**arguments: Any) -> AlternatorLB:
    return AlternatorLB(SEEDS, refresh="manual", **arguments)


def test_rack_needs_a_datacenter() -> None:
    with pytest.raises(ValueError, match="rack='r1' needs a datacenter"):
        AlternatorLB(SEEDS, rack="r1")


def test_scope_and_datacenter_exclude_each_other() -> None:
    with pytest.raises(ConfigurationError, match="exclude each other"):
        AlternatorLB(SEEDS, datacenter="dc1", scope="dc:dc1>cluster")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"options": {"no.such.option": "1"}}, ["no.such.option"]),
        ({"options": {"refresh.active_ms": "soon"}}, ["refresh.active_ms", "soon", "milliseconds"]),
        ({"port": 70000}, ["port", "70000", "65535"]),
        ({"scheme": "gopher"}, ["scheme", "gopher", "http or https"]),
        ({"policy": "fastest"}, ["policy", "fastest", "round_robin"]),
        ({"refresh": "sometimes"}, ["refresh.mode", "sometimes", "inline"]),
        ({"verify": "maybe"}, ["tls.verify", "maybe", "no_hostname"]),
        ({"scope": ["rack:dc1"]}, ["scope", "rack:dc1"]),
        ({"nodes": []}, ["seeds"]),
        ({"nodes": ["no such host!"]}, ["seeds", "no such host!"]),
        ({"scheme": "https", "ca_file": "/nonexistent.pem"}, ["tls.ca_file", "/nonexistent.pem"]),
    ],
)
def test_refused_options_name_option_value_and_what_is_accepted(arguments: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AlternatorLB(**{"nodes": SEEDS, **arguments})
    assert isinstance(caught.value, ValueError)
    assert caught.value.status < 0
    assert caught.value.code.startswith("ALB_ERR_")
    for text in said:
        assert text in str(caught.value)


def test_seeds_may_be_one_text_and_may_have_ports() -> None:
    with AlternatorLB("127.0.0.1:9001,[::1]", port=9000, refresh="manual") as lb:
        assert sorted(lb.nodes) == ["http://127.0.0.1:9001", "http://[::1]:9000"]


def test_names_with_separators_reach_the_core_whole() -> None:
    with manual(datacenter="a/b>c%", rack="r/1") as lb:
        assert lb.next_node()


def test_known_nodes_and_next_node() -> None:
    with manual(policy="round_robin") as lb:
        assert sorted(lb.get_known_nodes()) == ["http://127.0.0.1:8000", "http://127.0.0.2:8000"]
        assert {lb.next_node() for _ in range(4)} == set(lb.nodes)


def test_context_manager_closes() -> None:
    with manual() as lb:
        assert lb.nodes
    with pytest.raises(ClosedError):
        lb.nodes  # noqa: B018


def test_every_use_after_close_raises() -> None:
    lb = manual()
    client = lb.new_dynamodb_client()
    lb.close()
    lb.close()
    uses = [
        lb.next_node,
        lb.get_known_nodes,
        lb.statistics,
        lb.events,
        lb.refresh,
        lb.check_if_rack_and_datacenter_set_correctly,
        lb.check_if_rack_datacenter_feature_is_supported,
        lb.new_dynamodb_client,
        lb.new_dynamodb_resource,
        lb.__enter__,
        lambda: lb.patch_dynamodb_client(boto3.client("dynamodb", region_name="us-east-1")),
        client.list_tables,
    ]
    for use in uses:
        with pytest.raises(ClosedError, match="this AlternatorLB is closed"):
            use()
    assert repr(lb) == "<AlternatorLB closed>"


def test_closing_while_others_pick_never_crashes() -> None:
    for _ in range(20):
        lb = manual()
        began = threading.Barrier(5)
        picked: list[BaseException | None] = []

        def pick(lb: AlternatorLB = lb, began: threading.Barrier = began, picked: list[BaseException | None] = picked) -> None:
            began.wait()
            try:
                while True:
                    lb.next_node()
            except ClosedError as error:
                picked.append(error)

        threads = [threading.Thread(target=pick) for _ in range(4)]
        for thread in threads:
            thread.start()
        began.wait()
        lb.close()
        for thread in threads:
            thread.join(timeout=10)
        assert len(picked) == 4


def test_nothing_is_kept_alive() -> None:
    lb = manual()
    client = lb.new_dynamodb_client()
    core = weakref.ref(lb.open_core())
    del lb
    gc.collect()
    assert core() is not None, "a patched client must keep its balancer"
    del client
    gc.collect()
    assert core() is None


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.deepcopy])
def test_balancer_cannot_be_carried_to_another_process(duplicate: Any) -> None:
    with manual() as lb, pytest.raises(TypeError, match="make one in each process"):
        duplicate(lb)


def test_errors_can_be_pickled() -> None:
    with pytest.raises(ConfigurationError) as caught:
        AlternatorLB([])
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.status, again.code) == (
        ConfigurationError,
        str(caught.value),
        caught.value.status,
        caught.value.code,
    )


def test_negative_timeout_is_refused() -> None:
    with manual() as lb, pytest.raises(ConfigurationError, match="timeout=-1"):
        lb.refresh(timeout=-1)


def test_unreachable_cluster_is_an_error_not_a_wrong_answer() -> None:
    with AlternatorLB(["127.0.0.1"], port=1, refresh="manual", datacenter="dc1") as lb:
        for ask in (
            lb.refresh,
            lb.check_if_rack_and_datacenter_set_correctly,
            lb.check_if_rack_datacenter_feature_is_supported,
        ):
            with pytest.raises(RuntimeError) as caught:
                ask(timeout=5)
            assert isinstance(caught.value, AlternatorError)
            assert not isinstance(caught.value, ValueError)
            assert caught.value.code == "ALB_ERR_UNREACHABLE"


def test_application_sees_the_sdks_own_error_when_no_node_answers() -> None:
    from botocore.exceptions import EndpointConnectionError

    with AlternatorLB(["127.0.0.1"], port=1, refresh="manual") as lb:
        client = lb.new_dynamodb_client(config=Config(retries={"total_max_attempts": 2}))
        with pytest.raises(EndpointConnectionError):
            client.list_tables()
