//! gzip and deflate (zlib) of bodies, in and out, by Alternator's rules.
//!
//! In: the encoding's name must match exactly; at most 16 MB come out. Out: only bodies of 4096 bytes and more, and never errors.

use super::errors::ApiError;
use flate2::Compression;
use flate2::read::{GzEncoder, MultiGzDecoder, ZlibDecoder, ZlibEncoder};
use hyper::body::Bytes;
use std::io::Read;

/// The most a request may hold, as sent and as inflated.
pub const REQUEST_LIMIT: usize = 16 * 1024 * 1024;

/// Smaller answers are not worth compressing.
pub const RESPONSE_THRESHOLD: usize = 4096;

const LEVEL: u32 = 6;

/// The request body in plain; `encoding` is the Content-Encoding header, empty when there is none.
pub fn inflate(encoding: &str, body: Bytes) -> Result<Bytes, ApiError> {
    match encoding {
        "" => Ok(body),
        "gzip" => read_limited(MultiGzDecoder::new(&body[..])),
        "deflate" => {
            let mut decoder = ZlibDecoder::new(&body[..]);
            let inflated = read_limited(&mut decoder)?;
            if (decoder.total_in() as usize) < body.len() {
                return Err(corrupt("bytes after the end of the deflate stream"));
            }
            Ok(inflated)
        }
        other => Err(ApiError::internal(format!("Unsupported Content-Encoding: {other}"))),
    }
}

fn read_limited(decoder: impl Read) -> Result<Bytes, ApiError> {
    let mut inflated = Vec::new();
    decoder.take(REQUEST_LIMIT as u64 + 1).read_to_end(&mut inflated).map_err(|e| corrupt(&e.to_string()))?;
    if inflated.len() > REQUEST_LIMIT {
        return Err(ApiError::too_large(format!("The inflated request exceeds {REQUEST_LIMIT} bytes")));
    }
    Ok(inflated.into())
}

fn corrupt(what: &str) -> ApiError {
    ApiError::internal(format!("The compressed request body is corrupt: {what}"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Gzip,
    Deflate,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Gzip => "gzip",
            Encoding::Deflate => "deflate",
        }
    }

    pub fn compress(self, body: &[u8]) -> std::io::Result<Bytes> {
        let mut compressed = Vec::with_capacity(body.len() / 4);
        match self {
            Encoding::Gzip => GzEncoder::new(body, Compression::new(LEVEL)).read_to_end(&mut compressed)?,
            Encoding::Deflate => ZlibEncoder::new(body, Compression::new(LEVEL)).read_to_end(&mut compressed)?,
        };
        Ok(compressed.into())
    }
}

/// The encoding an Accept-Encoding header prefers, if any: the highest q, gzip before deflate on a tie, and none where
/// `identity` is preferred to both.
pub fn preferred(accept_encoding: &str) -> Option<Encoding> {
    let (mut gzip, mut deflate, mut identity, mut any) = (None, None, None, None);
    for entry in accept_encoding.split(',') {
        let mut parts = entry.split(';');
        let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let quality = parts
            .find_map(|p| p.trim().to_ascii_lowercase().strip_prefix("q=").map(|q| q.trim().parse::<f32>().unwrap_or(0.0)))
            .unwrap_or(1.0);
        match name.as_str() {
            "gzip" => gzip = Some(quality),
            "deflate" => deflate = Some(quality),
            "identity" => identity = Some(quality),
            "*" => any = Some(quality),
            _ => {}
        }
    }
    let any = any.unwrap_or(0.0);
    let (gzip, deflate) = (gzip.unwrap_or(any), deflate.unwrap_or(any));
    let (best, quality) = if gzip >= deflate { (Encoding::Gzip, gzip) } else { (Encoding::Deflate, deflate) };
    (quality > 0.0 && quality >= identity.unwrap_or(0.0)).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_come_back_as_they_were() {
        let body = "some text ".repeat(1000);
        for encoding in [Encoding::Gzip, Encoding::Deflate] {
            let compressed = encoding.compress(body.as_bytes()).expect("compressed");
            assert!(compressed.len() < body.len() / 10);
            assert_eq!(inflate(encoding.name(), compressed).expect("inflated"), body.as_bytes());
        }
    }

    #[test]
    fn concatenated_gzip_members_are_one_body() {
        let mut two = Encoding::Gzip.compress(b"one").expect("compressed").to_vec();
        two.extend_from_slice(&Encoding::Gzip.compress(b"two").expect("compressed"));
        assert_eq!(inflate("gzip", two.into()).expect("inflated"), &b"onetwo"[..]);
    }

    #[test]
    fn corrupt_truncated_unknown_and_oversized_bodies_are_refused() {
        let good = Encoding::Gzip.compress(&[7; 5000]).expect("compressed");
        let status = |encoding: &str, body: Bytes| inflate(encoding, body).expect_err("refused").status;
        assert_eq!(status("gzip", Bytes::from_static(b"not gzip")), 500);
        assert_eq!(status("gzip", good.slice(..good.len() - 5)), 500);
        assert_eq!(status("deflate", good.clone()), 500);
        assert_eq!(status("zstd", good.clone()), 500);
        assert_eq!(status("GZIP", good), 500);
        let bomb = Encoding::Gzip.compress(&vec![0; REQUEST_LIMIT + 1]).expect("compressed");
        assert_eq!(status("gzip", bomb), 413);
        let whole = Encoding::Deflate.compress(&vec![0; REQUEST_LIMIT]).expect("compressed");
        assert_eq!(inflate("deflate", whole).expect("inflated").len(), REQUEST_LIMIT);
    }

    #[test]
    fn accept_encoding_is_weighed() {
        for (header, chosen) in [
            ("", None),
            ("identity", None),
            ("gzip", Some(Encoding::Gzip)),
            ("GZIP;q=0.5, deflate", Some(Encoding::Deflate)),
            ("deflate, gzip", Some(Encoding::Gzip)),
            ("gzip;q=0", None),
            ("*", Some(Encoding::Gzip)),
            ("gzip;q=0, *;q=0.3", Some(Encoding::Deflate)),
            ("identity;q=1, gzip;q=0.5", None),
            ("br, zstd", None),
        ] {
            assert_eq!(preferred(header), chosen, "{header}");
        }
    }
}
