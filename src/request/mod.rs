//! Reads from a DynamoDB request, as it goes on the wire, what decides its route: the table, the object that holds the key, and the
//! facts that tell whether the server reads before it writes.
//!
//! No tree is built and nothing is allocated. Time is linear in the body and nesting costs no stack, whatever the body holds. A
//! body that can't be read is [`Unreadable`], which is no error to anybody: such a request goes the ordinary way. Of members with
//! the same name the first one counts, as it does for the server, which looks names up from the front. It goes through the maps
//! AttributeUpdates and RequestItems instead, and there each member counts.

mod attribute;
mod batch;
mod block;
mod expression;
mod facts;
mod parameter;
mod scanner;
mod structure;
#[cfg(test)]
mod tests;
mod text;
mod work;

pub use attribute::{KeyValue, Object};
pub use batch::read_batch;
pub use expression::update_expression_reads;
pub use facts::{Facts, ReturnValues};
pub use text::RawText;

use parameter::{Parameter, Parameters};
use scanner::Scanner;

/// The body is not a JSON object, as far as it had to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// A value is not what it should be: no text, no base64, or not exactly one of the types that a key can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// The operations that name items by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as DynamoDB names them")]
pub enum Operation {
    PutItem,
    UpdateItem,
    DeleteItem,
    GetItem,
    Query,
    BatchWriteItem,
    BatchGetItem,
    TransactWriteItems,
    TransactGetItems,
    /// Any other, known or not.
    Other,
}

impl Operation {
    /// From the name alone (`PutItem`) or as the header X-Amz-Target has it (`DynamoDB_20120810.PutItem`).
    pub fn parse(name: &str) -> Self {
        match name.strip_prefix("DynamoDB_20120810.").unwrap_or(name) {
            "PutItem" => Self::PutItem,
            "UpdateItem" => Self::UpdateItem,
            "DeleteItem" => Self::DeleteItem,
            "GetItem" => Self::GetItem,
            "Query" => Self::Query,
            "BatchWriteItem" => Self::BatchWriteItem,
            "BatchGetItem" => Self::BatchGetItem,
            "TransactWriteItems" => Self::TransactWriteItems,
            "TransactGetItems" => Self::TransactGetItems,
            _ => Self::Other,
        }
    }

    /// The parameter that holds the key attributes.
    fn key_parameter(self) -> Option<Parameter> {
        match self {
            Self::PutItem => Some(Parameter::Item),
            Self::UpdateItem | Self::DeleteItem | Self::GetItem => Some(Parameter::Key),
            _ => None,
        }
    }
}

/// What a request says.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The operation it was read as.
    pub operation: Operation,
    /// TableName as sent: a name, or an ARN that ends in `table/` and the name.
    pub table: Option<RawText<'a>>,
    /// The Item of a PutItem; the Key of an UpdateItem, DeleteItem or GetItem.
    pub key_source: Option<Object<'a>>,
    /// What tells whether the server reads before it writes.
    pub facts: Facts,
}

/// Reads a request. For the entries of a BatchWriteItem see [`read_batch`].
pub fn read(operation: Operation, body: &[u8]) -> Result<Request<'_>, Unreadable> {
    let mut request = Request { operation, table: None, key_source: None, facts: Facts::default() };
    let key_parameter = operation.key_parameter();
    let mut parameters = Parameters::default();
    let mut scanner = Scanner::new(body);
    let is_object = scanner.members(|scanner, name| {
        match parameters.first(name) {
            Some(Parameter::TableName) => request.table = scanner.text()?,
            Some(parameter) if Some(parameter) == key_parameter => request.key_source = scanner.object()?,
            Some(parameter) => request.facts.note(parameter, scanner)?,
            None => drop(scanner.skip()?),
        }
        Ok(())
    })?;
    scanner.end()?;
    if is_object { Ok(request) } else { Err(Unreadable) }
}
