//! Which requests go by their key, as the official clients define it, and as the server does.

use crate::config::{AffinityMode, AffinityRule};
use crate::request::{Facts, Operation, ReturnValues};

/// Whether a write of one item goes by its key.
pub fn goes_by_key(mode: AffinityMode, rule: AffinityRule, operation: Operation, facts: &Facts) -> bool {
    let is_write = matches!(operation, Operation::PutItem | Operation::UpdateItem | Operation::DeleteItem);
    is_write
        && match mode {
            AffinityMode::None => false,
            AffinityMode::ReadModifyWrite => reads_before_write(rule, operation, facts),
            AffinityMode::AnyWrite => true,
        }
}

/// Whether a batch of writes goes by the votes of its items.
pub fn goes_by_votes(mode: AffinityMode, operation: Operation) -> bool {
    mode == AffinityMode::AnyWrite && operation == Operation::BatchWriteItem
}

fn reads_before_write(rule: AffinityRule, operation: Operation, facts: &Facts) -> bool {
    let expected = match rule {
        AffinityRule::Official => facts.expected_non_empty,
        AffinityRule::Server => facts.expected_present,
    };
    if facts.condition_expression || expected {
        return true;
    }
    if operation != Operation::UpdateItem {
        // Any other value than these two is refused by servers, so that it may go anywhere.
        return facts.return_values == ReturnValues::AllOld;
    }
    let update = match rule {
        AffinityRule::Official => facts.update_expression,
        AffinityRule::Server => facts.update_expression_reads,
    };
    update
        || !matches!(facts.return_values, ReturnValues::None | ReturnValues::UpdatedNew)
        || facts.attribute_updates_add
        || facts.attribute_updates_delete_with_value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::read;

    /// Operation, parameters beside table and key, whether the official clients and the server take it for a read-modify-write.
    const ROWS: &[(&str, &str, bool, bool)] = &[
        ("PutItem", r#""Item":{}"#, false, false),
        ("PutItem", r#""ConditionExpression":"attribute_not_exists(pk)""#, true, true),
        ("PutItem", r#""ConditionExpression":"""#, false, false),
        ("PutItem", r#""Expected":{"a":{"Exists":false}}"#, true, true),
        ("PutItem", r#""Expected":{}"#, false, true),
        ("PutItem", r#""ReturnValues":"ALL_OLD""#, true, true),
        ("PutItem", r#""ReturnValues":"NONE""#, false, false),
        ("PutItem", r#""ReturnValues":"""#, false, false),
        ("DeleteItem", r#""Key":{}"#, false, false),
        ("DeleteItem", r#""ConditionExpression":"a = :b""#, true, true),
        ("DeleteItem", r#""Expected":{"a":{"Exists":false}}"#, true, true),
        ("DeleteItem", r#""Expected":{}"#, false, true),
        ("DeleteItem", r#""ReturnValues":"ALL_OLD""#, true, true),
        ("UpdateItem", r#""Key":{}"#, false, false),
        ("UpdateItem", r#""UpdateExpression":"SET a = :b""#, true, false),
        ("UpdateItem", r#""UpdateExpression":"REMOVE a""#, true, false),
        ("UpdateItem", r#""UpdateExpression":"SET a = a + :b""#, true, true),
        ("UpdateItem", r#""UpdateExpression":"SET a = if_not_exists(a, :b)""#, true, true),
        ("UpdateItem", r#""UpdateExpression":"SET a = list_append(:b, c)""#, true, true),
        ("UpdateItem", r#""UpdateExpression":"SET a.b = :c""#, true, true),
        ("UpdateItem", r#""UpdateExpression":"ADD a :b""#, true, true),
        ("UpdateItem", r#""UpdateExpression":"DELETE a :b""#, true, true),
        ("UpdateItem", r#""UpdateExpression":"""#, false, false),
        ("UpdateItem", r#""ConditionExpression":"a = :b""#, true, true),
        ("UpdateItem", r#""Expected":{"a":{"Exists":false}}"#, true, true),
        ("UpdateItem", r#""Expected":{}"#, false, true),
        ("UpdateItem", r#""ReturnValues":"ALL_OLD""#, true, true),
        ("UpdateItem", r#""ReturnValues":"UPDATED_OLD""#, true, true),
        ("UpdateItem", r#""ReturnValues":"ALL_NEW""#, true, true),
        ("UpdateItem", r#""ReturnValues":"UPDATED_NEW""#, false, false),
        ("UpdateItem", r#""ReturnValues":"NONE""#, false, false),
        ("UpdateItem", r#""AttributeUpdates":{"a":{"Action":"ADD","Value":{"N":"1"}}}"#, true, true),
        ("UpdateItem", r#""AttributeUpdates":{"a":{"Action":"DELETE","Value":{"SS":["x"]}}}"#, true, true),
        ("UpdateItem", r#""AttributeUpdates":{"a":{"Action":"DELETE"}}"#, false, false),
        ("UpdateItem", r#""AttributeUpdates":{"a":{"Action":"PUT","Value":{"N":"1"}}}"#, false, false),
        ("UpdateItem", r#""AttributeUpdates":{"a":{"Value":{"N":"1"}}}"#, false, false),
    ];

    #[test]
    fn each_row_of_the_clients_table_holds() {
        for (operation, parameters, official, server) in ROWS {
            let body = format!("{{\"TableName\":\"t\",{parameters}}}");
            let operation = Operation::parse(operation);
            let facts = read(operation, body.as_bytes()).unwrap().facts;
            let by = |mode, rule| goes_by_key(mode, rule, operation, &facts);
            for (rule, wanted) in [(AffinityRule::Official, *official), (AffinityRule::Server, *server)] {
                assert_eq!(by(AffinityMode::ReadModifyWrite, rule), wanted, "{operation:?} {parameters} by {rule:?}");
                assert!(by(AffinityMode::AnyWrite, rule), "{operation:?} {parameters}");
                assert!(!by(AffinityMode::None, rule), "{operation:?} {parameters}");
            }
        }
    }

    #[test]
    fn reads_transactions_and_unknown_operations_never_go_by_key() {
        let conditional = Facts { condition_expression: true, ..Facts::default() };
        for name in ["GetItem", "Query", "Scan", "BatchGetItem", "TransactWriteItems", "TransactGetItems", "ExecuteStatement", ""] {
            let operation = Operation::parse(name);
            for mode in [AffinityMode::None, AffinityMode::ReadModifyWrite, AffinityMode::AnyWrite] {
                assert!(!goes_by_key(mode, AffinityRule::Official, operation, &conditional), "{name}");
                assert!(!goes_by_votes(mode, operation), "{name}");
            }
        }
    }

    #[test]
    fn batches_vote_only_where_every_write_goes_by_key() {
        assert!(goes_by_votes(AffinityMode::AnyWrite, Operation::BatchWriteItem));
        assert!(!goes_by_votes(AffinityMode::ReadModifyWrite, Operation::BatchWriteItem));
        assert!(!goes_by_votes(AffinityMode::None, Operation::BatchWriteItem));
        assert!(!goes_by_key(AffinityMode::AnyWrite, AffinityRule::Official, Operation::BatchWriteItem, &Facts::default()));
    }
}
