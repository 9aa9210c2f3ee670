#!/usr/bin/env python3
"""Writes tests/vectors/*.json as the C tables that vectors.h declares.

    generate_vectors.py VECTORS_DIRECTORY OUTPUT.c

What a row says in the manner of one client (short names, an order of insertion, a seed) becomes what the C ABI is given and
gives: keys, lists of nodes, URLs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# A bound for draws whose 63 bits are stated, so that many of them count.
BOUND_FOR_RAW_DRAWS = 4079

KEY_TYPES = ("S", "N", "B")

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


def text(value: str | bytes) -> str:
    """A C string literal; bytes outside of plain text in octal, which no digit behind them can prolong."""
    data = value.encode() if isinstance(value, str) else value
    plain = (chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\?' else f"\\{byte:03o}" for byte in data)
    return '"' + "".join(plain) + '"'


def texts(values: Iterable[str]) -> str:
    """A list that ends in NULL, as a compound literal; outside of functions those live as long as the program."""
    return f"(const char *const[]){{ {', '.join([*map(text, values), 'NULL'])} }}"


def key(kind: str, value: bytes) -> str:
    assert kind in KEY_TYPES, kind
    return f"{{ ALB_KEY_{kind}, (const uint8_t *){text(value)}, {len(value)} }}"


def urls(hosts: Iterable[str], port: Any, scheme: str = "http") -> list[str]:
    return [f"{scheme}://{host}:{port}" for host in hosts]


class Vectors:
    def __init__(self, directory: Path) -> None:
        def load(name: str) -> Any:
            return json.loads((directory / name).read_text())

        self.clients = load("official_clients.json")
        self.tokens = load("tokens.json")["rows"]
        self.keys: dict[str, str] = load("keys_for_seeds.json")["keys"]
        self.ip = self.clients["derived_disagreement_ip_prefix"]

    def key_of_seed(self, seed: int) -> str:
        return key("B", bytes.fromhex(self.keys[str(seed)]))

    def plans(self) -> Iterator[str]:
        def plan(section: str, nodes: Iterable[str], seed_key: str, steps: list[str], **options: Any) -> str:
            scheme, port, order = options.get("scheme", "http"), options.get("port", 8000), options.get("order", "url")
            listed = texts(options["list"]) if options.get("list") else "NULL"
            fields = map(text, (section, ",".join(nodes), scheme, str(port), order))
            return f"{{ {', '.join(fields)}, {seed_key}, {texts(steps)}, {listed} }}"

        raw = [("raw_plan_insertion_order", row, row["first"]) for row in self.clients["raw_plan_insertion_order"]]
        small = self.clients["go_order_small"]
        for section, row, first in [*raw, ("go_order_small", small, small["expect"])]:
            # Named so that the sorted order is that of insertion.
            names = {node: f"n{place:02}" for place, node in enumerate(row["input_order"])}
            wanted = urls((names[node] for node in first), 8000)
            yield plan(section, names.values(), self.key_of_seed(row["seed"]), wanted)
        for row in self.clients["affinity_plan_sorted"]:
            named = {host.split(".")[0]: host for host in row["node_hosts"]}
            wanted = urls((named[short] for short in row["first_short_names"]), row["port"], row["scheme"])
            seed_key = self.key_of_seed(row["seed"])
            yield plan("affinity_plan_sorted", row["node_hosts"], seed_key, wanted, port=row["port"], scheme=row["scheme"])
        for row in self.clients["first_node_with_seed"]:
            wanted = urls([row["first"]], row["port"])
            yield plan("first_node_with_seed", row["node_hosts"], self.key_of_seed(row["seed"]), wanted, port=row["port"])
        for row in self.clients["derived_canonical_plans"]["rows"]:
            nodes = [f"10.0.{i // 6}.{i % 6 + 1}" for i in reversed(range(row["n"]))]
            row_key = key("S", row["key_S"].encode())
            yield plan("derived_canonical_plans", nodes, row_key, row["plan_first8"], list=row["nodes_sorted"])
        for row in self.ip["rows"]:
            for order, member in (("url", "go_java_cpp_rust_csharp_first"), ("host", "python_js_first")):
                wanted = urls([row[member]], self.ip["port"])
                row_key = key("S", row["key_S"].encode())
                yield plan("derived_disagreement_ip_prefix", self.ip["nodes"], row_key, wanted, port=self.ip["port"], order=order)

    def hashes(self) -> Iterator[str]:
        stated: list[tuple[str, bytes, int]] = []
        for row in self.clients["attribute_value_hash"]:
            value = bytes.fromhex(row["value_hex"]) if row["type"] == "B" else row["value"].encode()
            stated.append((row["type"], value, row["hash_signed"]))
        for row in [*self.clients["derived_canonical_plans"]["rows"], *self.ip["rows"]]:
            stated.append(("S", row["key_S"].encode(), row["hash"]))
        for row in self.clients["derived_go_batch_seed"]:
            stated += [("S", name.encode(), value) for name, value in zip(row["keys_S"], row["hashes"], strict=True)]
        for kind, value, hash_value in stated:
            yield f"{{ {key(kind, value)}, {self.key_of_seed(hash_value)} }}"

    def draws(self) -> Iterator[str]:
        rows = self.clients["derived_go_math_rand"]
        for bound in [*map(int, rows[0]["intn"]), BOUND_FOR_RAW_DRAWS]:
            for row in rows:
                drawn = row["intn"].get(str(bound)) or [(number >> 32) % bound for number in row["int63"]]
                numbers = f"(const int[]){{ {', '.join(map(str, drawn))} }}"
                yield f"{{ {self.key_of_seed(row['seed'])}, {bound}, {numbers}, {len(drawn)} }}"

    def ring_tokens(self) -> Iterator[str]:
        for row in self.tokens:
            value = bytes.fromhex(row["key_bytes_hex"]) if row["type"] == "B" else row["wire"].encode()
            yield f"{{ {key(row['type'], value)}, INT64_C({row['token']}) }}"

    def orders(self) -> Iterator[str]:
        default = self.clients["derived_disagreement_default_port"]
        for members, member, order in (
            (self.ip, "order_go_java_cpp_rust_csharp", "url"),
            (self.ip, "order_go_java_cpp_rust_csharp", "url_no_default_port"),
            (self.ip, "order_python_2_0_1", "host"),
            (self.ip, "order_js_localeCompare_node20", "host"),
            (default, "order_go_java_cpp", "url"),
            (default, "order_rust_csharp(default port elided)", "url_no_default_port"),
        ):
            port = members["port"]
            fields = map(text, (",".join(self.ip["nodes"]), str(port), order))
            yield f"{{ {', '.join(fields)}, {texts(urls(members[member], port))} }}"

    def answers(self) -> Iterator[str]:
        for row in self.clients["localnodes_vectors"]:
            if "expect_hosts" in row:
                yield f'{{ "8000", {text(row["body"])}, {texts(urls(row["expect_hosts"], 8000))} }}'
            elif "port" in row:
                # An entry with a port is no address here: tests/vectors/README.md says why.
                hosts = [host for host in json.loads(row["body"]) if ":" not in host]
                yield f"{{ {text(str(row['port']))}, {text(row['body'])}, {texts(urls(hosts, row['port']))} }}"

    def scopes(self) -> Iterator[str]:
        for row in self.clients["localnodes_vectors"]:
            if scope := row.get("scope"):
                yield f"{{ {text('rack:' + scope['dc'] + '/' + scope['rack'])}, {text(row['query_python'])} }}"

    def batches(self) -> Iterator[str]:
        for row in self.clients["preferred_plans"]:
            assert row["remaining_rule"] == "sorted", row

            def in_full(names: list[str], nodes: list[str] = row["nodes"]) -> list[str]:
                return urls((next(node for node in nodes if f"{node}.".startswith(f"{name}.")) for name in names), 8000)

            nodes, voters, wanted = ",".join(row["nodes"]), in_full(row["preferred"]), in_full(row["expect_short"])
            yield f"{{ {text(nodes)}, {texts(voters)}, 0, {texts(wanted)} }}"
            # More votes come before the order of URLs, which the reverse contradicts.
            count = len(voters)
            wanted[:count] = voters[::-1]
            yield f"{{ {text(nodes)}, {texts(voters[::-1])}, 1, {texts(wanted)} }}"

    def unsupported_values(self) -> str:
        kinds = self.clients["attribute_value_unsupported"]["types"]
        return ", ".join([*(text(json.dumps({kind: OTHER_VALUES[kind]})) for kind in kinds), "NULL"])


def table(name: str, rows: Iterable[str]) -> str:
    rows = list(rows)
    assert rows, name
    lines = "".join(f"    {row},\n" for row in rows)
    return f"const struct {name} {name}s[] = {{\n{lines}}};\nconst size_t {name}_count = {len(rows)};\n"


def main() -> int:
    directory, output = Path(sys.argv[1]), Path(sys.argv[2])
    vectors = Vectors(directory)
    differing = vectors.ip["keys_user_0_to_999_with_different_first_node"]
    output.write_text(
        "\n".join(
            [
                "/* Generated by generate_vectors.py from tests/vectors. */",
                '#include "vectors.h"\n\n#include <alternator_lb.h>\n',
                table("plan_vector", vectors.plans()),
                table("hash_vector", vectors.hashes()),
                table("draw_vector", vectors.draws()),
                table("token_vector", vectors.ring_tokens()),
                table("order_vector", vectors.orders()),
                table("answer_vector", vectors.answers()),
                table("scope_vector", vectors.scopes()),
                table("batch_vector", vectors.batches()),
                f"const char *const disagreement_nodes = {text(','.join(vectors.ip['nodes']))};",
                f"const int disagreement_count = {differing};",
                f"const char *const unsupported_values[] = {{ {vectors.unsupported_values()} }};\n",
            ]
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
