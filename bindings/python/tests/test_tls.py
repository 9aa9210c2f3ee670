"""HTTPS: the cluster's own CA is used by discovery and by the SDK alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.exceptions import SSLError
from cluster import Cluster
from dynamo import create_table, get, put

from alternator_lb import AlternatorError, AlternatorLB

Balance = Callable[..., AlternatorLB]


@pytest.fixture(scope="module")
def secure() -> Iterator[Cluster]:
    running = Cluster("--nodes", "3", "--https")
    assert running.scheme == "https"
    yield running
    running.close()


def test_own_ca_serves_discovery_and_requests(secure: Cluster, balance: Balance) -> None:
    lb = balance(secure, nodes=secure.addresses[:1], ca_file=secure.start["ca_file"], policy="round_robin")
    lb.refresh()
    client = lb.new_dynamodb_client()
    table = create_table(client)
    secure.reset_counters()
    for number in range(9):
        put(client, table, str(number), f"value {number}")
        assert get(client, table, str(number)) == f"value {number}"
    assert secure.requests() == [6, 6, 6]


def test_patched_client_keeps_its_own_verify(secure: Cluster, balance: Balance) -> None:
    lb = balance(secure, ca_file=secure.start["ca_file"])
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="id",
        aws_secret_access_key="secret",
        verify=secure.start["ca_file"],
    )
    lb.patch_dynamodb_client(client)
    client.list_tables()


@pytest.mark.parametrize("ca", [None, "untrusted_ca_file"])
def test_unknown_ca_is_refused_by_discovery_and_requests(
    secure: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch, ca: str | None
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", secure.start["ca_file"])
    lb = balance(secure, refresh="manual", ca_file=ca and secure.start[ca])
    with pytest.raises(AlternatorError, match=r"the certificate is not issued by a trusted CA .*\(at 127\."):
        lb.refresh()
    with pytest.raises(SSLError):
        lb.new_dynamodb_client().list_tables()


def test_verification_can_be_switched_off(secure: Cluster, balance: Balance, recwarn: pytest.WarningsRecorder) -> None:
    lb = balance(secure, verify=False)
    lb.refresh()
    lb.new_dynamodb_client().list_tables()


def test_host_name_check_alone_can_be_switched_off(start_cluster: Callable[..., Cluster], balance: Balance) -> None:
    cluster = start_cluster("--nodes", "1", "--https")
    cluster.fault(0, "tls_wrong_name")
    strict = balance(cluster, ca_file=cluster.start["ca_file"], refresh="manual")
    with pytest.raises(SSLError):
        strict.new_dynamodb_client().list_tables()
    lenient = balance(cluster, ca_file=cluster.start["ca_file"], verify="no_hostname", refresh="manual")
    lenient.refresh()
    lenient.new_dynamodb_client().list_tables()
    stranger = balance(cluster, ca_file=cluster.start["untrusted_ca_file"], verify="no_hostname", refresh="manual")
    with pytest.raises(SSLError):
        stranger.new_dynamodb_client().list_tables()


def test_client_certificate_is_shown_by_discovery_and_requests(start_cluster: Callable[..., Cluster], balance: Balance) -> None:
    cluster = start_cluster("--nodes", "2", "--mtls")
    lb = balance(
        cluster,
        ca_file=cluster.start["ca_file"],
        cert_file=cluster.start["client_cert"],
        key_file=cluster.start["client_key"],
    )
    lb.refresh()
    lb.new_dynamodb_client().list_tables()
    with pytest.raises(AlternatorError):
        balance(cluster, ca_file=cluster.start["ca_file"], refresh="manual").refresh()
