//! docs/CONFIGURATION.md, written from the table.

use std::fmt::Write;

use super::table::options;

/// The whole document.
pub fn configuration_manual() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         <!-- Generated from src/config/table.rs by `make docs`; a test compares it. -->\n\n\
         Options are set by name with `alb_config_set(config, key, ALB_NUL, value, ALB_NUL, &error)` before `alb_new`, or through the\n\
         bindings' own arguments. Values are text. An unknown name is `ALB_ERR_UNKNOWN_OPTION`, a value that does not fit is\n\
         `ALB_ERR_BAD_VALUE`; both name the option, the value and what is accepted. The last value set counts.\n",
    );
    for option in options() {
        let default = match option.default {
            "" => "none".into(),
            default => format!("`{default}`"),
        };
        let _ =
            write!(text, "\n## `{}`\n\n{}\n\n- Accepted: {}\n- Default: {default}\n", option.key, option.meaning, option.accepts);
    }
    text
}
