//! What is found in a request, and what is not.

mod attribute;
mod batch;
mod expression;
mod facts;
mod grammar;
mod hostile;
mod malformed;
mod model;
mod property;

use super::{Facts, KeyValue, Malformed, Object, Operation, Request, ReturnValues, Unreadable, read, read_batch};

/// The bytes of a value, after a letter for its type.
fn key_bytes(value: KeyValue<'_>) -> Result<(char, Vec<u8>), Malformed> {
    let kind = match value {
        KeyValue::S(_) => 'S',
        KeyValue::N(_) => 'N',
        KeyValue::B(_) => 'B',
    };
    Ok((kind, value.bytes().collect::<Result<_, _>>()?))
}

fn attribute(object: Object<'_>, name: &str) -> Option<Result<(char, Vec<u8>), Malformed>> {
    Some(object.attribute(name)?.and_then(key_bytes))
}

fn table(request: &Request<'_>) -> Option<String> {
    let bytes: Result<Vec<u8>, _> = request.table?.bytes().collect();
    Some(String::from_utf8(bytes.unwrap()).unwrap())
}

fn key(request: &Request<'_>) -> Option<Result<(char, Vec<u8>), Malformed>> {
    attribute(request.key_source?, "pk")
}

fn text(text: &str) -> Option<Result<(char, Vec<u8>), Malformed>> {
    Some(Ok(('S', text.as_bytes().to_vec())))
}

#[test]
fn operations_are_known_by_name_and_by_target() {
    let known = [
        ("PutItem", Operation::PutItem),
        ("UpdateItem", Operation::UpdateItem),
        ("DeleteItem", Operation::DeleteItem),
        ("GetItem", Operation::GetItem),
        ("Query", Operation::Query),
        ("BatchWriteItem", Operation::BatchWriteItem),
        ("BatchGetItem", Operation::BatchGetItem),
        ("TransactWriteItems", Operation::TransactWriteItems),
        ("TransactGetItems", Operation::TransactGetItems),
    ];
    for (name, operation) in known {
        assert_eq!(Operation::parse(name), operation);
        assert_eq!(Operation::parse(&format!("DynamoDB_20120810.{name}")), operation);
    }
    for name in ["", "putitem", "PutItem ", "Scan", "DynamoDB_20120810.", "DynamoDBStreams_20120810.PutItem", "."] {
        assert_eq!(Operation::parse(name), Operation::Other, "{name}");
    }
}

#[test]
fn the_key_of_a_put_is_in_its_item_and_that_of_other_operations_in_their_key() {
    let body = br#"{"Item":{"pk":{"S":"in item"}},"Key":{"pk":{"S":"in key"}},"TableName":"t"}"#;
    let rows = [
        (Operation::PutItem, text("in item")),
        (Operation::UpdateItem, text("in key")),
        (Operation::DeleteItem, text("in key")),
        (Operation::GetItem, text("in key")),
        (Operation::Query, None),
        (Operation::BatchWriteItem, None),
        (Operation::Other, None),
    ];
    for (operation, expected) in rows {
        let request = read(operation, body).unwrap();
        assert_eq!(request.operation, operation);
        assert_eq!(key(&request), expected, "{operation:?}");
        assert_eq!(table(&request).as_deref(), Some("t"));
        assert_eq!(request.facts, Facts::default());
    }
}

#[test]
fn the_order_of_members_and_white_space_are_of_no_account() {
    let bodies = [
        r#"{"TableName":"t","Item":{"sk":{"N":"1"},"pk":{"S":"a"}}}"#,
        r#"{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}},"TableName":"t"}"#,
        "\r\n{ \"Item\" :\t{ \"pk\" : { \"S\" : \"a\" } } ,\n \"TableName\" : \"t\" } \n",
        r#"{"a":[],"b":{},"c":null,"d":-1.5e+3,"e":[{"x":"}"}],"Item":{"pk":{"S":"a"}},"TableName":"t","f":true}"#,
        r#"{"Table\u004eame":"\u0074","\u0049tem":{"\u0070k":{"\u0053":"\u0061"}}}"#,
    ];
    for body in bodies {
        let request = read(Operation::PutItem, body.as_bytes()).unwrap();
        assert_eq!((table(&request).as_deref(), key(&request)), (Some("t"), text("a")), "{body}");
    }
}

