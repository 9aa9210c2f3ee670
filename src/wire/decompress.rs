//! Decompressing the body of an answer, into room that the caller has, for languages without a decoder.
//!
//! Whatever the body holds, time and memory are bounded: by the limit and by the length of the body, not by what the body claims.
//! A body is given back whole, its checksums verified, or not at all.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

use crate::config::Coding;
use crate::error::shorten;
use crate::error::{Error, Status};

/// More codings over one another than this are an attack or a defect.
const MOST_CODINGS: usize = 4;

/// Undoes the codings that a Content-Encoding names, the last one first, and tells the length of what comes out. If that is more
/// than the room, the room holds only its beginning. More than `limit` is an error.
///
/// `gzip` and `x-gzip` may have several members, as servers accept them; `deflate` is the zlib format: raw deflate, which some
/// software sends under that name, has no checksum and is refused as corrupt. `identity` and the empty text copy.
pub fn decompress(content_encoding: &str, body: &[u8], room: &mut [u8], limit: usize) -> Result<usize, Error> {
    let mut codings = codings(content_encoding)?;
    let outermost = codings.pop();
    // The output of codings in between is no longer than the result, but for what incompressible data gains.
    let between = limit.saturating_mul(2).saturating_add(1 << 16);
    let read = match outermost {
        None => read_into(body, room, limit),
        Some(first) => {
            let mut reader = decoder(first, body);
            for coding in codings.into_iter().rev() {
                reader = decoder(coding, BufReader::new(Bounded { inner: reader, left: between }));
            }
            read_into(reader, room, limit)
        }
    };
    read.map_err(|error| {
        let shown = shorten(content_encoding);
        match error.kind() {
            ErrorKind::FileTooLarge => Error::new(
                Status::TooLarge,
                format!("a body of Content-Encoding '{shown}' is larger than the limit of {limit} bytes"),
            ),
            ErrorKind::UnexpectedEof => Error::new(
                Status::BadResponse,
                format!("a body of Content-Encoding '{shown}' is cut off after {} bytes", body.len()),
            ),
            _ => Error::new(
                Status::BadResponse,
                format!("a body of Content-Encoding '{shown}' is corrupt, or in another format (deflate means zlib): {error}"),
            ),
        }
    })
}

/// The codings of a header in the order of the header, which is that in which they were applied.
fn codings(header: &str) -> Result<Vec<Coding>, Error> {
    let mut codings = Vec::new();
    for entry in header.split(',') {
        let name = entry.split(';').next().unwrap_or_default().trim_matches([' ', '\t']);
        match name.to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => codings.push(Coding::Gzip),
            "deflate" => codings.push(Coding::Deflate),
            _ => {
                let message = format!(
                    "the Content-Encoding '{}' names '{}'; known are gzip, x-gzip, deflate and identity",
                    shorten(header),
                    shorten(name)
                );
                return Err(Error::new(Status::Unsupported, message));
            }
        }
        if codings.len() > MOST_CODINGS {
            let message = format!("the Content-Encoding '{}' names more than {MOST_CODINGS} codings", shorten(header));
            return Err(Error::new(Status::Unsupported, message));
        }
    }
    Ok(codings)
}

fn decoder<'a>(coding: Coding, input: impl BufRead + 'a) -> Box<dyn Read + 'a> {
    match coding {
        Coding::Gzip => Box::new(MultiGzDecoder::new(input)),
        Coding::Deflate => Box::new(Zlib(ZlibDecoder::new(input))),
    }
}

/// Reads to the end, into the room as far as it goes: checksums stand behind the last byte.
fn read_into(mut reader: impl Read, room: &mut [u8], limit: usize) -> io::Result<usize> {
    let mut scrap = [0; 8192];
    let mut length = 0;
    loop {
        let place = match room.get_mut(length..) {
            Some(rest) if !rest.is_empty() => rest,
            _ => &mut scrap[..],
        };
        match reader.read(place)? {
            0 => return Ok(length),
            more => length += more,
        }
        if length > limit {
            return Err(ErrorKind::FileTooLarge.into());
        }
    }
}

/// A zlib stream with nothing behind it.
struct Zlib<R>(ZlibDecoder<R>);

impl<R: BufRead> Read for Zlib<R> {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(place)?;
        if length == 0 && !place.is_empty() && !self.0.get_mut().fill_buf()?.is_empty() {
            return Err(io::Error::new(ErrorKind::InvalidData, "bytes behind the end of the zlib stream"));
        }
        Ok(length)
    }
}

/// Ends in an error when more comes out than is left.
struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(place)?;
        self.left = self.left.checked_sub(length).ok_or(ErrorKind::FileTooLarge)?;
        Ok(length)
    }
}
