//! The entries of a BatchWriteItem, each with the object that holds its key.
//!
//! Each table and each entry counts for itself, also where a table is named twice. Reads of many keys and transactions are not
//! taken apart: no rule routes them by key.

use super::Unreadable;
use super::attribute::Object;
use super::scanner::Scanner;
use super::text::RawText;

/// Calls `each` with table and key source (the Item of a PutRequest, the Key of a DeleteRequest) for each entry that is exactly one
/// of the two; others are passed by. The table may be an ARN. If the body turns out unreadable, calls may have been made already:
/// what they led to must then be dropped.
pub fn read_batch<'a>(body: &'a [u8], mut each: impl FnMut(RawText<'a>, Object<'a>)) -> Result<(), Unreadable> {
    let mut has_request_items = false;
    let mut scanner = Scanner::new(body);
    let is_object = scanner.members(|scanner, name| {
        if has_request_items || !name.eq_str("RequestItems") {
            return scanner.skip().map(drop);
        }
        has_request_items = true;
        let table = |scanner: &mut Scanner<'a>, table| {
            scanner.elements(|scanner| read_entry(scanner, |key_source| each(table, key_source))).map(drop)
        };
        scanner.members(table).map(drop)
    })?;
    scanner.end()?;
    if is_object { Ok(()) } else { Err(Unreadable) }
}

fn read_entry<'a>(scanner: &mut Scanner<'a>, each: impl FnOnce(Object<'a>)) -> Result<(), Unreadable> {
    let mut put = None;
    let mut delete = None;
    scanner.members(|scanner, name| {
        if put.is_none() && name.eq_str("PutRequest") {
            put = Some(object_in(scanner, "Item")?);
        } else if delete.is_none() && name.eq_str("DeleteRequest") {
            delete = Some(object_in(scanner, "Key")?);
        } else {
            scanner.skip()?;
        }
        Ok(())
    })?;
    if let (Some(Some(key_source)), None) | (None, Some(Some(key_source))) = (put, delete) {
        each(key_source);
    }
    Ok(())
}

/// The object `name` in the object that comes next.
fn object_in<'a>(scanner: &mut Scanner<'a>, name: &str) -> Result<Option<Object<'a>>, Unreadable> {
    let mut object = None;
    scanner.members(|scanner, member| {
        if object.is_none() && member.eq_str(name) {
            object = Some(scanner.object()?);
        } else {
            scanner.skip()?;
        }
        Ok(())
    })?;
    Ok(object.flatten())
}
