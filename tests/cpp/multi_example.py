#!/usr/bin/env python3
"""Runs examples/cpp/multi beside the cluster of with_cluster.py: on a well cluster, on one that fails, and with a wrong key.

    multi_example.py MULTI
"""
import json
import os
import re
import subprocess
import sys
import urllib.request

CONTROL = os.environ["ALB_CLUSTER_CONTROL"]


def control(method: str, path: str, body: object = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(CONTROL + path, data, method=method), timeout=60) as answer:
        return json.load(answer)


def multi(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.argv[1], os.environ["ALB_CLUSTER_SEED"], os.environ["ALB_CLUSTER_PORT"], *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **environment})
    print(done.stdout, done.stderr, sep="")
    return done


def expect(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"not so: {what}")


def on_a_well_cluster_many_requests_are_under_way_at_all_nodes() -> None:
    control("POST", "/counters/reset")
    # Without a delay a node answers before the loop has sent much more, and nothing would be seen of several at a time.
    for node in range(3):
        control("POST", f"/nodes/{node}/faults", {"kind": "slow", "ms": 5})
    done = multi("400", "24")
    expect(done.returncode == 0, "exit status 0")
    expect("400 of 400 items came back" in done.stdout, "every item came back")
    nodes = control("GET", "/counters?attempts=false")["nodes"]
    expect(all(node["requests"] > 0 for node in nodes), "every node was asked")
    expect(sum(node["requests"] for node in nodes) >= 801, "a table, 400 writes and 400 reads")
    expect(sum(node["max_in_flight"] for node in nodes) > 6, "several requests were under way at a time")
    expect(all(node["localnodes"] >= 0 for node in nodes) and sum(node["localnodes"] for node in nodes) > 0, "discovery was made")
    for node in range(3):
        control("DELETE", f"/nodes/{node}/faults")


def every_request_survives() -> None:
    done = multi("400", "24")
    expect(done.returncode == 0, "exit status 0")
    expect("400 of 400 items came back" in done.stdout, "every item came back")
    retried = re.search(r"(\d+) requests were retried, 0 failed", done.stdout)
    expect(retried is not None and int(retried[1]) > 0, "what failed was tried again")


def requests_survive_errors_and_resets() -> None:
    control("POST", "/nodes/0/faults", {"kind": "error", "status": 500, "probability": 0.03})
    control("POST", "/nodes/1/faults", {"kind": "reset", "probability": 0.03})
    every_request_survives()
    for node in range(2):
        control("DELETE", f"/nodes/{node}/faults")


def requests_survive_the_death_of_a_node() -> None:
    control("POST", "/nodes/2/kill")  # the others list it for ten seconds more
    every_request_survives()


def what_is_wrong_is_told() -> None:
    done = multi("5", "2", AWS_SECRET_ACCESS_KEY="wrong")
    expect(done.returncode == 1 and "UnrecognizedClientException" in done.stderr, "a wrong key is refused, once")
    done = multi("none")
    expect(done.returncode == 2 and "stoi" in done.stderr, "a number that is none")
    done = subprocess.run([sys.argv[1], "127.0.0.1", "70000"], capture_output=True, text=True, timeout=60)
    expect(done.returncode == 2 and "65535" in done.stderr, "a port that is none: the sentence of the library")


on_a_well_cluster_many_requests_are_under_way_at_all_nodes()
requests_survive_errors_and_resets()
requests_survive_the_death_of_a_node()
what_is_wrong_is_told()
