//! The parameters that decide whether a write reads first, row by row.

use super::super::{Facts, Operation, ReturnValues, read};

fn facts(members: &str) -> Facts {
    let body = format!(r#"{{"TableName":"t","Key":{{"pk":{{"S":"a"}}}}{}{members}}}"#, if members.is_empty() { "" } else { "," });
    let before = read(Operation::UpdateItem, body.as_bytes()).unwrap().facts;
    let body = format!(r#"{{{members}{}"Key":{{"pk":{{"S":"a"}}}},"TableName":"t"}}"#, if members.is_empty() { "" } else { "," });
    assert_eq!(before, read(Operation::UpdateItem, body.as_bytes()).unwrap().facts);
    before
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
        (r#""ConditionExpression":"""#, none),
        (r#""conditionExpression":"a""#, none),
        (r#""Expected":{"a":{"Exists":false}}"#, expected),
        (r#""Expected":{}"#, empty_expected),
        (r#""Expected":null"#, empty_expected),
        (r#""UpdateExpression":"""#, none),
        (r#""UpdateExpression":"SET a = :v""#, update),
        (r#""UpdateExpression":"SET a = b""#, reading_update),
        (r#""UpdateExpression":"SET\u0020a\t=\n\u0062""#, reading_update),
        (r#""UpdateExpression":"SET a = :\ud800""#, reading_update),
        (r#""AttributeUpdates":{}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":"ADD","Value":{"N":"1"}}}"#, add),
        (r#""AttributeUpdates":{"a":{"Value":{"N":"1"},"Action":"A\u0044D"}}"#, add),
        (r#""AttributeUpdates":{"a":{"Action":"DELETE","Value":{"SS":["x"]}}}"#, delete),
        (r#""AttributeUpdates":{"a":{"Value":{"SS":["x"]},"Action":"DELETE"}}"#, delete),
        (r#""AttributeUpdates":{"a":{"Action":"DELETE"}}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":"PUT","Value":{"N":"1"}}}"#, none),
        (r#""AttributeUpdates":{"a":{"Value":{"N":"1"}}}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":"add","Value":{"N":"1"}}}"#, none),
        (r#""AttributeUpdates":{"a":{"Action":"PUT"},"b":{"Action":"ADD"},"c":{"Action":"DELETE"}}"#, add),
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
        ("null", ReturnValues::Other),
        ("1", ReturnValues::Other),
    ];
    for (value, expected) in rows {
        assert_eq!(facts(&format!(r#""ReturnValues":{value}"#)), Facts { return_values: expected, ..Facts::default() }, "{value}");
    }
}
