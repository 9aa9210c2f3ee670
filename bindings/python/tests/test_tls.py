"""HTTPS: the cluster's own CA is used by discovery and by the SDK alike."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config as SdkConfig
from botocore.exceptions import SSLError
from cluster import Cluster
from dynamo import create_table, get, put

from alternator_lb import (
    TLS,
    AlternatorError,
    AlternatorLB,
    Config,
    ConfigurationError,
    Helper,
    TlsSessionCacheConfig,
    _tls,
    client,
)

Balance = Callable[..., AlternatorLB]
# A certificate does not get better by being looked at again.
ONCE = SdkConfig(retries={"total_max_attempts": 1})


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
        lb.new_dynamodb_client(config=ONCE).list_tables()


def test_verification_can_be_switched_off(secure: Cluster, balance: Balance, recwarn: pytest.WarningsRecorder) -> None:
    lb = balance(secure, verify=False)
    lb.refresh()
    lb.new_dynamodb_client().list_tables()


def test_host_name_check_alone_can_be_switched_off(start_cluster: Callable[..., Cluster], balance: Balance) -> None:
    cluster = start_cluster("--nodes", "1", "--https")
    cluster.fault(0, "tls_wrong_name")
    strict = balance(cluster, ca_file=cluster.start["ca_file"], refresh="manual")
    with pytest.raises(SSLError):
        strict.new_dynamodb_client(config=ONCE).list_tables()
    lenient = balance(cluster, ca_file=cluster.start["ca_file"], verify="no_hostname", refresh="manual")
    lenient.refresh()
    lenient.new_dynamodb_client().list_tables()
    stranger = balance(cluster, ca_file=cluster.start["untrusted_ca_file"], verify="no_hostname", refresh="manual")
    with pytest.raises(SSLError):
        stranger.new_dynamodb_client(config=ONCE).list_tables()


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


def config_for(cluster: Cluster, tls: TLS) -> Config:
    return Config(seed_hosts=cluster.addresses[:1], port=cluster.port, scheme="https", tls=tls)


def test_custom_ca_of_the_official_interface_serves_both(secure: Cluster) -> None:
    with Helper(config_for(secure, TLS.with_custom_ca(Path(secure.start["ca_file"])))) as helper:
        assert helper.get_nodes() == secure.addresses
        assert helper.update_live_nodes()
        helper.client().list_tables()
        list(helper.resource().tables.all())


@pytest.mark.parametrize("system", [True, False])
@pytest.mark.parametrize("ours", [0, 1])
def test_any_of_several_custom_cas_is_trusted(secure: Cluster, ours: int, system: bool) -> None:
    paths = [secure.start["untrusted_ca_file"]] * 2
    paths[ours] = secure.start["ca_file"]
    tls = TLS(custom_ca_cert_paths=paths, trust_system_ca_certs=system)
    with Helper(config_for(secure, tls)) as helper:
        assert helper.update_live_nodes()
        helper.client().list_tables()


def test_system_ca_is_trusted_beside_a_custom_one(secure: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's bundle is the cluster's here; the custom one is a stranger's."""
    monkeypatch.setenv("SSL_CERT_FILE", secure.start["ca_file"])
    other = [secure.start["untrusted_ca_file"]]
    with Helper(config_for(secure, TLS(custom_ca_cert_paths=other))) as helper:
        assert helper.update_live_nodes()
        helper.client().list_tables()
    strict = Helper(config_for(secure, TLS(custom_ca_cert_paths=other, trust_system_ca_certs=False)))
    assert not strict.update_live_nodes()
    with pytest.raises(SSLError):
        strict.client(config=ONCE).list_tables()


