//! Which update expressions read before they write.

use super::super::expression;
use super::super::text::RawText;
use super::super::update_expression_reads;
use super::grammar;

/// By way of JSON text, and by way of plain text if nothing in it is escaped.
fn reads(json: &str) -> bool {
    let reads = expression::reads(RawText::new(json.as_bytes(), json.contains('\\')).bytes());
    if !json.contains('\\') {
        assert_eq!(update_expression_reads(json), reads, "{json}");
        assert!(grammar::reads_before_write(json).is_none_or(|expected| expected == reads), "{json}");
    }
    reads
}

#[test]
fn constants_set_and_top_level_attributes_removed_need_no_read() {
    let expressions = [
        "",
        "SET a = :v",
        "SET a=:v",
        "SET #n = :v",
        "SET a = :v, b = :w, #c=:x",
        "SET a = :v + :w",
        "SET a = :v - :w",
        "SET a = list_append(:v, :w)",
        "SET a = list_append ( :v , :w ), b = :x",
        "SET a = list_append(:v, list_append(:w, :x)), b = :y",
        "SET a = (:v)",
        "REMOVE a",
        "REMOVE a, #b, c",
        "SET a = :v REMOVE b",
        "SET a = :v SET b = :w",
        "REMOVE b SET a = :v",
        "remove b, c set a = :v",
        "rEmOvE a SeT b=:v",
        "SET a = :v REMOVE b, c SET d = :w",
        " \t\r\nSET\na\t=\r:v\n",
        "SET add_on = :delete_me",
        "SET added = :v",
        "SET deleted = :v",
        "SET removes = :v, setting = :w",
        "SET #add = :add",
        "SET #delete = :v REMOVE #set",
        "REMOVE adds, deletes9",
        "SET a = :v\\u0020REMOVE\\tb",
        "SET a_b9 = :v_9",
    ];
    for expression in expressions {
        assert!(!reads(expression), "{expression}");
    }
}

#[test]
fn operands_that_are_attributes_paths_into_documents_add_and_delete_need_a_read() {
    let expressions = [
        "SET a = a + :v",
        "SET a = :v + a",
        "SET a = :v - #n",
        "SET a = b",
        "SET #n = #m",
        "SET a=#m",
        "SET a = if_not_exists(a, :v)",
        "SET a = if_not_exists (a, :v)",
        "SET a = if_not_exists(#a, :v) + :w",
        "SET a = :w + if_not_exists(b, :v)",
        "SET a = :v, b = c",
        "SET a = list_append(a, :v)",
        "SET a = list_append(:v, #a)",
        "SET a = list_append(:v, if_not_exists(a, :w))",
        "SET a = list_append(:v, list_append(:w, :x), b)",
        "SET a.b = :v",
        "SET #a.#b = :v",
        "SET a [0] = :v",
        "SET a[0] = :v",
        "SET a = b.c",
        "SET a = b[1]",
        "REMOVE a.b",
        "REMOVE a[3]",
        "REMOVE a, b . c",
        "ADD a :v",
        "add a :v",
        "AdD #a :v",
        "DELETE a :v",
        "delete #a :v",
        "SET a = :v ADD b :w",
        "REMOVE a DELETE b :w",
        "SET a = :v\tdelete\nb :w",
        "\nADD\ta :v",
        "SET a = :v REMOVE b SET c = d",
        "SET a = \\u0062",
        "\\u0041DD a :v",
        "SET a = (b)",
        "SET a = b_c9, d = :v",
    ];
    for expression in expressions {
        assert!(reads(expression), "{expression}");
    }
}

#[test]
fn what_no_expression_holds_counts_as_a_read() {
    for expression in [
        "SET a = 5",
        "SET a = 'x'",
        "SET a = :v;",
        "SET é = :v",
        "SET a = :v \\ud800",
        "SET a = :v /* no comments */",
        "\\x",
        "\\u0000",
    ] {
        assert!(reads(expression), "{expression}");
    }
    assert!(expression::reads(RawText::new(b"SET a = :v \xff", false).bytes()));
    assert!(update_expression_reads("SET a = :v\\u0020REMOVE b"), "no expression has a backslash, and plain text no escapes");
}
