//! Writes a request by the bytes of an input, so that each of them gives JSON of the right words in some order.
//!
//! Two bytes are a step: one says which value comes next, or that the innermost object or array ends; one names the member.

/// What members are called, in requests and in items.
const NAMES: [&str; 21] = [
    "pk",
    "S",
    "N",
    "B",
    "Item",
    "Key",
    "TableName",
    "RequestItems",
    "PutRequest",
    "DeleteRequest",
    "AttributeUpdates",
    "Action",
    "Value",
    "UpdateExpression",
    "ConditionExpression",
    "Expected",
    "ReturnValues",
    "M",
    "p\\\\",
    "p\\u005c",
    "\\\"pk\\\":{",
];

/// Values that are neither objects nor arrays.
const VALUES: [&str; 24] = [
    r#""a""#,
    r#""""#,
    r#""ADD""#,
    r#""DELETE""#,
    r#""PUT""#,
    r#""NONE""#,
    r#""ALL_OLD""#,
    r#""UPDATED_OLD""#,
    r#""ALL_NEW""#,
    r#""UPDATED_NEW""#,
    r#""aGV5""#,
    r#""aG\u0056=""#,
    r#""/w==""#,
    r#""\ud83d\ude00\\\"\n""#,
    r#""}]{[\\""#,
    r#""SET a = :v, #b = :w REMOVE c""#,
    r#""SET a = list_append(:v, :w), b = (c)""#,
    r#""SET a.b = :v""#,
    r#""\u0041DD a :v""#,
    r#""REMOVE a[1]""#,
    "null",
    "true",
    "-1.5e3",
    " 0 ",
];

/// As deep as the model's parser follows.
const DEEPEST: usize = 100;

/// The request that `steps` write.
pub fn write(steps: &[u8]) -> String {
    let mut out = String::from("{");
    let mut closing = vec!['}'];
    for step in steps.chunks_exact(2) {
        let (what, which) = (usize::from(step[0]) % (VALUES.len() + 5), usize::from(step[1]));
        if what < 2 || (what < 5 && closing.len() == DEEPEST) {
            if closing.len() > 1 {
                out.extend(closing.pop());
            }
            continue;
        }
        if !out.ends_with(['{', '[']) {
            out.push(',');
        }
        if closing.last() == Some(&'}') {
            write_name(&mut out, NAMES[which % NAMES.len()], which >= 200);
        }
        match what {
            2 | 3 => {
                out.push('{');
                closing.push('}');
            }
            4 => {
                out.push('[');
                closing.push(']');
            }
            value => out.push_str(VALUES[value - 5]),
        }
    }
    out.extend(closing.iter().rev());
    out
}

/// Escapes the first letter if wanted.
fn write_name(out: &mut String, name: &str, escaped: bool) {
    let first = name.as_bytes()[0];
    match escaped && first.is_ascii_alphabetic() {
        true => *out += &format!("\"\\u{first:04x}{}\" :", &name[1..]),
        false => *out += &format!("\"{name}\":"),
    }
}
