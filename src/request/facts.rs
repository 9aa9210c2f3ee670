//! What a request says about reading before writing, as plain facts; which of them decide is up to the rule that asks.
//!
//! A parameter of the wrong type says nothing.

use super::Unreadable;
use super::expression;
use super::parameter::Parameter;
use super::scanner::Scanner;
use super::text::RawText;

/// What the parameters of a write say. All false if it has none of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// ConditionExpression is a string that is not empty.
    pub condition_expression: bool,
    /// Expected is there, be it empty or not.
    pub expected_present: bool,
    /// Expected has a member.
    pub expected_non_empty: bool,
    /// What ReturnValues asks for.
    pub return_values: ReturnValues,
    /// UpdateExpression is a string that is not empty.
    pub update_expression: bool,
    /// UpdateExpression makes the server read before it writes: it has an ADD or DELETE clause, a path into a document, or a SET
    /// from an attribute. The official clients take every UpdateExpression for one that does.
    pub update_expression_reads: bool,
    /// AttributeUpdates has an update whose Action is ADD.
    pub attribute_updates_add: bool,
    /// AttributeUpdates has an update whose Action is DELETE and which has a Value (to be taken out of a set).
    pub attribute_updates_delete_with_value: bool,
}

/// The parameter ReturnValues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReturnValues {
    /// Absent, empty or `NONE`.
    #[default]
    None,
    /// `ALL_OLD`
    AllOld,
    /// `UPDATED_OLD`
    UpdatedOld,
    /// `ALL_NEW`
    AllNew,
    /// `UPDATED_NEW`
    UpdatedNew,
    /// Anything else, which servers refuse.
    Other,
}

impl Facts {
    /// Takes note of the value of `parameter`, which comes next.
    #[inline]
    pub(super) fn note(&mut self, parameter: Parameter, scanner: &mut Scanner<'_>) -> Result<(), Unreadable> {
        match parameter {
            Parameter::ConditionExpression => self.condition_expression = non_empty(scanner.text()?).is_some(),
            Parameter::UpdateExpression => {
                let expression = non_empty(scanner.text()?);
                self.update_expression = expression.is_some();
                self.update_expression_reads = expression.is_some_and(|expression| expression::reads(expression.bytes()));
            }
            Parameter::ReturnValues => self.return_values = scanner.text()?.map_or(ReturnValues::Other, ReturnValues::of),
            Parameter::Expected => {
                self.expected_present = true;
                scanner.members(|scanner, _| {
                    self.expected_non_empty = true;
                    scanner.skip().map(drop)
                })?;
            }
            Parameter::AttributeUpdates => drop(scanner.members(|scanner, _| self.note_attribute_update(scanner))?),
            Parameter::TableName | Parameter::Item | Parameter::Key => drop(scanner.skip()?),
        }
        Ok(())
    }

    fn note_attribute_update(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Unreadable> {
        let mut action = None;
        let mut has_value = false;
        scanner.members(|scanner, name| {
            if action.is_none() && name.eq_str("Action") {
                action = Some(scanner.text()?);
            } else {
                has_value |= name.eq_str("Value");
                scanner.skip()?;
            }
            Ok(())
        })?;
        let is_action = |wanted| action.flatten().is_some_and(|action| action.eq_str(wanted));
        self.attribute_updates_add |= is_action("ADD");
        self.attribute_updates_delete_with_value |= is_action("DELETE") && has_value;
        Ok(())
    }
}

impl ReturnValues {
    /// From the text of the parameter.
    pub fn parse(text: &str) -> Self {
        Self::find(|name| name == text)
    }

    fn of(text: RawText<'_>) -> Self {
        Self::find(|name| text.eq_str(name))
    }

    fn find(is_it: impl Fn(&str) -> bool) -> Self {
        let known = [
            ("", Self::None),
            ("NONE", Self::None),
            ("ALL_OLD", Self::AllOld),
            ("UPDATED_OLD", Self::UpdatedOld),
            ("ALL_NEW", Self::AllNew),
            ("UPDATED_NEW", Self::UpdatedNew),
        ];
        known.into_iter().find(|(name, _)| is_it(name)).map_or(Self::Other, |(_, value)| value)
    }
}

fn non_empty(text: Option<RawText<'_>>) -> Option<RawText<'_>> {
    text.filter(|text| !text.is_empty())
}
