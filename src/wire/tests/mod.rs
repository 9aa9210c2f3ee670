//! Bodies there and back, and bodies that mean harm.

mod answers;
mod hostile;
mod requests;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::{Wire, decompress};
use crate::Config;
use crate::config::Coding;
use crate::error::Status;

/// The wire of these options.
fn wire(options: &[(&str, &str)]) -> Wire {
    let mut config = Config::default();
    for (key, value) in options {
        config.set(key, value).unwrap();
    }
    Wire::new(&config.wire)
}

/// What a peer sends: by an encoder that this library does not use.
fn encoded(coding: Coding, body: &[u8]) -> Vec<u8> {
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        Coding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
    }
}

/// All that comes out, or the status of the failure.
fn decoded(content_encoding: &str, body: &[u8]) -> Result<Vec<u8>, Status> {
    let mut room = vec![0; 1 << 20];
    let length = decompress(content_encoding, body, &mut room, 1 << 20).map_err(|error| error.status)?;
    room.truncate(length);
    Ok(room)
}

/// Bodies of a few kilobytes, from those that hardly get shorter to those that nearly vanish.
fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..3000),
        (proptest::collection::vec(any::<u8>(), 1..40), 1..200_usize).prop_map(|(piece, times)| piece.repeat(times)),
        proptest::collection::vec("[a-z]{1,8}", 0..400).prop_map(|words| format!("{{\"S\":\"{}\"}}", words.join(" ")).into_bytes()),
    ]
}

fn coding() -> impl Strategy<Value = Coding> {
    prop_oneof![Just(Coding::Gzip), Just(Coding::Deflate)]
}
