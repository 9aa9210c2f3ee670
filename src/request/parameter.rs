//! The parameters that are looked into, by name. Of one that is given twice the first counts, as it does for the server.

use super::text::RawText;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    TableName,
    Item,
    Key,
    ConditionExpression,
    Expected,
    ReturnValues,
    UpdateExpression,
    AttributeUpdates,
}

impl Parameter {
    const ALL: [(&'static str, Self); 8] = [
        ("TableName", Self::TableName),
        ("Item", Self::Item),
        ("Key", Self::Key),
        ("ConditionExpression", Self::ConditionExpression),
        ("Expected", Self::Expected),
        ("ReturnValues", Self::ReturnValues),
        ("UpdateExpression", Self::UpdateExpression),
        ("AttributeUpdates", Self::AttributeUpdates),
    ];

    #[inline]
    fn of(name: RawText<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| name.eq_str(known)).map(|(_, parameter)| parameter)
    }
}

/// The parameters that a request has had so far.
#[derive(Default)]
pub(super) struct Parameters(u8);

impl Parameters {
    /// The parameter of that name, when it comes for the first time.
    #[inline]
    pub fn first(&mut self, name: RawText<'_>) -> Option<Parameter> {
        let parameter = Parameter::of(name)?;
        let bit = 1 << parameter as u8;
        let is_first = self.0 & bit == 0;
        self.0 |= bit;
        is_first.then_some(parameter)
    }
}
