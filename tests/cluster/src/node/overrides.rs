//! Answers to `/localnodes` that are not true, to see what a client makes of them.

use super::reply::{self, Answer, Reply};
use crate::protocol::{Generator, LocalnodesOverride};
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use std::net::Ipv4Addr;
use std::time::Duration;

const PIECE: u64 = 64 * 1024;

pub fn answer(instead: &LocalnodesOverride, own: Ipv4Addr) -> Answer {
    match instead {
        LocalnodesOverride::Nodes { nodes } => reply::json(StatusCode::OK, serde_json::json!(nodes).to_string()),
        LocalnodesOverride::Answer { status, body, content_type } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut answer = reply::json(status, body.clone());
            if let Ok(content_type) = HeaderValue::from_str(content_type) {
                answer.headers_mut().insert(CONTENT_TYPE, content_type);
            }
            answer
        }
        LocalnodesOverride::Generated(generator) => generated(generator, own),
    }
}

fn generated(generator: &Generator, own: Ipv4Addr) -> Answer {
    let honest = format!(r#"["{own}"]"#);
    let body = match generator {
        Generator::HugeBody { bytes } => padded(honest, *bytes),
        Generator::MillionEntries { entries } => many_entries(*entries),
        Generator::DeepNesting { depth } => Reply::Whole(format!("{}{}", "[".repeat(*depth), "]".repeat(*depth)).into()),
        Generator::Stall {} => Reply::Whole(honest.into()).halved(None),
        Generator::Drip { interval_ms } => dripping(honest, Duration::from_millis(*interval_ms)),
        Generator::Garbage {} => Reply::Whole((0..512).map(|_| fastrand::u8(..)).collect()),
        Generator::Redirect { location } => {
            let mut answer = reply::json(StatusCode::FOUND, "");
            if let Ok(location) = HeaderValue::from_str(location) {
                answer.headers_mut().insert(LOCATION, location);
            }
            return answer;
        }
    };
    reply::answer(StatusCode::OK, "application/json", body)
}

/// A correct list, followed by so many spaces that only a limit on bytes can refuse it.
fn padded(list: String, bytes: u64) -> Reply {
    let mut left = bytes.saturating_sub(list.len() as u64);
    Reply::fed(Some(list.len() as u64 + left), async move |feed| {
        let spaces = Bytes::from(vec![b' '; PIECE as usize]);
        let mut going = feed.send(list.into()).await.is_ok();
        while going && left > 0 {
            let piece = spaces.slice(..left.min(PIECE) as usize);
            left -= piece.len() as u64;
            going = feed.send(piece).await.is_ok();
        }
    })
}

/// Distinct addresses from 10.0.0.0 up.
fn many_entries(entries: u64) -> Reply {
    Reply::fed(None, async move |feed| {
        let mut piece = String::from("[");
        for i in 0..entries {
            if i > 0 {
                piece.push(',');
            }
            piece.push_str(&format!("\"{}\"", Ipv4Addr::from_bits(0x0a00_0000u32.wrapping_add(i as u32))));
            if piece.len() as u64 >= PIECE && feed.send(std::mem::take(&mut piece).into()).await.is_err() {
                return;
            }
        }
        piece.push(']');
        // When the client has gone there is nobody to miss the end.
        let _ = feed.send(piece.into()).await;
    })
}

fn dripping(list: String, interval: Duration) -> Reply {
    Reply::fed(Some(list.len() as u64), async move |feed| {
        for byte in list.into_bytes() {
            if feed.send(Bytes::from(vec![byte])).await.is_err() {
                return;
            }
            tokio::time::sleep(interval).await;
        }
    })
}
