"""What a user writes, for mypy --strict to check against the installed package; tests/test_installs.py does.

Lines with a comment `type: ignore` are wrong: strict checking complains where one of them is accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import alternator_lb
from alternator_lb import (
    TLS,
    AlternatorClient,
    AlternatorConfigBuilder,
    AlternatorLB,
    AlternatorResource,
    AsyncAlternatorClient,
    AsyncAlternatorLB,
    AsyncHelper,
    Auth,
    ClusterScope,
    CompressionAlgorithm,
    Config,
    DatacenterScope,
    EndpointPool,
    HeaderWhitelistContext,
    Helper,
    KeyRouteAffinityConfig,
    KeyRouteAffinityMode,
    NoNodesAvailableError,
    RackScope,
    ResponseCompression,
    create_client,
)
from alternator_lb.pool import Algorithm, Endpoint

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from types_aiobotocore_dynamodb import DynamoDBClient as AsyncDynamoDBClient


def original_helper() -> None:
    with AlternatorLB(["10.0.0.1"], port=8000, datacenter="dc1", tls=TLS.with_custom_ca(Path("ca.pem"))) as lb:
        client: DynamoDBClient = lb.new_dynamodb_client()
        resource: DynamoDBServiceResource = lb.new_dynamodb_resource()
        lb.patch_dynamodb_client(client)
        lb.unpatch_dynamodb_client(resource.meta.client)
        nodes: list[str] = lb.get_known_nodes() + lb.nodes + [lb.next_node()]
        key: str | None = lb.get_partition_key_name("table")
        supported: bool = lb.check_if_rack_datacenter_feature_is_supported()
        print(nodes, key, supported, client.list_tables()["TableNames"])
    AlternatorLB(["10.0.0.1"], port="8000")  # type: ignore[arg-type]
    AlternatorLB(["10.0.0.1"], no_such_argument=1)  # type: ignore[call-arg]


def extra_headers(context: HeaderWhitelistContext) -> set[str]:
    return {"X-Trace"} if context.auth_enabled else set()


def official_interface() -> None:
    config: Config = (
        AlternatorConfigBuilder()
        .with_seeds("10.0.0.1", "10.0.0.2")
        .with_https(TLS.system_default())
        .with_scope(RackScope("dc1", "r1", fallback=DatacenterScope("dc1", fallback=ClusterScope())))
        .with_compression(CompressionAlgorithm.GZIP, min_size=2048)
        .with_response_compression(ResponseCompression.GZIP)
        .with_header_optimization(whitelist={"X-Static"}, whitelist_callback=extra_headers)
        .with_key_affinity(KeyRouteAffinityMode.RMW, table_pk_map={"users": "id"})
        .build()
    )
    with AlternatorClient(config, auth=Auth.static_credentials("id", "secret")) as dynamodb:
        dynamodb.put_item(TableName="users", Item={"id": {"S": "1"}})
    with AlternatorResource(config) as resource:
        resource.Table("users").put_item(Item={"id": "1"})
    with alternator_lb.client(seeds=["10.0.0.1"], port=8000) as client:
        client.describe_table(TableName="users")
    try:
        made: DynamoDBClient = create_client(Config(["10.0.0.1"], 8000, key_affinity=KeyRouteAffinityConfig()))
        made.list_tables()
    except NoNodesAvailableError as error:
        hosts: list[str] = error.attempted_hosts
        print(hosts, error.code)
    with Helper(config) as helper:
        quarantined: list[str] = helper.get_quarantined_nodes()
        print(quarantined, helper.next_node(), helper.client().list_tables())
    Config(["10.0.0.1"])  # type: ignore[call-arg]
    Config(["10.0.0.1"], 8000, compression="gzip")  # type: ignore[arg-type]


async def asynchronous() -> None:
    async with AsyncAlternatorLB(["10.0.0.1"]) as lb:
        client: AsyncDynamoDBClient = await lb.new_dynamodb_client()
        answer = await client.list_tables()
        print(answer["TableNames"])
    config = Config(["10.0.0.1"], 8000)
    async with AsyncAlternatorClient(config) as dynamodb:
        await dynamodb.list_tables()
    async with AsyncHelper(config) as helper:
        node: str | None = await helper.next_node()
        print(node, helper.get_nodes())


class Last(Algorithm[str]):
    def find_best_endpoint(self, endpoints: Sequence[Endpoint[str]]) -> Endpoint[str]:
        return endpoints[-1]


def endpoints() -> None:
    pool: EndpointPool[str] = EndpointPool.from_list(["a", "b"], algorithm=Last())
    with pool.get_endpoint(exempt_exceptions=(KeyError,)) as url:
        print(url.upper())
    first: str = pool.pick()
    counts: list[int] = [endpoint.failure_count for endpoint in pool.data]
    print(first, counts)
    number: int = pool.pick()  # type: ignore[assignment]
    print(number)
