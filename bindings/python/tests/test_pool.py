"""The pool for endpoints of any kind: what it promises, and that it does not have the flaws of the one whose interface it has."""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from cluster import eventually

from alternator_lb import ConfigurationError
from alternator_lb.pool import Algorithm, BasicHAAlgorithm, Endpoint, EndpointPool, HAEndpointPool, NoEndpointAvailable

NAMES = ["a", "b", "c", "d"]
# Endpoints that are set aside come back soon.
SHORT = {"health.eject_base_ms": "50", "health.eject_max_ms": "100"}


@dataclass
class Unhashable:
    name: str


def by_name(pool: EndpointPool[Any], name: str) -> Endpoint[Any]:
    return next(endpoint for endpoint in pool.endpoints if endpoint.raw == name)


def fail_often(pool: EndpointPool[Any], *names: str, times: int = 3) -> None:
    for _ in range(times):
        for name in names:
            pool.fail(endpoint=by_name(pool, name))


def never(endpoint: Endpoint[Any]) -> bool:
    return False


def always(endpoint: Endpoint[Any]) -> bool:
    return True


def test_any_objects_are_endpoints_and_equal_ones_count_once() -> None:
    things: list[Any] = [Unhashable("x"), {"host": 1}, "text", 7, Unhashable("x"), None]
    pool = EndpointPool.from_list(things)
    assert [endpoint.raw for endpoint in pool.endpoints] == [Unhashable("x"), {"host": 1}, "text", 7, None]
    assert len(pool) == len(pool.data) == 5
    assert pool.pick() in things
    assert len(EndpointPool.from_list(number for number in range(3))) == 3


