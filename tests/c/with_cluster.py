#!/usr/bin/env python3
"""Runs one command beside a local cluster of its own and stops the cluster afterwards.

    with_cluster.py ALTCLUSTER [altcluster options] -- COMMAND [ARGUMENT ...]

The command finds the cluster in its environment, and {SEED}, {PORT} and {CONTROL} in its arguments are replaced:
    ALB_CLUSTER_SEED     address of node 0; the others are to be discovered
    ALB_CLUSTER_PORT     the port of all nodes
    ALB_CLUSTER_CONTROL  http://address:port of the control API
    ALB_CLUSTER_NODES    how many nodes there are
    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
The exit status is the command's own, 128 + n if signal n ended it.
"""
import json
import os
import subprocess
import sys


def main() -> int:
    split = sys.argv.index("--")
    cluster_command, command = sys.argv[1:split], sys.argv[split + 1 :]
    # The cluster ends with its stdin, so also when this script is killed.
    with subprocess.Popen(cluster_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as cluster:
        try:
            line = cluster.stdout.readline()
            if not line:
                sys.exit(f"with_cluster: {cluster_command[0]} ended before it was ready")
            start = json.loads(line)
            facts = {
                "SEED": start["nodes"][0]["address"],
                "PORT": str(start["port"]),
                "CONTROL": start["control"],
                "NODES": str(len(start["nodes"])),
            }
            environment = dict(os.environ, AWS_ACCESS_KEY_ID=start["access_key"], AWS_SECRET_ACCESS_KEY=start["secret_key"])
            environment.update({f"ALB_CLUSTER_{name}": value for name, value in facts.items()})
            filled = [part.format(**facts) for part in command]
            status = subprocess.run(filled, env=environment).returncode
        finally:
            cluster.stdin.close()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
