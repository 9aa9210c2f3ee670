"""Does what README.md says under "First steps": the commands and programs stand there once, and are run from there.

Usage: readme_test.py README.md   (in the project's root)
The subnet 127.10.0 is replaced by one that nobody else is likely to use. The command that starts the cluster runs in the background,
the Python program in the virtual environment that the commands make; the C program is first.c, as the commands expect.
"""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys

SUBNET = f"127.10.{1 + os.getpid() % 250}"
EXPECTED = {"python": ["/index.html", f"http://{SUBNET}.11:8000", f"http://{SUBNET}.13:8000"], "c": [f"attempt 3 goes to http://{SUBNET}.1"]}


def blocks(readme: str) -> list[tuple[str, str]]:
    section = readme.split("## First steps", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)


def run(what: str, command: list[str], expected: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    missing = [text for text in expected if text not in done.stdout]
    if done.returncode != 0 or missing:
        sys.exit(f"{what}: exit status {done.returncode}, missing {missing}\n{done.stdout}")
    print(f"ok: {what}")


def main() -> None:
    cluster = None
    try:
        for language, text in blocks(pathlib.Path(sys.argv[1]).read_text().replace("127.10.0", SUBNET)):
            if language == "sh" and "altcluster" in text:
                cluster = subprocess.Popen(
                    shlex.split(text), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
                )
                assert cluster.stdout is not None
                if not cluster.stdout.readline():
                    sys.exit("the cluster did not start")
                print("ok: the cluster starts")
            elif language == "sh":
                # Variables that a command exports are there for the next ones, as in a terminal.
                run(text.splitlines()[0], ["bash", "-euc", text], EXPECTED["c"] if "./first" in text else [])
            elif language == "python":
                run("the Python program", ["build/first-steps/bin/python", "-c", text], EXPECTED["python"])
            else:
                pathlib.Path("first.c").write_text(text)
    finally:
        for left in ("first.c", "first"):
            pathlib.Path(left).unlink(missing_ok=True)
        if cluster is not None:
            os.killpg(cluster.pid, signal.SIGTERM)
            cluster.wait()


main()
