//! The entries of a BatchWriteItem, each with the object that holds its key.
//!
//! Each table and each entry counts for itself, also where a table is named twice. Reads of many keys and transactions are not taken
//! apart: no rule routes them by key.

use super::Unreadable;
use super::attribute::Object;
use super::scanner::Scanner;
use super::text::RawText;

/// Calls `each` with table and key source (the Item of a PutRequest, the Key of a DeleteRequest) for each entry that is exactly one of
/// the two; others are passed by. The table may be an ARN. If the body turns out unreadable, calls may have been made already: what
/// they led to must then be dropped.
pub fn read_batch<'a>(body: &'a [u8], mut each: impl FnMut(RawText<'a>, Object<'a>)) -> Result<(), Unreadable> {
    let mut request_items = None;
    let mut scanner = Scanner::new(body);
    let is_object = scanner.members(|scanner, name| {
        if name.eq_str("RequestItems") {
            request_items = scanner.object()?;
        } else {
            scanner.skip()?;
        }
        Ok(())
    })?;
    scanner.end()?;
    if !is_object {
        return Err(Unreadable);
    }
    let Some(Object(tables)) = request_items else { return Ok(()) };
    Scanner::new(tables).members(|scanner, table| {
        scanner.elements(|scanner| read_entry(scanner, |key_source| each(table, key_source))).map(drop)
    })?;
    Ok(())
}

fn read_entry<'a>(scanner: &mut Scanner<'a>, each: impl FnOnce(Object<'a>)) -> Result<(), Unreadable> {
    let mut put = None;
    let mut delete = None;
    scanner.members(|scanner, name| {
        if name.eq_str("PutRequest") {
            put = Some(object_in(scanner, "Item")?);
        } else if name.eq_str("DeleteRequest") {
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
        if member.eq_str(name) {
            object = scanner.object()?;
        } else {
            scanner.skip()?;
        }
        Ok(())
    })?;
    Ok(object)
}