@pytest.mark.parametrize(("count", "said"), [(0, "0 endpoints"), (257, "257 endpoints")])
def test_too_few_and_too_many_are_refused(count: int, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        EndpointPool.from_list(range(count))


def test_pick_elects_and_active_tells_who() -> None:
    pool = EndpointPool.from_list(NAMES)
    assert pool.active is None
    picked = pool.pick()
    assert pool.active is by_name(pool, picked)
    elected = pool.elect()
    assert pool.active is elected
    assert {pool.pick() for _ in range(400)} <= set(NAMES)


def test_every_endpoint_gets_its_turn() -> None:
    pool = EndpointPool.from_list(NAMES, options={"policy": "round_robin"})
    assert {pool.pick() for _ in range(8)} == set(NAMES)


def test_failure_is_followed_by_another_endpoint() -> None:
    pool = EndpointPool.from_list(NAMES)
    for _ in range(20):
        first = pool.pick()
        pool.fail()
        assert pool.pick() != first
        pool.succeed(endpoint=by_name(pool, first))


def test_three_failures_in_a_row_isolate() -> None:
    pool = EndpointPool.from_list(NAMES)
    fail_often(pool, "a", times=2)
    assert pool.isolated == []
    fail_often(pool, "a", times=1)
    assert [endpoint.raw for endpoint in pool.isolated] == ["a"] == [endpoint.raw for endpoint in pool.isolated_eps]
    assert [endpoint.raw for endpoint in pool.data] == ["b", "c", "d"]
    assert len(pool) == 3
    assert "a" not in {pool.pick() for _ in range(50)}


def test_at_most_half_are_isolated_by_the_core() -> None:
    pool = EndpointPool.from_list(NAMES)
    fail_often(pool, "a", "b", times=3)
    fail_often(pool, "c", "d", times=5)
    assert len(pool.isolated) <= 2
    assert pool.pick() in NAMES


def test_isolated_endpoint_recovers_by_being_tried() -> None:
    pool = EndpointPool.from_list(NAMES, options=SHORT)
    fail_often(pool, "a")
    pool.recover()
    assert [endpoint.raw for endpoint in pool.isolated] == ["a"], "recovered at once"

    def recovered() -> bool:
        pool.recover()
        return not pool.isolated

    eventually(recovered)

    def tried() -> bool:
        with pool.get_endpoint():
            pass
        pool.elect()
        return by_name(pool, "a").success_count > 0

    eventually(tried)
    assert by_name(pool, "a").failure_count == 0
    assert not by_name(pool, "a").set_aside


def test_endpoint_that_fails_again_stays_away_longer() -> None:
    pool = EndpointPool.from_list(NAMES, options=SHORT)
    fail_often(pool, "a")
    endpoint = by_name(pool, "a")

    def tried_again() -> bool:
        pool.recover()
        if pool.elect() is endpoint:
            return True
        pool.succeed()
        return False

    eventually(tried_again)
    pool.fail()
    assert endpoint.set_aside
    assert not endpoint.may_return
    assert pool.isolated == [endpoint]


# The flaws of the pool whose interface this is.


def test_there_is_one_object_for_an_endpoint() -> None:
    """There: the one in use and the one in the list of all were two, so failures were forgotten."""
    pool = EndpointPool.from_list(NAMES)
    assert all(one is other for one, other in zip(pool.endpoints, pool.data, strict=True))
    fail_often(pool, "a")
    assert pool.isolated == [pool.endpoints[0]]
    assert pool.endpoints[0].failure_count == 3


def test_recovery_does_not_bring_a_clean_twin_back_at_once() -> None:
    pool = EndpointPool.from_list(NAMES)
    fail_often(pool, "a")
    for _ in range(5):
        pool.recover()
        assert len(pool) == 3
        assert "a" not in {pool.pick() for _ in range(20)}


def test_failures_are_forgiven_by_a_success() -> None:
    """There: the count only grew, so three failures in a year isolated."""
    pool = EndpointPool.from_list(NAMES)
    for _ in range(10):
        fail_often(pool, "a", times=2)
        pool.succeed(endpoint=by_name(pool, "a"))
        assert by_name(pool, "a").failure_count == 0
    assert pool.isolated == []
    assert by_name(pool, "a").success_count == 10


def test_score_is_bounded() -> None:
    """There: successes piled up a score that no failure could bring down, and failures one that no success brought up."""
    pool = EndpointPool.from_list(NAMES)
    for _ in range(1000):
        pool.succeed(endpoint=by_name(pool, "a"))
    assert by_name(pool, "a").score == 100
    fail_often(pool, "a", times=1)
    assert by_name(pool, "a").score == 50
    fail_often(pool, "b", times=50)
    assert by_name(pool, "b").score == 0
    pool.succeed(endpoint=by_name(pool, "b"))
    assert by_name(pool, "b").score == 100


def test_pools_do_not_wait_for_each_other() -> None:
    """There: all pools of a process shared one lock."""
    one, other = EndpointPool.from_list(NAMES), EndpointPool.from_list(NAMES)
    inside, done = threading.Event(), threading.Event()

    def slow(endpoints: Sequence[Endpoint[str]]) -> Endpoint[str]:
        inside.set()
        assert done.wait(10)
        return endpoints[0]

    waiting = threading.Thread(target=one.elect, args=(slow,))
    waiting.start()
    assert inside.wait(10)
    for pool in (other, one):
        pool.pick()
        pool.fail()
        pool.recover()
        with pool.get_endpoint():
            pass
    done.set()
    waiting.join()


def test_mark_goes_to_the_endpoint_that_was_used() -> None:
    """There: to the one that happened to be active when the use ended."""
    pool = EndpointPool.from_list(NAMES)
    with pool.get_endpoint(elect_method=lambda endpoints: by_name(pool, "a")) as used:
        pool.elect(lambda endpoints: by_name(pool, "b"))
        raise OSError("down")
    assert used == "a"
    assert by_name(pool, "a").failure_count == 1
    assert by_name(pool, "b").failure_count == 0
    assert pool.active is by_name(pool, "b"), "another election was undone"


def test_each_thread_marks_its_own_pick() -> None:
    pool = EndpointPool.from_list(NAMES)
    first = pool.elect(lambda endpoints: by_name(pool, "a"))
    thread = threading.Thread(target=lambda: pool.elect(lambda endpoints: by_name(pool, "b")))
    thread.start()
    thread.join()
    assert pool.active is by_name(pool, "b")
    pool.fail()
    assert (first.failure_count, by_name(pool, "b").failure_count) == (1, 0)


def test_dead_pool_raises_the_error_and_does_not_loop_for_ever() -> None:
    pool = EndpointPool.from_list(NAMES)
    for _ in range(5):
        uses: list[str] = []
        with pytest.raises(OSError, match="down"):
            while pool.data:
                with pool.get_endpoint() as name:
                    uses.append(name)
                    raise OSError(f"{name} is down")
        assert len(uses) == len(pool.data)
        assert len(set(uses)) == len(uses)


def test_dead_pool_comes_back() -> None:
    pool = EndpointPool.from_list(NAMES, options=SHORT)
    for _ in range(20):
        with pytest.raises(OSError, match="down"):
            while True:
                with pool.get_endpoint():
                    raise OSError("down")
    with pool.get_endpoint():
        pass
    assert any(endpoint.failure_count == 0 for endpoint in pool.endpoints)


# get_endpoint


def test_with_marks_success() -> None:
    pool = EndpointPool.from_list(NAMES)
    with pool.get_endpoint() as name:
        time.sleep(0.01)
    assert by_name(pool, name).success_count == 1
    assert pool._core.health(by_name(pool, name).node_id).estimate_us >= 10_000


def test_active_endpoint_stays_until_it_fails() -> None:
    pool = EndpointPool.from_list(NAMES)
    with pool.get_endpoint() as first:
        pass
    for _ in range(20):
        with pool.get_endpoint() as name:
            assert name == first
    with pool.get_endpoint():
        raise OSError
    with pool.get_endpoint() as second:
        assert second != first


def test_without_reelection_the_active_one_stays() -> None:
    pool = EndpointPool.from_list(NAMES)
    with pool.get_endpoint(auto_reelect=False) as first:
        raise OSError
    assert pool.active is by_name(pool, first)


def test_without_recovery_isolated_ones_stay_so() -> None:
    pool = EndpointPool.from_list(NAMES, options=SHORT)
    fail_often(pool, "a")
    eventually(lambda: by_name(pool, "a").may_return)
    with pool.get_endpoint(auto_recover=False):
        pass
    assert len(pool) == 3

    def recovered() -> bool:
        with pool.get_endpoint():
            pass
        return len(pool) == 4

    eventually(recovered)


def test_exempt_exceptions_go_through_and_count_for_nothing() -> None:
    pool = EndpointPool.from_list(NAMES)
    with pytest.raises(KeyError), pool.get_endpoint(exempt_exceptions=(KeyError, ValueError)) as name:
        raise KeyError
    assert by_name(pool, name).failure_count == 0
    assert pool.active is by_name(pool, name)


def test_what_is_no_exception_goes_through() -> None:
    pool = EndpointPool.from_list(NAMES)
    with pytest.raises(KeyboardInterrupt), pool.get_endpoint() as name:
        raise KeyboardInterrupt
    assert by_name(pool, name).failure_count == 0


# Customisation


def test_functions_per_call() -> None:
    pool = EndpointPool.from_list(NAMES)

    def last(endpoints: Sequence[Endpoint[str]]) -> Endpoint[str]:
        return max(endpoints, key=lambda endpoint: endpoint.raw)

    assert pool.pick(last) == pool.pick(elect_method=last) == "d"
    for _ in range(5):
        pool.fail(isolate_method=never, endpoint=by_name(pool, "d"))
    assert pool.isolated == []
    pool.fail(isolate_method=lambda endpoint: endpoint.raw == "b")
    assert [endpoint.raw for endpoint in pool.isolated] == ["b"]
    pool.recover(method=never)
    assert len(pool) == 3
    pool.recover(method=lambda endpoint: endpoint.success_count == 0)
    assert len(pool) == 4
    with pool.get_endpoint(elect_method=last, isolate_method=always, recover_method=always) as name:
        assert name == "d"
        raise OSError
    assert len(pool) == 4


def test_everything_isolated_is_an_error() -> None:
    pool = EndpointPool.from_list(NAMES)
    pool.fail(isolate_method=always)
    assert pool.data == []
    for use in (pool.pick, pool.elect):
        with pytest.raises(NoEndpointAvailable):
            use()
    with pytest.raises(NoEndpointAvailable) as caught, pool.get_endpoint(recover_method=never):
        pass
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    pool.recover(always)
    assert pool.pick() in NAMES


def test_algorithm_of_ones_own() -> None:
    class FirstFirst(Algorithm[str]):
        def find_best_endpoint(self, endpoints: Sequence[Endpoint[str]]) -> Endpoint[str]:
            return min(endpoints, key=lambda endpoint: endpoint.raw)

        def should_be_isolated(self, endpoint: Endpoint[str]) -> bool:
            return endpoint.failure_count > 0

        def should_be_recovered(self, endpoint: Endpoint[str]) -> bool:
            return endpoint.success_count > 0

    pool = EndpointPool.from_list(NAMES)
    pool.algorithm = FirstFirst()
    with pool.get_endpoint() as name:
        assert name == "a"
    assert pool.pick() == "a"
    with pool.get_endpoint():
        raise OSError
    # It had a success once, and so recovers at once.
    assert pool.pick() == "a"
    fresh = EndpointPool.from_list(NAMES, algorithm=FirstFirst())
    with fresh.get_endpoint():
        raise OSError
    assert [endpoint.raw for endpoint in fresh.isolated] == ["a"]
    assert fresh.pick() == "b"


def test_names_of_the_other_pool() -> None:
    assert HAEndpointPool is EndpointPool
    assert BasicHAAlgorithm is Algorithm


def test_pools_know_nothing_of_each_other() -> None:
    pools = [EndpointPool.from_list(NAMES), EndpointPool.from_list(NAMES)]
    for _ in range(3):
        pools[0].fail(endpoint=by_name(pools[0], "a"))
    assert [by_name(pool, "a").failure_count for pool in pools] == [3, 0]
    assert [len(pool) for pool in pools] == [len(NAMES) - 1, len(NAMES)]


def test_last_failure_is_dated() -> None:
    pool = EndpointPool.from_list(NAMES)
    endpoint = by_name(pool, "a")
    assert endpoint.last_failure_time is None
    pool.fail(endpoint=endpoint)
    assert endpoint.last_failure_time is not None
    assert repr(endpoint) == "<Endpoint 'a', score 50>"


# Threads and processes


def test_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = EndpointPool.from_list(NAMES, options=SHORT)
    down = {"a"}
    done, failed, served = threading.Event(), [], []

    def work() -> None:
        try:
            while not done.is_set():
                with pool.get_endpoint() as name:
                    if name in down:
                        raise OSError(name)
                    served.append(name)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for victim in ("b", "c", "d", "a"):
        before = len(served)
        eventually(lambda before=before: len(served) > before + 200)  # type: ignore[misc]
        down.clear()
        down.add(victim)
    done.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert set(served) - {"a"}


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_pool_works_in_a_forked_child() -> None:
    pool = EndpointPool.from_list(NAMES)
    busy = threading.Event()

    def work() -> None:
        while not busy.is_set():
            pool.pick()
            pool.fail(isolate_method=never)
            pool.succeed()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                try:
                    with pool.get_endpoint():
                        pass
                    pool.recover()
                    os._exit(0)
                finally:
                    os._exit(1)
            deadline = time.monotonic() + 10
            ended = 0
            while not ended and time.monotonic() < deadline:
                ended, status = os.waitpid(pid, os.WNOHANG)
            assert ended, "the child hangs"
            assert os.waitstatus_to_exitcode(status) == 0
    finally:
        busy.set()
        thread.join()
