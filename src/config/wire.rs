//! Options of what goes over the wire: how bodies are compressed, and which headers are sent.

use std::ffi::CStr;

use crate::error::shorten;

/// A coding of bodies that servers know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, the zlib format, as HTTP has it; not raw deflate.
    Deflate,
}

impl Coding {
    /// Both.
    pub const ALL: [Coding; 2] = [Coding::Gzip, Coding::Deflate];

    /// Its name in headers and options.
    pub fn name(self) -> &'static str {
        self.c_name().to_str().unwrap_or_default()
    }

    /// The same for C.
    pub fn c_name(self) -> &'static CStr {
        match self {
            Coding::Gzip => c"gzip",
            Coding::Deflate => c"deflate",
        }
    }

    /// The coding of that name.
    pub fn parse(name: &str) -> Option<Coding> {
        Coding::ALL.into_iter().find(|coding| coding.name() == name)
    }
}

/// What goes over the wire beside the request itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WireOptions {
    /// How bodies of requests are compressed; none leaves them alone.
    pub compression: Option<Coding>,
    /// Shorter bodies are left alone.
    pub min_bytes: usize,
    /// 0 to 9: how much time is spent for how much less to send.
    pub level: u32,
    /// What answers may be compressed with, the preferred one first.
    pub response_compression: Vec<Coding>,
    /// Whether headers that the server does not read are left out.
    pub optimize_headers: bool,
    /// Names of headers that are sent all the same, in lower case.
    pub keep_headers: Vec<String>,
}

impl WireOptions {
    /// Reads the value of `response_compression`; of a coding that is named twice the first place counts.
    pub fn set_response_compression(&mut self, value: &str) -> Result<(), String> {
        let mut codings = Vec::new();
        for name in value.split(',').map(str::trim).filter(|_| value != "none") {
            let coding = Coding::parse(name).ok_or_else(|| format!("'{}' is neither gzip nor deflate", shorten(name)))?;
            if !codings.contains(&coding) {
                codings.push(coding);
            }
        }
        self.response_compression = codings;
        Ok(())
    }

    /// Reads the value of `headers.keep`.
    pub fn set_keep_headers(&mut self, value: &str) -> Result<(), String> {
        let mut names: Vec<String> = Vec::new();
        for name in value.split(',').map(str::trim).filter(|_| !value.is_empty()) {
            check_header_name(name)?;
            let name = name.to_ascii_lowercase();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() > MOST_NAMES {
            return Err(format!("more than {MOST_NAMES} names"));
        }
        self.keep_headers = names;
        Ok(())
    }
}

/// At most this many headers are kept in addition.
const MOST_NAMES: usize = 64;

/// A header's name is a token (RFC 9110, 5.6.2).
fn check_header_name(name: &str) -> Result<(), String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || name.len() > 256 || !name.bytes().all(fits) {
        return Err(format!("'{}' is no header's name", shorten(name)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use crate::config::Coding;

    #[test]
    fn codings_of_answers_keep_their_order() {
        let mut config = Config::default();
        assert!(config.wire.response_compression.is_empty());
        config.set("response_compression", "deflate, gzip,deflate").unwrap();
        assert_eq!(config.wire.response_compression, [Coding::Deflate, Coding::Gzip]);
        for value in ["", "gzip,", "gzip,br", "GZIP", "none,gzip"] {
            let refusal = config.set("response_compression", value).unwrap_err().message;
            assert!(refusal.contains(&format!("'{value}'")) && refusal.contains("neither gzip nor deflate"), "{refusal}");
        }
        assert_eq!(config.wire.response_compression.len(), 2);
        config.set("response_compression", "none").unwrap();
        assert!(config.wire.response_compression.is_empty());
    }

    #[test]
    fn only_tokens_are_names_of_headers() {
        let mut config = Config::default();
        config.set("headers.keep", "X-Trace, x-trace ,Via").unwrap();
        assert_eq!(config.wire.keep_headers, ["x-trace", "via"]);
        for value in ["X-Trace:", "a b", ",", "a,,b", "caf\u{e9}", "a\r\nb", &"x".repeat(257)] {
            let refusal = config.set("headers.keep", value).unwrap_err().message;
            assert!(refusal.contains("headers.keep") && refusal.contains("is no header's name"), "{refusal}");
        }
        let many: Vec<String> = (0..65).map(|i| format!("x-{i}")).collect();
        assert!(config.set("headers.keep", &many.join(",")).unwrap_err().message.contains("more than 64"));
        assert_eq!(config.wire.keep_headers, ["x-trace", "via"]);
        config.set("headers.keep", &many[..64].join(",")).unwrap();
        config.set("headers.keep", "").unwrap();
        assert!(config.wire.keep_headers.is_empty());
    }

    #[test]
    fn bounds_of_compression_are_checked() {
        let mut config = Config::default();
        assert_eq!((config.wire.compression, config.wire.min_bytes, config.wire.level), (None, 1024, 6));
        for (key, value) in [
            ("compression", "br"),
            ("compression", ""),
            ("compression.level", "10"),
            ("compression.min_bytes", "16777217"),
            ("compression.min_bytes", "-1"),
            ("headers.optimize", "yes"),
        ] {
            assert!(config.set(key, value).is_err(), "{key} {value}");
        }
        config.set("compression", "deflate").unwrap();
        config.set("compression", "none").unwrap();
        assert_eq!(config.wire.compression, None);
    }
}
