"""What the balancer costs: CPU time per request over plain boto3, beside the official client's.

    ALTERNATOR_LB_LIBRARY=... python benches/overhead.py [--official PYTHON] [--processes 10] [--rounds 40]

`--official` is a Python that has the official client. All clients ask the same cluster, which has one node and gives canned
answers. (With several nodes the clients would talk to different processes, and on which core those run makes more difference
than what is measured.) Each kind has a process of its own, and in it a plain boto3 client with the same User-Agent, too. Short
blocks of writes alternate between the clients in random order, so that whatever else the machine does hits all alike; a
process's result is the median of the differences to its plain client. Where a process happens to have its code and data in
memory moves that by several microseconds, so each kind has several processes, one after the other, and the figures are their
means. Only CPU time counts: of the whole process, so with discovery and threads. The exit status is 1 when ours costs more than
is promised.
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
    parser.add_argument("--processes", type=int, default=10, help="processes of each kind (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of blocks in a process (default: %(default)s)")
    parser.add_argument("--block", type=int, default=30, help="requests in a block (default: %(default)s)")
    options = parser.parse_args()

    pythons = {"ours": sys.executable}
    if options.official:
        pythons["official"] = options.official
    cluster = Cluster("--nodes", "1", "--engine", "canned")
    results: dict[tuple[str, str], list[float]] = {(kind, client): [] for kind in pythons for client in WHAT}
    for _ in range(options.processes):
        workers = {kind: Worker(kind, python, cluster) for kind, python in pythons.items()}
        for each, result in measured(workers, options.rounds, options.block).items():
            results[each].append(result)
        for worker in workers.values():
            worker.end()
    cluster.close()

    kept = True
    print(f"CPU time of a PutItem, means of {options.processes} processes with {options.rounds} blocks of {options.block}:")
    for (kind, client), values in results.items():
        mean = statistics.mean(values)
        line = f"{kind:<10} {WHAT[client]:<18} {mean:8.1f} us"
        if client != "plain":
            line += f" over plain boto3 (from {min(values):.1f} to {max(values):.1f})"
            if kind == "ours":
                kept = kept and mean <= PROMISED[client]
                line += f"; promised: {PROMISED[client]:.0f}"
        print(line)
    return 0 if kept else 1


def measured(workers: dict[str, Worker], rounds: int, block: int) -> dict[tuple[str, str], float]:
    """The median for plain boto3, and of what the others cost more."""
    series: dict[tuple[str, str], list[float]] = {(kind, client): [] for kind in workers for client in WHAT}
    for kind, client in series:
        workers[kind].ask(f"measure {client} 200")
    for _ in range(rounds):
        for kind, client in random.sample(list(series), k=len(series)):
            series[kind, client].append(workers[kind].ask(f"measure {client} {block}"))
    return {
        (kind, client): statistics.median(
            values if client == "plain" else [one - plain for one, plain in zip(values, series[kind, "plain"], strict=True)]
        )
        for (kind, client), values in series.items()
    }


if __name__ == "__main__":
    sys.exit(main())
