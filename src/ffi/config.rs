//! Configuration objects.

use std::ffi::c_char;

use super::boundary::{borrow_mut, guarded, text};
use super::types::{alb_error, alb_status};
use crate::config::Config;

/** Options for alb_new(): one owner, one thread at a time. */
pub struct alb_config {
    pub(super) config: Config,
}

/** @name Configuration
 *
 *  Makes a configuration with every option at its default.
 *
 *  @return     the configuration, to be freed with alb_config_free(); never NULL
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub extern "C" fn alb_config_new() -> *mut alb_config {
    Box::into_raw(Box::new(alb_config { config: Config::default() }))
}

/** Sets an option. docs/CONFIGURATION.md lists them; `seeds` is the only required one.
 *
 *  @param config     from alb_config_new()
 *  @param key        name of the option
 *  @param key_len    its length in bytes, or ALB_NUL
 *  @param value      the value as text
 *  @param value_len  its length in bytes, or ALB_NUL
 *  @param err        [out, nullable] names the option, the value and what is accepted
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_OPTION, ALB_ERR_BAD_VALUE, ALB_ERR_PANIC; after an error the option
 *              is as it was
 *  Blocking:   never.   Threads: one at a time for one configuration.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_config_set(
    config: *mut alb_config,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    err: *mut alb_error,
) -> alb_status {
    // SAFETY: the header asks for a live configuration, readable texts and a whole or no alb_error; each is checked as far as it can be.
    unsafe {
        guarded(err, || {
            let config = borrow_mut(config, "config")?;
            config.config.set(text(key, key_len, "key")?, text(value, value_len, "value")?)
        })
    }
}

/** Frees a configuration. Handles made from it stay as they are.
 *
 *  @param config  from alb_config_new(), or NULL; not used afterwards
 *  Blocking:   never.   Threads: one at a time for one configuration.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_config_free(config: *mut alb_config) {
    if !config.is_null() {
        // SAFETY: the header asks for a pointer of alb_config_new() that was not freed yet.
        drop(unsafe { Box::from_raw(config) });
    }
}
