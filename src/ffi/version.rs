//! Versions and names.

use std::ffi::{CStr, c_char};

use super::types::{ALB_ABI_VERSION, alb_status};
use crate::error::Status;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/** @name Versions and names
 *
 *  The version of the ABI that the library offers.
 *
 *  @return     a number; programs compare it with ALB_ABI_VERSION
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub extern "C" fn alb_abi_version() -> u32 {
    ALB_ABI_VERSION
}

/** The version of the library, such as "0.1.0".
 *
 *  @return     static text
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub extern "C" fn alb_version() -> *const c_char {
    VERSION.as_ptr()
}

/** The name of a status, such as "ALB_ERR_TIMEOUT".
 *
 *  @param status  any number
 *  @return     static text; "ALB_ERR_UNKNOWN" for a number that is no status
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub extern "C" fn alb_status_name(status: alb_status) -> *const c_char {
    Status::from_code(status).map_or(c"ALB_ERR_UNKNOWN", Status::c_name).as_ptr()
}
