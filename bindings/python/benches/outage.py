"""What an outage costs: calls per second while one of three nodes is killed or hangs, beside the official client's.

    ALTERNATOR_LB_LIBRARY=... python benches/outage.py [--official PYTHON] [--threads 4]

`--official` is a Python that has the official client. Both kinds run at once, each in a process of its own, against the same
cluster, with attempts of one second and four of them. A dead node is named by the others for ten seconds more, as in a real
cluster.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from workers import Cluster, Worker, create_table

BEFORE, DURING = 3.0, 10.0
# Nodes bound the rate, not the processor that all share.
SLOW_MS = 8


def main() -> int:
    parser = argparse.ArgumentParser(description="calls per second while a node is down")
    parser.add_argument("--official", metavar="PYTHON", help="an interpreter with the official client, to be measured too")
    parser.add_argument("--threads", type=int, default=4, help="threads of each client (default: %(default)s)")
    options = parser.parse_args()
    kinds = {"ours": sys.executable, **({"official": options.official} if options.official else {})}
    print(
        f"{options.threads} threads each, calls per second before and during the {DURING:.0f} s that one of three nodes is down:"
    )
    return max([outage(fault, kinds, options.threads) for fault in ("kill", "stop")])


def outage(fault: str, kinds: dict[str, str], threads: int) -> int:
    cluster = Cluster("--nodes", "3", "--gossip-delay-ms", "10000")
    unsigned = Config(signature_version=UNSIGNED)
    create_table(boto3.client("dynamodb", endpoint_url=cluster.urls[0], region_name="us-east-1", config=unsigned))
    for index in range(3):
        cluster.fault(index, "slow", ms=SLOW_MS)
    workers = {kind: Worker(kind, python, cluster) for kind, python in kinds.items()}
    for worker in workers.values():
        worker.ask(f"load {threads}")
    time.sleep(2)
    began = seen(workers)
    time.sleep(BEFORE)
    before = seen(workers)
    getattr(cluster, fault)(1)
    time.sleep(DURING)
    after = seen(workers)
    for kind in workers:
        healthy = (before[kind]["ended"] - began[kind]["ended"]) / BEFORE
        hurt = (after[kind]["ended"] - before[kind]["ended"]) / DURING
        print(
            f"{'SIG' + fault.upper()} {kind:<10} {healthy:6.0f} {hurt:6.0f}, {hurt / healthy:.0%} kept; "
            f"{after[kind]['slow'] - before[kind]['slow']} calls over 100 ms, {after[kind]['errors']} errors"
        )
    for worker in workers.values():
        worker.end()
    cluster.close()
    return 1 if after["ours"]["errors"] else 0


def seen(workers: dict[str, Worker]) -> dict[str, Any]:
    return {kind: worker.ask("loaded") for kind, worker in workers.items()}


if __name__ == "__main__":
    sys.exit(main())
