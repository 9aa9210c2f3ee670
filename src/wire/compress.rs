//! Compressing the body of a request, into room that the caller has.

use std::io::Read;

use flate2::Compression;
use flate2::bufread::{GzEncoder, ZlibEncoder};

use crate::config::Coding;

/// Servers refuse longer bodies, compressed or not, so that time would be lost on them.
pub const LARGEST: usize = 16 << 20;

/// The length of what was written; none if the body does not get shorter than it is, and than the room.
pub fn compress(coding: Coding, level: u32, body: &[u8], room: &mut [u8]) -> Option<usize> {
    let most = room.len().min(body.len());
    let (room, level) = (&mut room[..most], Compression::new(level));
    match coding {
        Coding::Gzip => fill(GzEncoder::new(body, level), room),
        Coding::Deflate => fill(ZlibEncoder::new(body, level), room),
    }
}

/// Gives up when the room is full: a body that does not get shorter costs no more than that.
fn fill(mut encoder: impl Read, room: &mut [u8]) -> Option<usize> {
    let mut length = 0;
    while length < room.len() {
        match encoder.read(&mut room[length..]).ok()? {
            0 => return Some(length),
            more => length += more,
        }
    }
    None
}