def test_system_default_trusts_the_system_in_both(secure: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", secure.start["ca_file"])
    with Helper(config_for(secure, TLS.system_default())) as helper:
        assert helper.update_live_nodes()
        helper.client().list_tables()


def test_own_verify_of_a_client_is_not_widened(secure: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", secure.start["ca_file"])
    with Helper(config_for(secure, TLS.system_default())) as helper, pytest.raises(SSLError):
        helper.client(verify=secure.start["untrusted_ca_file"]).list_tables()


def test_trust_all(secure: Cluster, recwarn: pytest.WarningsRecorder) -> None:
    with Helper(config_for(secure, TLS.trust_all())) as helper:
        assert helper.update_live_nodes()
        helper.client().list_tables()


def test_host_name_alone_is_not_checked(start_cluster: Callable[..., Cluster]) -> None:
    cluster = start_cluster("--nodes", "1", "--https")
    cluster.fault(0, "tls_wrong_name")
    ca = [cluster.start["ca_file"]]
    with Helper(config_for(cluster, TLS(custom_ca_cert_paths=ca, verify_hostname=False))) as helper:
        assert helper.update_live_nodes()
        helper.client().list_tables()


@pytest.mark.parametrize("combined", [False, True])
def test_client_certificate_in_one_file_or_two(start_cluster: Callable[..., Cluster], tmp_path: Path, combined: bool) -> None:
    cluster = start_cluster("--nodes", "2", "--mtls")
    certificate, key = Path(cluster.start["client_cert"]), Path(cluster.start["client_key"])
    both = tmp_path / "both.pem"
    both.write_text(certificate.read_text() + key.read_text())
    tls = TLS(
        custom_ca_cert_paths=[cluster.start["ca_file"]],
        client_cert_path=both if combined else certificate,
        client_key_path=None if combined else key,
    )
    with Helper(config_for(cluster, tls)) as helper:
        assert helper.update_live_nodes()
        helper.client().list_tables()


def test_keys_of_both_are_logged(secure: Cluster, tmp_path: Path) -> None:
    log = tmp_path / "keys"
    tls = TLS(custom_ca_cert_paths=[secure.start["ca_file"]], key_log_file_path=log)
    with Helper(config_for(secure, tls)) as helper:
        discovery = log.read_text().count("CLIENT_TRAFFIC_SECRET_0")
        assert discovery > 0
        helper.client().list_tables()
        assert log.read_text().count("CLIENT_TRAFFIC_SECRET_0") > discovery


def test_session_cache_is_switched_off_in_both(start_cluster: Callable[..., Cluster]) -> None:
    cluster = start_cluster("--nodes", "1", "--https", "--tls-tickets")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    off = TLS(custom_ca_cert_paths=[cluster.start["ca_file"]], session_cache=TlsSessionCacheConfig(enabled=False))
    _tls.prepare(context, off)
    assert context.options & ssl.OP_NO_TICKET
    for tls, resumed in ((off, False), (TLS(custom_ca_cert_paths=[cluster.start["ca_file"]]), True)):
        cluster.reset_counters()
        with Helper(config_for(cluster, tls)) as helper:
            for _ in range(3):
                helper.update_live_nodes()
                # A node that comes back is connected to anew.
                cluster.fault(0, "connection_close", path="any", count=1)
                helper.update_live_nodes()
        assert bool(cluster.counters()["nodes"][0]["connections"]["tls_resumed"]) is resumed


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"client_key_path": "key.pem"}, "client_key_path"),
        ({"trust_system_ca_certs": False}, "custom_ca_cert_paths"),
        ({"custom_ca_cert_paths": "ca.pem"}, "custom_ca_cert_paths"),
        ({"custom_ca_cert_paths": ["/nonexistent.pem"]}, "/nonexistent.pem"),
        ({"custom_ca_cert_paths": ["CA", "/nonexistent.pem"]}, "/nonexistent.pem"),
        ({"client_cert_path": "/nonexistent.pem"}, "/nonexistent.pem"),
        ({"key_log_file_path": "/nonexistent/keys"}, "/nonexistent/keys"),
    ],
)
def test_bad_settings_are_named(secure: Cluster, fields: dict[str, Any], said: str) -> None:
    if isinstance(fields.get("custom_ca_cert_paths"), list):
        fields["custom_ca_cert_paths"] = [path.replace("CA", secure.start["ca_file"]) for path in fields["custom_ca_cert_paths"]]
    with pytest.raises(ConfigurationError) as caught:
        client(config_for(secure, TLS(**fields))).__enter__()
    assert said in str(caught.value)
