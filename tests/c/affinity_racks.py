#!/usr/bin/env python3
"""Two processes in two racks write the same keys: each key has one coordinator, and the death of a node moves its keys alone.

    affinity_racks.py ALTCLUSTER AFFINITY

AFFINITY is the program of examples/c/affinity.c; the cluster's own counters are what is believed.
"""
import json
import subprocess
import sys
import urllib.request

KEYS = 60
RACKS = ("r1", "r2")


def call(control: str, path: str, method: str = "GET") -> dict:
    request = urllib.request.Request(control + path, method=method, data=b"{}" if method == "POST" else None)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def write_from_both_racks(start: dict, program: str) -> dict[str, list[tuple[str, str, str]]]:
    """Runs a process in each rack at once; per rack the lines that it printed: key, its writer, its reader."""
    seed = start["nodes"][-1]["address"]
    running = {
        rack: subprocess.Popen(
            [program, seed, str(start["port"]), f"rack:dc1/{rack}>dc:dc1", str(KEYS)], stdout=subprocess.PIPE, text=True
        )
        for rack in RACKS
    }
    printed = {rack: process.communicate(timeout=60)[0].splitlines() for rack, process in running.items()}
    failed = [rack for rack, process in running.items() if process.returncode != 0]
    assert not failed, f"the writers of {failed} failed"
    # key0 is written before the table's key is known.
    return {rack: [tuple(line.split()[:3]) for line in lines if not line.startswith("key0 ")] for rack, lines in printed.items()}


def coordinators(control: str) -> dict[str, int]:
    """The one node that coordinated the writes of each key, by the cluster's counters."""
    writes = call(control, "/counters?attempts=false")["writes"]["counters"]
    del writes["key0"]
    assert len(writes) == KEYS, f"{len(writes)} keys were written"
    for key, by_node in writes.items():
        assert len(by_node) == 1, f"{key} has the coordinators {by_node}"
        assert sum(by_node.values()) == len(RACKS), f"{key} was written {by_node} times"
    return {key: int(next(iter(by_node))) for key, by_node in writes.items()}


def main() -> None:
    cluster_program, program = sys.argv[1:]
    command = [cluster_program, "--nodes", "6", "--gossip-delay-ms", "600000"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as cluster:
        try:
            start = json.loads(cluster.stdout.readline())
            control = start["control"]
            rack_of = {node["url"]: node["rack"] for node in start["nodes"]}
            printed = write_from_both_racks(start, program)
            before = coordinators(control)
            for rack, lines in printed.items():
                assert len(lines) == KEYS, f"{rack} printed {len(lines)} lines"
                assert {rack_of[reader] for _, _, reader in lines} == {rack}, f"reads of {rack} left it"
                assert {rack_of[writer] for _, writer, _ in lines} == {"r1", "r2", "r3"}, "writes go to all racks"
            assert len(set(before.values())) == 6, f"all nodes coordinate: {before}"

            # A node of the third rack dies; the others go on listing it.
            victim = next(node["index"] for node in start["nodes"] if node["rack"] == "r3")
            call(control, f"/nodes/{victim}/kill", "POST")
            call(control, "/counters/reset", "POST")
            write_from_both_racks(start, program)
            after = coordinators(control)
            moved = {key for key in before if before[key] != after[key]}
            assert moved == {key for key, node in before.items() if node == victim}, f"{len(moved)} keys moved: {moved}"
            print(f"{KEYS} keys, one coordinator each; node {victim} died and its {len(moved)} keys moved, no other")
        finally:
            cluster.stdin.close()


if __name__ == "__main__":
    main()
