"""New clients depend on what they are given and on nothing hidden."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import PartialCredentialsError
from cluster import Cluster

import alternator_lb
from alternator_lb import AlternatorLB, ConfigurationError

Balance = Callable[..., AlternatorLB]

HIDDEN = {
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "required",
    "AWS_CA_BUNDLE": "/nonexistent.pem",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_DEFAULTS_MODE": "no such mode",
    "AWS_DEFAULT_PROFILE": "no such profile",
    "AWS_DEFAULT_REGION": "no such region",
    "AWS_ENDPOINT_DISCOVERY_ENABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_PROFILE": "no such profile",
    "AWS_REGION": "no such region",
    "AWS_RETRY_MODE": "no such mode",
    "AWS_ROLE_ARN": "arn:aws:iam::1:role/none",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent",
    "ALL_PROXY": "http://127.0.0.1:1",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
}


def sent_headers(client: Any) -> dict[str, str]:
    headers: dict[str, str] = {}

    def note(request: Any, **_: Any) -> None:
        for name, value in request.headers.items():
            headers[name.lower()] = value.decode() if isinstance(value, bytes) else value

    client.meta.events.register("before-send.dynamodb.*", note)
    client.list_tables()
    return headers


@pytest.mark.parametrize("scheme_options", [[], ["--https"]])
def test_hidden_environment_does_not_matter(
    start_cluster: Callable[..., Cluster],
    balance: Balance,
    monkeypatch: pytest.MonkeyPatch,
    scheme_options: list[str],
) -> None:
    cluster = start_cluster("--nodes", "1", *scheme_options)
    for name, value in HIDDEN.items():
        monkeypatch.setenv(name, value)
    lb = balance(cluster, ca_file=cluster.start["ca_file"])
    for client in (lb.new_dynamodb_client(), lb.new_dynamodb_resource().meta.client):
        client.list_tables()
        assert client.meta.region_name == "us-east-1"
        assert client.meta.config.retries == {"mode": "standard", "total_max_attempts": 4}


def test_configuration_files_do_not_matter(
    calm_cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("config", "credentials"):
        (tmp_path / name).write_text("[default]\nendpoint_url=http://127.0.0.1:1\naws_access_key_id=half a pair\nregion=\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    assert "authorization" not in sent_headers(balance(calm_cluster).new_dynamodb_client())


def test_without_credentials_requests_are_unsigned(calm_cluster: Cluster, balance: Balance) -> None:
    assert "authorization" not in sent_headers(balance(calm_cluster).new_dynamodb_client())


@pytest.mark.parametrize("where", ["balancer", "client", "environment"])
def test_credentials_are_used(calm_cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    pair = {"aws_access_key_id": "the-id", "aws_secret_access_key": "the-secret"}
    if where == "environment":
        for name, value in pair.items():
            monkeypatch.setenv(name.upper(), value)
    lb = balance(calm_cluster, **(pair if where == "balancer" else {}))
    headers = sent_headers(lb.new_dynamodb_client(**(pair if where == "client" else {})))
    assert "Credential=the-id/" in headers["authorization"]


def test_half_a_pair_in_the_environment_is_no_pair(
    calm_cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-id")
    assert "authorization" not in sent_headers(balance(calm_cluster).new_dynamodb_client())


def test_half_a_pair_of_arguments_is_refused(calm_cluster: Cluster, balance: Balance) -> None:
    with pytest.raises(ConfigurationError, match="access_key_id and secret_access_key"):
        balance(calm_cluster, aws_access_key_id="the-id")
    with pytest.raises(PartialCredentialsError):
        balance(calm_cluster).new_dynamodb_client(aws_access_key_id="the-id")


def test_callers_config_is_merged_over_ours(calm_cluster: Cluster, balance: Balance) -> None:
    lb = balance(calm_cluster, config=Config(read_timeout=7, connect_timeout=3), region_name="eu-north-1")
    client = lb.new_dynamodb_client(config=Config(read_timeout=9))
    assert client.meta.region_name == "eu-north-1"
    assert (client.meta.config.read_timeout, client.meta.config.connect_timeout) == (9, 3)
    assert client.meta.config.max_pool_connections == 200
    assert lb.new_dynamodb_client(region_name="eu-west-1").meta.region_name == "eu-west-1"


def test_client_says_who_it_is(calm_cluster: Cluster, balance: Balance) -> None:
    headers = sent_headers(balance(calm_cluster).new_dynamodb_client())
    assert headers["user-agent"].startswith(f"alternator-lb-python/{alternator_lb.__version__} Botocore/")


def test_unsigned_can_be_asked_for(calm_cluster: Cluster, balance: Balance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-secret")
    lb = balance(calm_cluster)
    client = lb.new_dynamodb_client(config=Config(signature_version=UNSIGNED))
    assert "authorization" not in sent_headers(client)
