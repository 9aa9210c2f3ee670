//! What a person reads: tables on standard output, plots and figures as files.

pub mod plot;
pub mod table;
