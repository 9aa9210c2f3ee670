"""Installed into clean environments, as users do: from the directory, the wheel and the sdist; with every Python that is here.

Slow, and needs the package index for what the package is built and used with: `make test-python-installs`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster import ROOT, Cluster

import alternator_lb

PACKAGE = ROOT / "bindings" / "python"
NAME = f"alternator_lb-{alternator_lb.__version__}"

PROGRAM = """
import asyncio, sys
import alternator_lb
from alternator_lb import _library

seeds, port = sys.argv[1].split(","), int(sys.argv[2])
assert _library.BUNDLED.is_file(), _library.BUNDLED
item = {"pk": {"S": "installed"}, "value": {"S": sys.version}}
with alternator_lb.AlternatorLB(seeds, port=port, affinity="any_write", compression="gzip") as lb:
    client = lb.new_dynamodb_client()
    if "items" not in client.list_tables()["TableNames"]:
        client.create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    client.put_item(TableName="items", Item=item)
    assert client.get_item(TableName="items", Key={"pk": item["pk"]})["Item"] == item
    assert len(lb.nodes) == 3, lb.nodes

async def asynchronous():
    async with alternator_lb.AsyncAlternatorLB(seeds, port=port) as lb:
        client = await lb.new_dynamodb_client()
        for _ in range(5):
            assert (await client.get_item(TableName="items", Key={"pk": item["pk"]}))["Item"] == item

if "async" in sys.argv:
    asyncio.run(asynchronous())
with alternator_lb.EndpointPool.from_list(["a", "b"]).get_endpoint() as endpoint:
    assert endpoint in "ab"
print("works with", sys.version.split()[0])
"""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Runs without what would lead to another library than the one that is installed; gives the output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ALTERNATOR_LB_", "PYTHON"))}
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def found_pythons() -> dict[str, Path]:
    """An interpreter for each version of 3.10 and later that is here: on the path, and those of pyenv."""
    on_path = [shutil.which(name) for name in ("python3", *(f"python3.{minor}" for minor in range(10, 30)))]
    candidates = [Path(sys.executable), *map(Path, filter(None, on_path))]
    candidates += sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin/python"))
    probe = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    pythons: dict[str, Path] = {}
    for candidate in candidates:
        # A shim of pyenv may stand for a version that is not in use.
        probed = subprocess.run([candidate, "-c", probe], capture_output=True, text=True, check=False)
        if probed.returncode == 0:
            version = probed.stdout.strip()
            if tuple(map(int, version.split("."))) >= (3, 10):
                pythons.setdefault(version, candidate)
    return dict(sorted(pythons.items(), key=lambda found: tuple(map(int, found[0].split(".")))))


PYTHONS = found_pythons()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    running = Cluster("--nodes", "3")
    yield running
    running.close()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", into, cwd=PACKAGE)
    return into / f"{NAME}.tar.gz"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", into, PACKAGE)
    (built,) = into.iterdir()
    return built


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """Makes an environment with what is given; returns its Python."""

    def make(*requirements: str, python: Path = Path(sys.executable)) -> Path:
        run(python, "-m", "venv", tmp_path / "venv")
        made = tmp_path / "venv" / "bin" / "python"
        run(made, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
        return made

    return make


def use(python: Path, cluster: Cluster, folder: Path, *more: str) -> str:
    program = folder / "program.py"
    program.write_text(PROGRAM)
    return run(python, program, ",".join(cluster.addresses), str(cluster.port), *more, cwd=folder)


def test_sdist_holds_the_package_and_the_core_and_nothing_of_this_machine(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        files = {member.name.removeprefix(f"{NAME}/"): archive.extractfile(member) for member in archive if member.isfile()}
        sources = {f"src/alternator_lb/{path.name}" for path in (PACKAGE / "src" / "alternator_lb").iterdir() if path.is_file()}
        assert sources <= files.keys()
        core = {name for name in files if name.startswith("core/")}
        assert {"core/Cargo.toml", "core/Cargo.lock", "core/src/lib.rs", "core/build.rs", "core/include/alternator_lb.h"} <= core
        rest = files.keys() - sources - core
        assert rest == {"PKG-INFO", "README.md", "LICENSE", "hatch_build.py", "pyproject.toml", ".gitignore"}
        for name, content in files.items():
            assert content is not None
            assert str(ROOT).encode() not in content.read(), name


def test_directory_installs_and_works(install: Callable[..., Path], cluster: Cluster, tmp_path: Path) -> None:
    assert "works" in use(install(f"{PACKAGE}[boto3]"), cluster, tmp_path)


def test_sdist_builds_installs_and_works(sdist: Path, install: Callable[..., Path], cluster: Cluster, tmp_path: Path) -> None:
    assert "works" in use(install(f"{sdist}[boto3]"), cluster, tmp_path)


@pytest.mark.parametrize("version", PYTHONS)
def test_wheel_works_with_each_python(
    wheel: Path, install: Callable[..., Path], cluster: Cluster, tmp_path: Path, version: str
) -> None:
    python = install(f"{wheel}[boto3,async]", python=PYTHONS[version])
    assert f"works with {version}." in use(python, cluster, tmp_path, "async")


@pytest.mark.parametrize("stubs", [[], ["boto3-stubs[dynamodb]", "types-aiobotocore[dynamodb]"]], ids=["alone", "with-stubs"])
def test_sample_of_a_user_is_checked_strictly(
    wheel: Path, install: Callable[..., Path], tmp_path: Path, stubs: list[str]
) -> None:
    python = install(str(wheel), *stubs)
    sample = tmp_path / "typed_sample.py"
    shutil.copy(PACKAGE / "tests" / sample.name, sample)
    # Without stubs nobody knows the SDK's types; what the sample says of ours is checked all the same.
    options = ["--strict", "--python-version", "3.10", *([] if stubs else ["--ignore-missing-imports"])]
    checked = run(sys.executable, "-m", "mypy", *options, "--python-executable", python, sample, cwd=tmp_path)
    assert "Success" in checked
