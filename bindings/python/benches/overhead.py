"""What the balancer costs: CPU time per request, compared with plain boto3.

    ALTERNATOR_LB_LIBRARY=... python benches/overhead.py [--rounds 1000]

Both clients are made alike, with the same fixed User-Agent, and one of them is patched; both ask the same cluster of one
node, which gives canned answers. (With several nodes the clients would talk to different processes, and on which core those
run makes more difference than what is measured.) Short blocks of requests alternate between the clients, in random order
within each round, so that whatever else the machine does hits both alike; the result is the median of the differences. Only
the CPU time of this process counts. The third line is boto3 as it comes, which composes its User-Agent anew for each request.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from cluster import Cluster  # noqa: E402

from alternator_lb import AlternatorLB  # noqa: E402

TARGET_US = 25.0


def cpu_us_per_request(request: Callable[[], object], count: int) -> float:
    began = time.process_time_ns()
    for _ in range(count):
        request()
    return (time.process_time_ns() - began) / 1000 / count


def main() -> int:
    parser = argparse.ArgumentParser(description="CPU time per request over plain boto3")
    parser.add_argument("--rounds", type=int, default=1000, help="rounds of blocks (default: %(default)s)")
    parser.add_argument("--block", type=int, default=10, help="requests in a block (default: %(default)s)")
    options = parser.parse_args()

    cluster = Cluster("--nodes", "1", "--engine", "canned")
    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "secret"}
    with AlternatorLB(cluster.addresses, port=cluster.port, **keys) as lb:  # type: ignore[arg-type]
        config = Config(user_agent="overhead")
        common = {"endpoint_url": cluster.urls[0], "region_name": "us-east-1", **keys}
        balanced = boto3.client("dynamodb", config=config, **common)
        lb.patch_dynamodb_client(balanced)
        clients = {
            "plain boto3": boto3.client("dynamodb", config=config, **common),
            "AlternatorLB": balanced,
            "boto3, own User-Agent": boto3.client("dynamodb", **common),
        }
        requests = {
            name: partial(client.get_item, TableName="table", Key={"pk": {"S": "key"}}) for name, client in clients.items()
        }
        for request in requests.values():
            cpu_us_per_request(request, 200)
        measured: dict[str, list[float]] = {name: [] for name in requests}
        for _ in range(options.rounds):
            for name in random.sample(list(requests), k=len(requests)):
                measured[name].append(cpu_us_per_request(requests[name], options.block))
    cluster.close()

    plain, ours, _ = measured.values()
    differences = [with_balancer - without for with_balancer, without in zip(ours, plain, strict=True)]
    low, middle, high = statistics.quantiles(differences, n=4)
    for name, values in measured.items():
        print(f"{name:<22} {statistics.median(values):8.1f} us CPU per request (median of {options.rounds} blocks)")
    print(f"{'the balancer':<22} {middle:8.1f} us (median of pairs; quartiles {low:.1f} and {high:.1f}; target {TARGET_US:.0f})")
    return 0 if middle <= TARGET_US else 1


if __name__ == "__main__":
    sys.exit(main())
