//! Answers without a store, for benchmarks of clients: the least that is valid for each operation.
//!
//! Nothing is kept: every table exists, has the partition key `pk` (S), and is empty.

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::json;

#[derive(Default, Deserialize)]
struct Named {
    #[serde(rename = "TableName", default)]
    table: String,
}

pub fn answer(operation: &str, body: &[u8]) -> Bytes {
    match operation {
        "Query" | "Scan" => Bytes::from_static(br#"{"Items":[],"Count":0,"ScannedCount":0}"#),
        "BatchGetItem" => Bytes::from_static(br#"{"Responses":{},"UnprocessedKeys":{}}"#),
        "BatchWriteItem" => Bytes::from_static(br#"{"UnprocessedItems":{}}"#),
        "ListTables" => Bytes::from_static(br#"{"TableNames":[]}"#),
        "ListTagsOfResource" => Bytes::from_static(br#"{"Tags":[]}"#),
        "ListStreams" => Bytes::from_static(br#"{"Streams":[]}"#),
        "GetRecords" => Bytes::from_static(br#"{"Records":[]}"#),
        "DescribeTimeToLive" => Bytes::from_static(br#"{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}"#),
        "DescribeTable" => json!({ "Table": table(body) }).to_string().into(),
        "CreateTable" | "DeleteTable" | "UpdateTable" => json!({ "TableDescription": table(body) }).to_string().into(),
        _ => Bytes::from_static(b"{}"),
    }
}

fn table(body: &[u8]) -> serde_json::Value {
    let Named { table } = serde_json::from_slice(body).unwrap_or_default();
    json!({
        "TableName": table,
        "TableStatus": "ACTIVE",
        "TableId": "00000000-0000-4000-8000-000000000000",
        "TableArn": format!("arn:scylla:alternator:alternator_{table}:scylla:table/{table}"),
        "CreationDateTime": 1_767_225_600,
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "ProvisionedThroughput": { "ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0 },
        "TableSizeBytes": 0,
        "ItemCount": 0,
    })
}
