//! Bodies to decompress: whatever they hold, the answer is the same for each room, keeps the limit, and agrees with another decoder.
//!
//! An input is a Content-Encoding on a line of its own, and the body.

use alternator_lb::wire::{Wire, decompress};
use alternator_lb::{Config, Status};
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

const LIMIT: usize = 1 << 16;

/// Panics if something is not as it should be.
pub fn check(input: &[u8]) {
    let split = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (header, body) = (String::from_utf8_lossy(&input[..split]), input.get(split + 1..).unwrap_or_default());
    let mut room = vec![0; LIMIT];
    let whole = decompress(&header, body, &mut room, LIMIT).map_err(|error| error.status);
    if let Ok(length) = whole {
        let mut half = vec![0; length / 2];
        assert_eq!(decompress(&header, body, &mut half, length), Ok(length));
        assert_eq!(half, room[..length / 2]);
        if length > 0 {
            assert_eq!(decompress(&header, body, &mut [], length - 1).unwrap_err().status, Status::TooLarge);
        }
        if header == "deflate" {
            assert_eq!(Some(&room[..length]), model(body).as_deref());
        }
    }
    for compression in ["gzip", "deflate"] {
        round_trip(compression, body);
    }
}

/// The content of a zlib stream that reaches to the end of the body.
fn model(body: &[u8]) -> Option<Vec<u8>> {
    let mut room = vec![0; LIMIT];
    let result = inflate(&mut InflateState::new_boxed(DataFormat::Zlib), body, &mut room, MZFlush::Finish);
    room.truncate(result.bytes_written);
    (result.status == Ok(MZStatus::StreamEnd) && result.bytes_consumed == body.len()).then_some(room)
}

fn round_trip(compression: &str, body: &[u8]) {
    let mut config = Config::default();
    for (key, value) in [("compression", compression), ("compression.min_bytes", "0"), ("compression.level", "1")] {
        config.set(key, value).unwrap();
    }
    let (mut sent, mut found) = (vec![0; body.len()], vec![0; body.len()]);
    if let Some(length) = Wire::new(&config.wire).compress(body, &mut sent) {
        assert_eq!(decompress(compression, &sent[..length], &mut found, body.len()), Ok(body.len()));
        assert_eq!(found, body);
    }
}
