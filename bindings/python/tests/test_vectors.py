"""The vectors of the official clients, and the server's tokens, through ctypes: keys, plans, draws, orders, discovery, batches.

tests/affinity.rs runs the same files from Rust, tests/c/vectors.c from C; tests/vectors/README.md says what each section proves,
and what is not run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from ctypes import CDLL, byref, c_int64, c_uint32, c_uint64, create_string_buffer
from itertools import count
from typing import Any, NamedTuple

import pytest
from cluster import ROOT

from alternator_lb import _library, _native, errors
from alternator_lb._core import Core

# A bound for draws whose 63 bits are stated, so that many of them count.
BOUND_FOR_RAW_DRAWS = 4079


def read(name: str) -> Any:
    return json.loads((ROOT / "tests" / "vectors" / name).read_text())


CLIENTS = read("official_clients.json")
TOKENS = read("tokens.json")["rows"]
KEYS = read("keys_for_seeds.json")["keys"]
BY_IP = CLIENTS["derived_disagreement_ip_prefix"]
BY_PORT = CLIENTS["derived_disagreement_default_port"]


class Key(NamedTuple):
    kind: int
    value: bytes | None


def string(value: str) -> Key:
    return Key(_native.KEY_S, value.encode())


def key_of_seed(seed: int) -> Key:
    return Key(_native.KEY_B, bytes.fromhex(KEYS[str(seed)]))


def typed(kind: str, text: str | None, digits: str | None) -> Key:
    """A key of a row that has its text, or the hexadecimal digits of its bytes."""
    if kind == "B":
        assert digits is not None
        return Key(_native.KEY_B, bytes.fromhex(digits))
    assert text is not None
    return Key({"S": _native.KEY_S, "N": _native.KEY_N}[kind], text.encode())


class Handle:
    """A handle in `manual` mode, asked by key."""

    def __init__(self, **options: Any) -> None:
        settings = {"refresh.mode": "manual"} | {name.replace("__", "."): str(value) for name, value in options.items()}
        self.library: CDLL = _library.load()
        self.core = Core(self.library, settings.items())

    @classmethod
    def over(cls, nodes: list[str], **options: Any) -> Handle:
        """Over a list that never changes."""
        return cls(seeds=",".join(nodes), discovery="static", **options)

    @classmethod
    def over_numbered(cls, count: int) -> Handle:
        """Over n0000, n0001, ..., of which there may be more than a configuration can name."""
        handle = cls(seeds="seed", scope="dc:one")
        handle.answer(json.dumps([f"n{place:04}" for place in range(count)]))
        assert len(handle.core.nodes()) == count
        return handle

    def ask(self) -> tuple[int, str]:
        """The next request of discovery: its token and URL."""
        token, timeout_ms, url = c_uint64(), c_uint32(), create_string_buffer(_native.URL_CAPACITY)
        length = self.library.alb_discovery_next(self.core.handle, byref(token), url, len(url), byref(timeout_ms), None)
        assert length > 0
        return token.value, url.value.decode()

    def answer(self, body: str) -> None:
        """Answers the handle's first request."""
        token, _ = self.ask()
        data = body.encode()
        assert self.library.alb_discovery_feed(self.core.handle, token, 200, data, len(data), None) == 0

    def node(self, key: Key) -> str:
        value = key.value or b""
        return self.core.urls[self.library.alb_node_for_key(self.core.handle, key.kind, value, len(value), None)]

    def plan(self, key: Key, steps: int) -> list[str]:
        plan, value = _native.Plan(), key.value or b""
        assert self.library.alb_plan_for_key(self.core.handle, key.kind, value, len(value), plan) == 0
        return self._steps(plan, steps)

    def request_plan(self, operation: str, request: dict[str, Any], steps: int) -> list[str]:
        plan, name, body = _native.Plan(), operation.encode(), json.dumps(request).encode()
        assert self.library.alb_plan_for_request(self.core.handle, name, len(name), body, len(body), plan) == 0
        return self._steps(plan, steps)

    def _steps(self, plan: _native.Plan, steps: int) -> list[str]:
        return [self.core.urls[self.library.alb_plan_next(self.core.handle, plan, None)] for _ in range(steps)]

    def statuses(self, key: Key) -> list[int]:
        """What the three calls for keys give."""
        length = len(key.value or b"")
        return [
            self.library.alb_node_for_key(self.core.handle, key.kind, key.value, length, None),
            self.library.alb_plan_for_key(self.core.handle, key.kind, key.value, length, _native.Plan()),
            self.library.alb_token_for_key(key.kind, key.value, length, byref(c_int64())),
        ]


def url(host: str, port: int = 8000, scheme: str = "http") -> str:
    return f"{scheme}://{host}:{port}"


RAW_ROWS = [(row, row["first"]) for row in CLIENTS["raw_plan_insertion_order"]]


