//! The README: its commands run as they stand there, and its JSON shapes are those that are printed.
