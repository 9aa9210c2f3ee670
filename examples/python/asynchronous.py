"""Counts page views with many tasks of one event loop, each view by a conditional update that its key's own node coordinates.

    python asynchronous.py SEED... [--port 8000] [--views 500]

Needs aiobotocore. The exit status is 0 only if every view was counted once.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from alternator_lb import AsyncAlternatorLB

TABLE = "page_views"
PAGES = ("/index.html", "/about.html", "/contact.html")


async def make_table(dynamodb: Any) -> None:
    if TABLE not in (await dynamodb.list_tables())["TableNames"]:
        await dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "page", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "page", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    for page in PAGES:
        await dynamodb.put_item(TableName=TABLE, Item={"page": {"S": page}, "views": {"N": "0"}})


async def count_view(dynamodb: Any, page: str) -> None:
    """Adds one if nobody else has meanwhile, else tries again."""
    key = {"page": {"S": page}}
    while True:
        seen = (await dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True))["Item"]["views"]["N"]
        try:
            await dynamodb.update_item(
                TableName=TABLE,
                Key=key,
                UpdateExpression="SET #views = :next",
                ConditionExpression="#views = :seen",
                ExpressionAttributeNames={"#views": "views"},
                ExpressionAttributeValues={":seen": {"N": seen}, ":next": {"N": str(int(seen) + 1)}},
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            continue
        return


async def run(seeds: list[str], port: int, views: int) -> int:
    async with AsyncAlternatorLB(seeds, port=port, affinity="rmw", table_keys={TABLE: "page"}) as lb:
        dynamodb = await lb.new_dynamodb_client()
        await make_table(dynamodb)
        visitors = asyncio.Semaphore(8)

        async def visit(number: int) -> None:
            async with visitors:
                await count_view(dynamodb, PAGES[number % len(PAGES)])

        await asyncio.gather(*(visit(number) for number in range(views)))
        counted = 0
        for page in PAGES:
            answer = await dynamodb.get_item(TableName=TABLE, Key={"page": {"S": page}}, ConsistentRead=True)
            counted += int(answer["Item"]["views"]["N"])
            print(f"{page}: {answer['Item']['views']['N']} views")
        print(f"{counted} of {views} views counted, on the nodes {', '.join(lb.nodes)}")
    return 0 if counted == views else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="+", metavar="SEED")
    parser.add_argument("--port", type=int, default=8000, help="of all nodes (default: %(default)s)")
    parser.add_argument("--views", type=int, default=500, help="how many to count (default: %(default)s)")
    options = parser.parse_args()
    return asyncio.run(run(options.seeds, options.port, options.views))


if __name__ == "__main__":
    sys.exit(main())