@pytest.mark.parametrize(("row", "first"), [*RAW_ROWS, (CLIENTS["go_order_small"], CLIENTS["go_order_small"]["expect"])])
def test_raw_plans_are_the_official_ones(row: dict[str, Any], first: list[str]) -> None:
    # Named so that the sorted order is that of insertion.
    names = {node: f"n{place:02}" for place, node in enumerate(row["input_order"])}
    plan = Handle.over(list(names.values())).plan(key_of_seed(row["seed"]), len(first))
    assert plan == [url(names[node]) for node in first]


@pytest.mark.parametrize("row", CLIENTS["affinity_plan_sorted"])
def test_plans_over_sorted_nodes_are_the_official_ones(row: dict[str, Any]) -> None:
    handle = Handle.over(row["node_hosts"], port=row["port"], scheme=row["scheme"])
    hosts = {host.split(".")[0]: host for host in row["node_hosts"]}
    wanted = [url(hosts[short], row["port"], row["scheme"]) for short in row["first_short_names"]]
    assert handle.plan(key_of_seed(row["seed"]), len(wanted)) == wanted


@pytest.mark.parametrize("row", CLIENTS["first_node_with_seed"])
def test_the_node_for_a_key_is_the_official_first_one(row: dict[str, Any]) -> None:
    handle = Handle.over(row["node_hosts"], port=row["port"])
    assert handle.node(key_of_seed(row["seed"])) == url(row["first"], row["port"])


@pytest.mark.parametrize("row", CLIENTS["derived_canonical_plans"]["rows"])
def test_plans_for_keys_are_canonical_for_every_number_of_nodes(row: dict[str, Any]) -> None:
    handle = Handle.over([f"10.0.{i // 6}.{i % 6 + 1}" for i in reversed(range(row["n"]))])
    assert row["nodes_sorted"] in (None, handle.core.nodes())
    wanted = row["plan_first8"]
    assert handle.plan(string(row["key_S"]), len(wanted)) == wanted
    assert handle.node(string(row["key_S"])) == wanted[0]


def draws_below(bound: int, row: dict[str, Any]) -> list[int]:
    """Draws from one seed below one bound: those stated for the bound, or those stated in full."""
    return row["intn"].get(str(bound)) or [(draw >> 32) % bound for draw in row["int63"]]


@pytest.mark.parametrize("bound", [*map(int, CLIENTS["derived_go_math_rand"][0]["intn"]), BOUND_FOR_RAW_DRAWS])
def test_plans_draw_the_numbers_of_go(bound: int) -> None:
    rows = CLIENTS["derived_go_math_rand"]
    for draw in range(len(draws_below(bound, rows[0]))):
        # Each step has one node less to draw from.
        handle = Handle.over_numbered(bound + draw)
        nodes = handle.core.nodes()
        for row in rows:
            *before, taken = handle.plan(key_of_seed(row["seed"]), draw + 1)
            left = nodes.copy()
            for node in before:
                place = left.index(node)
                left[place] = left[-1]
                left.pop()
            assert taken == left[draws_below(bound, row)[draw]], (row["seed"], draw)


def stated_hashes() -> Iterator[tuple[Key, int]]:
    for row in CLIENTS["attribute_value_hash"]:
        yield typed(row["type"], row.get("value"), row.get("value_hex")), row["hash_signed"]
    for row in [*CLIENTS["derived_canonical_plans"]["rows"], *BY_IP["rows"]]:
        yield string(row["key_S"]), row["hash"]
    for row in CLIENTS["derived_go_batch_seed"]:
        yield from zip(map(string, row["keys_S"]), row["hashes"], strict=True)


def test_a_key_and_the_key_for_its_hash_have_the_same_plan() -> None:
    handle = Handle.over_numbered(100)
    for key, hash_value in stated_hashes():
        assert handle.plan(key, 100) == handle.plan(key_of_seed(hash_value), 100), key


def test_tokens_are_those_of_the_server() -> None:
    library = _library.load()
    for row in TOKENS:
        key, token = typed(row["type"], row["wire"], row["key_bytes_hex"]), c_int64()
        assert key.value is not None
        assert library.alb_token_for_key(key.kind, key.value, len(key.value), byref(token)) == 0
        assert token.value == row["token"], row


@pytest.mark.parametrize(
    ("members", "member", "order"),
    [
        (BY_IP, "order_go_java_cpp_rust_csharp", "url"),
        (BY_IP, "order_go_java_cpp_rust_csharp", "url_no_default_port"),
        (BY_IP, "order_python_2_0_1", "host"),
        (BY_IP, "order_js_localeCompare_node20", "host"),
        (BY_PORT, "order_go_java_cpp", "url"),
        (BY_PORT, "order_rust_csharp(default port elided)", "url_no_default_port"),
    ],
)
def test_nodes_are_sorted_as_by_the_client_that_the_option_names(members: dict[str, Any], member: str, order: str) -> None:
    handle = Handle.over(BY_IP["nodes"], port=members["port"], affinity__order=order)
    wanted = [url(host, members["port"]) for host in members[member]]
    # The node that a key chooses is a place in the sorted list, the same in every list of that length.
    places = Handle.over_numbered(len(wanted))
    numbered = places.core.nodes()
    keys = [string(f"user_{number}") for number in range(200)]
    chosen = [numbered.index(places.node(key)) for key in keys]
    assert set(chosen) == set(range(len(wanted)))
    assert [handle.node(key) for key in keys] == [wanted[place] for place in chosen]


