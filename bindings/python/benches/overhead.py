"""What the balancer costs: CPU time per request over plain boto3, beside the official client's.

    ALTERNATOR_LB_LIBRARY=... python benches/overhead.py [--official PYTHON] [--rounds 400]

`--official` is a Python that has the official client. All clients ask the same cluster, which has one node and gives canned
answers. (With several nodes the clients would talk to different processes, and on which core those run makes more difference
than what is measured.) Each kind has a process of its own, and in it a plain boto3 client with a fixed User-Agent, too. Short
blocks of writes alternate between the clients in random order, so that whatever else the machine does hits all alike; results
are medians of the differences to the plain client of the same process. Only CPU time counts: of the whole process, so with
discovery and threads. The exit status is 1 when ours costs more than is promised.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys

from workers import Cluster, Worker

# The most that ours may cost, in microseconds.
PROMISED = {"balanced": 25.0, "affinity": 40.0}
WHAT = {"plain": "plain boto3", "balanced": "balanced", "affinity": "with key affinity"}


def main() -> int:
    parser = argparse.ArgumentParser(description="CPU time per request over plain boto3")
    parser.add_argument("--official", metavar="PYTHON", help="an interpreter with the official client, to be measured too")
    parser.add_argument("--rounds", type=int, default=120, help="rounds of blocks (default: %(default)s)")
    parser.add_argument("--block", type=int, default=50, help="requests in a block (default: %(default)s)")
    options = parser.parse_args()

    cluster = Cluster("--nodes", "1", "--engine", "canned")
    workers = {"ours": Worker("ours", sys.executable, cluster)}
    if options.official:
        workers["official"] = Worker("official", options.official, cluster)
    series: dict[tuple[str, str], list[float]] = {(kind, client): [] for kind in workers for client in WHAT}
    for kind, client in series:
        workers[kind].ask(f"measure {client} 200")
    for _ in range(options.rounds):
        for kind, client in random.sample(list(series), k=len(series)):
            series[kind, client].append(workers[kind].ask(f"measure {client} {options.block}"))
    for worker in workers.values():
        worker.end()
    cluster.close()

    kept = True
    print(f"CPU time of a PutItem, medians of {options.rounds} blocks of {options.block}:")
    for (kind, client), values in series.items():
        line = f"{kind:<10} {WHAT[client]:<18} {statistics.median(values):8.1f} us"
        if client != "plain":
            differences = [with_it - without for with_it, without in zip(values, series[kind, "plain"], strict=True)]
            low, middle, high = statistics.quantiles(differences, n=4)
            line += f" {middle:+8.1f} us over plain boto3 (quartiles {low:+.1f} and {high:+.1f})"
            if kind == "ours":
                kept = kept and middle <= PROMISED[client]
                line += f"; promised: {PROMISED[client]:.0f}"
        print(line)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
