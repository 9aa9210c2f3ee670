//! What requests and answers look like on the wire: compressed bodies, and headers worth sending.
//!
//! Nothing here does I/O or keeps state between calls. A body is never made longer. Out of a compressed one comes all of it, or an
//! error.

mod compress;
mod decompress;
mod headers;
#[cfg(test)]
mod tests;

use std::ffi::{CStr, CString};

use crate::config::{Coding, WireOptions};

pub use decompress::decompress;

/// What the options say of requests, made ready once.
pub struct Wire {
    compression: Option<Coding>,
    min_bytes: usize,
    level: u32,
    accept_encoding: CString,
    kept_headers: CString,
}

impl Wire {
    /// Makes the texts of headers.
    pub fn new(options: &WireOptions) -> Wire {
        let accepted: Vec<&str> = options.response_compression.iter().map(|coding| coding.name()).collect();
        let kept = if options.optimize_headers { headers::kept(&options.keep_headers) } else { String::new() };
        // Neither has a NUL: codings and headers' names were checked.
        Wire {
            compression: options.compression,
            min_bytes: options.min_bytes,
            level: options.level,
            accept_encoding: CString::new(accepted.join(", ")).unwrap_or_default(),
            kept_headers: CString::new(kept).unwrap_or_default(),
        }
    }

    /// Compresses the body of a request into the room, and tells the length. None says that the body is to be sent as it is: by the
    /// options, or because it would not get shorter than it is, or than the room.
    pub fn compress(&self, body: &[u8], room: &mut [u8]) -> Option<usize> {
        let coding = self.compression?;
        if !(self.min_bytes..=compress::LARGEST).contains(&body.len()) {
            return None;
        }
        compress::compress(coding, self.level, body, room)
    }

    /// The Content-Encoding of what [`Wire::compress`] makes; empty if it makes nothing.
    pub fn content_encoding(&self) -> &'static CStr {
        self.compression.map_or(c"", Coding::c_name)
    }

    /// The Accept-Encoding to send; empty leaves the request alone.
    pub fn accept_encoding(&self) -> &CStr {
        &self.accept_encoding
    }

    /// The names of the headers to send, in lower case, separated by commas; empty for all.
    pub fn kept_headers(&self) -> &CStr {
        &self.kept_headers
    }
}