def test_the_first_node_is_that_of_the_client_that_the_option_names() -> None:
    by_url, by_host = (Handle.over(BY_IP["nodes"], port=BY_IP["port"], affinity__order=order) for order in ("url", "host"))
    for row in BY_IP["rows"]:
        key = string(row["key_S"])
        assert by_url.node(key) == url(row["go_java_cpp_rust_csharp_first"], BY_IP["port"])
        assert by_host.node(key) == url(row["python_js_first"], BY_IP["port"])
    users = [string(f"user_{number}") for number in range(1000)]
    differing = sum(by_url.node(key) != by_host.node(key) for key in users)
    assert differing == BY_IP["keys_user_0_to_999_with_different_first_node"]


def localnodes(member: str) -> dict[str, Any]:
    """The row that has this member."""
    row: dict[str, Any] = next(row for row in CLIENTS["localnodes_vectors"] if member in row)
    return row


def test_names_in_an_answer_become_nodes() -> None:
    row = localnodes("expect_hosts")
    handle = Handle(seeds="seed", scope="dc:one")
    handle.answer(row["body"])
    assert handle.core.nodes() == [url(host) for host in row["expect_hosts"]]


def test_an_entry_with_a_port_is_no_address_and_the_others_get_the_configured_port() -> None:
    row = localnodes("port")
    handle = Handle(seeds="seed", scope="dc:one", port=row["port"])
    handle.answer(row["body"])
    assert handle.core.nodes() == [url("node-b.internal", row["port"])]


def test_scopes_are_percent_encoded_in_the_query() -> None:
    row = localnodes("scope")
    _, asked = Handle(seeds="seed", scope=f"rack:{row['scope']['dc']}/{row['scope']['rack']}").ask()
    assert asked.partition("?")[2] == row["query_python"] == row["query_java"]


def test_a_missing_key_and_numbers_of_other_types_are_refused() -> None:
    handle = Handle.over_numbered(3)
    refused = [errors.INVALID_ARGUMENT] * 3
    assert handle.statuses(Key(_native.KEY_S, None)) == refused
    assert min(handle.statuses(Key(_native.KEY_S, b""))) >= 0
    for kind in [*range(_native.KEY_B + 1, 16), 0, -1, 2**31 - 1]:
        assert handle.statuses(Key(kind, b"1")) == refused, kind


def routed_by_key(nodes: list[str]) -> Handle:
    return Handle.over(nodes, affinity="any_write", table__t__key="pk", policy="round_robin")


def batch_plan(nodes: list[str], voters: list[str]) -> list[str]:
    """The plan of a batch with an item for each of the voters, whose key is placed there."""
    handle, keys = routed_by_key(nodes), (f"k{number}" for number in count())
    items = [next(key for key in keys if handle.node(string(key)) == voter) for voter in voters]
    puts = [{"PutRequest": {"Item": {"pk": {"S": key}, "other": {"N": "1"}}}} for key in items]
    return handle.request_plan("BatchWriteItem", {"RequestItems": {"t": puts}}, len(nodes))


@pytest.mark.parametrize("row", CLIENTS["preferred_plans"])
def test_keys_of_a_batch_vote_for_the_nodes_that_come_first(row: dict[str, Any]) -> None:
    def in_full(names: list[str]) -> list[str]:
        return [url(next(node for node in row["nodes"] if f"{node}.".startswith(f"{name}."))) for name in names]

    assert row["remaining_rule"] == "sorted"
    preferred, wanted = in_full(row["preferred"]), in_full(row["expect_short"])
    # As many votes each: the order of URLs decides, not that of the items.
    assert batch_plan(row["nodes"], preferred[::-1]) == wanted
    # More votes come before the order of URLs, which the reverse contradicts.
    preferred.reverse()
    votes = [node for place, node in enumerate(preferred) for _ in preferred[place:]]
    assert batch_plan(row["nodes"], votes[::-1]) == preferred + wanted[len(preferred) :]


# A value of each type that no key can have.
OTHER_VALUES: dict[str, Any] = {
    "BOOL": True,
    "NULL": True,
    "SS": ["1"],
    "NS": ["1"],
    "BS": ["MQ=="],
    "L": [{"S": "1"}],
    "M": {"S": {"S": "1"}},
}


def test_values_of_types_that_no_key_can_have_are_routed_without_one() -> None:
    nodes = [f"n{number}" for number in range(5)]
    handle = routed_by_key(nodes)

    def used(value: dict[str, Any]) -> set[str]:
        request = {"TableName": "t", "Item": {"pk": value}}
        return {node for _ in nodes for node in handle.request_plan("PutItem", request, 1)}

    assert len(used({"S": "1"})) == 1
    for kind in CLIENTS["attribute_value_unsupported"]["types"]:
        assert used({kind: OTHER_VALUES[kind]}) == set(map(url, nodes)), kind
