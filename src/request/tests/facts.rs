//! The parameters that decide whether a write reads first, row by row; and that they are enough for the rules that there are.

use super::super::Operation::{self, BatchWriteItem, DeleteItem, PutItem, UpdateItem};
use super::super::{Facts, ReturnValues, read};

/// What the members say, be it before table and key or behind them, and to whatever operation.
fn facts(members: &str) -> Facts {
    let target = r#""TableName":"t","Key":{"pk":{"S":"a"}},"Item":{"pk":{"S":"a"}}"#;
    let comma = if members.is_empty() { "" } else { "," };
    let mut found = Vec::new();
    for operation in [PutItem, UpdateItem, DeleteItem] {
        for body in [format!("{{{target}{comma}{members}}}"), format!("{{{members}{comma}{target}}}")] {
            found.push(read(operation, body.as_bytes()).unwrap().facts);
        }
    }
    assert!(found.iter().all(|facts| *facts == found[0]), "{members}");
    found[0]
}

#[test]
fn each_parameter_sets_its_own_fact_and_no_other() {
    let none = Facts::default();
    let condition = Facts { condition_expression: true, ..none };
    let empty_expected = Facts { expected_present: true, ..none };
    let expected = Facts { expected_non_empty: true, ..empty_expected };
    let update = Facts { update_expression: true, ..none };
    let reading_update = Facts { update_expression_reads: true, ..update };
    let add = Facts { attribute_updates_add: true, ..none };
    let delete = Facts { attribute_updates_delete_with_value: true, ..none };
    let rows = [
        ("", none),
        (r#""ConditionExpression":"attribute_exists(pk)""#, condition),
        (r#""Condition\u0045xpression":"\u0061""#, condition),
        (r#""ConditionExpression":" ""#, condition),
        (r#""ConditionExpression":"""#, none),
        (r#""conditionExpression":"a""#, none),
        (r#""Expected":{"a":{"Exists":false}}"#, expected),
        (r#""Expected":{"a":1}"#, expected),
        (r#""Expected":{}"#, empty_expected),
        (r#""Expected":null"#, empty_expected),
        (r#""Expected":[{"a":1}]"#, empty_expected),
        (r#""UpdateExpression":"""#, none),
        (r#""UpdateExpression":"SET a = :v""#, update),
        (r#""UpdateExpression":"SET #a = :v, b = :w + :x""#, update),
        (r#""UpdateExpression":"SET a = list_append(:v, :w)""#, update),
        (r#""UpdateExpression":"REMOVE a, #b""#, update),
        (r#""UpdateExpression":"SET a = b""#, reading_update),
        (r#""UpdateExpression":"SET a = a + :v""#, reading_update),
        (r#""UpdateExpression":"SET a = if_not_exists(a, :v)""#, reading_update),
        (r#""UpdateExpression":"SET a = list_append(#a, :v)""#, reading_update),
        (r#""UpdateExpression":"SET a.b = :v""#, reading_update),
        (r#""UpdateExpression":"SET a[0] = :v""#, reading_update),
        (r#""UpdateExpression":"REMOVE a[0]""#, reading_update),
        (r#""UpdateExpression":"ADD a :v""#, reading_update),
        (r#""UpdateExpression":"DELETE a :v""#, reading_update),
        (r#""UpdateExpression":"SET\u0020a\t=\n\u0062""#, reading_update),
        (r#""UpdateExpression":"SET a = :\ud800""#, reading_update),
        (r#""AttributeUpdates":{}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":"ADD","Value":{"N":"1"}}}"#, add),
        (r#""AttributeUpdates":{"a":{"Value":{"N":"1"},"Action":"A\u0044D"}}"#, add),
        (r#""AttributeUpdates":{"a":{"Action":"ADD"}}"#, add),
        (r#""AttributeUpdates":{"a":{"Action":"DELETE","Value":{"SS":["x"]}}}"#, delete),
        (r#""AttributeUpdates":{"a":{"Value":{"SS":["x"]},"Action":"DELETE"}}"#, delete),
        (r#""AttributeUpdates":{"a":{"Action":"DELETE","Value":null}}"#, delete),
        (r#""AttributeUpdates":{"a":{"Action":"DELETE"}}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":"PUT","Value":{"N":"1"}}}"#, none),
        (r#""AttributeUpdates":{"a":{"Value":{"N":"1"}}}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":"add","Value":{"N":"1"}}}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":["ADD"],"Value":{"N":"1"}}}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":"PUT"},"b":{"Action":"ADD"},"c":{"Action":"DELETE"}}"#, add),
        (r#""AttributeUpdates":{"a":{"Action":"ADD"},"b":{"Action":"PUT"},"a":{"Action":"PUT"}}"#, add),
        (r#""AttributeUpdates":{"a":{"Action":"PUT"},"a":{"Action":"ADD"}}"#, add),
        (r#""AttributeUpdates":{"a":{"Action":"ADD","Action":"PUT"}}"#, add),
        (r#""AttributeUpdates":{"a":{"Action":"PUT","Action":"ADD"}}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":"DELETE"},"b":{"Value":{"N":"1"}}}"#, none),
        (r#""Other":{"ConditionExpression":"a","Expected":{"a":{}},"ReturnValues":"ALL_OLD","UpdateExpression":"ADD a :a"}"#, none),
    ];
    for (members, expected) in rows {
        assert_eq!(facts(members), expected, "{members}");
    }
}

#[test]
fn return_values_are_known_by_their_exact_names() {
    let rows = [
        (r#""NONE""#, ReturnValues::None),
        (r#""""#, ReturnValues::None),
        (r#""ALL_OLD""#, ReturnValues::AllOld),
        (r#""ALL\u005fOLD""#, ReturnValues::AllOld),
        (r#""UPDATED_OLD""#, ReturnValues::UpdatedOld),
        (r#""ALL_NEW""#, ReturnValues::AllNew),
        (r#""UPDATED_NEW""#, ReturnValues::UpdatedNew),
        (r#""all_old""#, ReturnValues::Other),
        (r#""ALL_OLD ""#, ReturnValues::Other),
        ("null", ReturnValues::Other),
        ("1", ReturnValues::Other),
    ];
    for (value, expected) in rows {
        assert_eq!(facts(&format!(r#""ReturnValues":{value}"#)), Facts { return_values: expected, ..Facts::default() }, "{value}");
        if let Ok(text) = serde_json::from_str::<String>(value) {
            assert_eq!(ReturnValues::parse(&text), expected, "{text}");
        }
    }
}

/// Whether a write reads first by the rule that the official clients share.
fn by_clients(operation: Operation, facts: &Facts) -> bool {
    let returns = match operation {
        UpdateItem => !matches!(facts.return_values, ReturnValues::None | ReturnValues::UpdatedNew),
        _ => facts.return_values == ReturnValues::AllOld,
    };
    let updates = facts.update_expression || facts.attribute_updates_add || facts.attribute_updates_delete_with_value;
    facts.condition_expression || facts.expected_non_empty || returns || (operation == UpdateItem && updates)
}

/// Whether it does by the server's own.
fn by_server(operation: Operation, facts: &Facts) -> bool {
    let update_expression = facts.update_expression_reads;
    by_clients(operation, &Facts { update_expression, expected_non_empty: facts.expected_present, ..*facts })
}

#[test]
fn the_facts_are_enough_to_tell_when_clients_and_server_read_before_they_write() {
    let (put, update, delete) = (&[PutItem][..], &[UpdateItem][..], &[DeleteItem][..]);
    let (put_or_delete, any) = (&[put, delete].concat()[..], &[put, update, delete].concat()[..]);
    let rows = [
        (any, "", false, false),
        (any, r#""ConditionExpression":"attribute_exists(a)""#, true, true),
        (any, r#""ConditionExpression":"""#, false, false),
        (any, r#""Expected":{"a":{"Exists":false}}"#, true, true),
        (any, r#""Expected":{}"#, false, true),
        (any, r#""ReturnValues":"ALL_OLD""#, true, true),
        (any, r#""ReturnValues":"NONE""#, false, false),
        (any, r#""ReturnValues":"""#, false, false),
        (put_or_delete, r#""ReturnValues":"UPDATED_OLD""#, false, false),
        (put_or_delete, r#""ReturnValues":"ALL_NEW""#, false, false),
        (put_or_delete, r#""ReturnValues":"UPDATED_NEW""#, false, false),
        (update, r#""ReturnValues":"UPDATED_OLD""#, true, true),
        (update, r#""ReturnValues":"ALL_NEW""#, true, true),
        (update, r#""ReturnValues":"UPDATED_NEW""#, false, false),
        (update, r#""UpdateExpression":"""#, false, false),
        (update, r#""UpdateExpression":"SET a = :v""#, true, false),
        (update, r#""UpdateExpression":"REMOVE a""#, true, false),
        (update, r#""UpdateExpression":"SET a = a + :v""#, true, true),
        (update, r#""UpdateExpression":"SET a = if_not_exists(a, :v)""#, true, true),
        (update, r#""UpdateExpression":"SET a = list_append(a, :v)""#, true, true),
        (update, r#""UpdateExpression":"SET a.b = :v""#, true, true),
        (update, r#""UpdateExpression":"ADD a :v""#, true, true),
        (update, r#""UpdateExpression":"DELETE a :v""#, true, true),
        (update, r#""UpdateExpression":"SET a = :v","ConditionExpression":"a = :w""#, true, true),
        (update, r#""UpdateExpression":"SET a = :v","ReturnValues":"ALL_NEW""#, true, true),
        (update, r#""AttributeUpdates":{"a":{"Action":"ADD","Value":{"N":"1"}}}"#, true, true),
        (update, r#""AttributeUpdates":{"a":{"Action":"DELETE","Value":{"SS":["x"]}}}"#, true, true),
        (update, r#""AttributeUpdates":{"a":{"Action":"DELETE"}}"#, false, false),
        (update, r#""AttributeUpdates":{"a":{"Action":"PUT","Value":{"N":"1"}}}"#, false, false),
        (update, r#""AttributeUpdates":{"a":{"Value":{"N":"1"}}}"#, false, false),
        (update, r#""AttributeUpdates":{"a":{"Action":"PUT"}},"Expected":{"a":{"Exists":true}}"#, true, true),
    ];
    for (operations, members, clients, server) in rows {
        let facts = facts(members);
        for &operation in operations {
            assert_eq!((by_clients(operation, &facts), by_server(operation, &facts)), (clients, server), "{operation:?} {members}");
        }
    }
}

#[test]
fn what_the_items_of_a_batch_say_are_no_facts() {
    let body =
        br#"{"RequestItems":{"t":[{"PutRequest":{"Item":{"pk":{"S":"a"}},"ConditionExpression":"a","ReturnValues":"ALL_OLD"}}]}}"#;
    let request = read(BatchWriteItem, body).unwrap();
    assert_eq!(request.facts, Facts::default());
    assert!(request.key_source.is_none() && request.table.is_none());
}