#[test]
fn of_members_with_the_same_name_the_first_one_counts() {
    let body = br#"{"TableName":"a","Item":{"pk":{"S":"1","S":"2"},"pk":{"N":"3"}},"ReturnValues":"ALL_OLD",
        "ConditionExpression":"x","Expected":{"a":{}},"UpdateExpression":"ADD a :a",
        "AttributeUpdates":{"a":{"Action":"PUT","Action":"ADD"},"a":{"Action":"ADD"}},
        "TableName":"b","Item":{"pk":{"S":"4"}},"ReturnValues":"NONE","ConditionExpression":"","Expected":{},"UpdateExpression":"",
        "AttributeUpdates":{"b":{"Action":"DELETE","Value":{}}}}"#;
    let request = read(Operation::PutItem, body).unwrap();
    assert_eq!(table(&request).as_deref(), Some("a"));
    assert_eq!(key(&request), text("1"));
    let facts = Facts {
        condition_expression: true,
        expected_present: true,
        expected_non_empty: true,
        return_values: ReturnValues::AllOld,
        update_expression: true,
        update_expression_reads: true,
        attribute_updates_add: true,
        attribute_updates_delete_with_value: false,
    };
    assert_eq!(request.facts, facts);
}

#[test]
fn the_first_member_counts_also_where_only_the_second_has_the_right_type() {
    let body = br#"{"TableName":1,"Item":[],"ReturnValues":1,"ConditionExpression":"","Expected":{},"UpdateExpression":null,
        "AttributeUpdates":1,"TableName":"b","Item":{"pk":{"S":"4"}},"ReturnValues":"NONE","ConditionExpression":"x",
        "Expected":{"a":{}},"UpdateExpression":"ADD a :a","AttributeUpdates":{"a":{"Action":"ADD"}}}"#;
    let request = read(Operation::PutItem, body).unwrap();
    assert!(request.table.is_none() && request.key_source.is_none());
    assert_eq!(request.facts, Facts { expected_present: true, return_values: ReturnValues::Other, ..Facts::default() });
}

#[test]
fn a_table_may_be_named_by_its_arn() {
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders";
    let body = format!(r#"{{"TableName":"{arn}"}}"#);
    assert_eq!(read(Operation::GetItem, body.as_bytes()).unwrap().table.unwrap().plain(), Some(arn));
}

#[test]
fn a_body_that_is_no_json_object_is_unreadable() {
    let bodies = [
        "",
        " ",
        "null",
        "[]",
        "\"TableName\"",
        "1",
        "{",
        "}",
        "{}{}",
        "{} x",
        "{,}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a":1]"#,
        r#"{"a" 1}"#,
        r#"{a:1}"#,
        r#"{"a":"}"#,
        r#"{"a":"\"}"#,
        r#"{"a":"\"#,
        r#"{"a":[}"#,
        r#"{"a":{"b":"c"}"#,
        r#"{"a":1 2}"#,
        r#"{"a":x}"#,
        "\u{feff}{}",
    ];
    for body in bodies {
        assert_eq!(read(Operation::PutItem, body.as_bytes()).err(), Some(Unreadable), "{body}");
    }
    assert!(read(Operation::PutItem, b"{}").is_ok());
}

#[test]
fn reading_allocates_nothing() {
    let item = r#"{"n":{"N":"1"},"m":{"M":{"x":{"L":[{"S":"\""}]}}},"p\u006b":{"S":"\u0061"},"b":{"B":"aGV5"}}"#;
    let put = format!(r#"{{"TableName":"t\n","Item":{item},"UpdateExpression":"SET a = :v","AttributeUpdates":{{"a":{{}}}}}}"#);
    let batch = format!(r#"{{"RequestItems":{{"t":[{{"PutRequest":{{"Item":{item}}}}}]}}}}"#);
    let mut found = [0; 8];
    let allocations = allocation_counter::measure(|| {
        let source = read(Operation::PutItem, put.as_bytes()).unwrap().key_source.unwrap();
        source.attribute("pk").unwrap().unwrap().contiguous(&mut found[..4]).unwrap();
        read_batch(batch.as_bytes(), |table, source| {
            assert!(table.eq_str("t"));
            source.attribute("b").unwrap().unwrap().contiguous(&mut found[4..]).unwrap();
        })
        .unwrap();
    });
    assert_eq!((allocations.count_total, &found), (0, b"a\0\0\0hey\0"));
}

#[test]
fn a_string_that_ends_or_escapes_at_any_place_of_a_block_is_passed_whole() {
    for padding in 0..200 {
        for tail in ["", r"\\", r#"\""#, r#"\\\""#, r"\\\\", r"}\u0022", "]}{["] {
            let filler = "x".repeat(padding);
            let value = format!(r#"{{"L":[{{"S":"{filler}{tail}"}},{{"M":{{"{tail}":{{"S":"{filler}"}}}}}}]}}"#);
            let body = format!(r#"{{"Item":{{"a":{value},"pk":{{"S":"k"}},"b":{value}}},"TableName":"t"}}"#);
            let request = read(Operation::PutItem, body.as_bytes()).unwrap();
            assert_eq!((table(&request).as_deref(), key(&request)), (Some("t"), text("k")), "{body}");
        }
    }
}
