//! Reading a query: what is asked, and what the asker can take.

use domain::base::iana::{Opcode, Rcode};
use domain::base::message::Message;
use domain::base::name::ToLabelIter;
use domain::base::opt::{Opt, OptRecord};
use domain::base::{ParsedName, Question};

/// What follows the name in a question.
const TYPE_AND_CLASS: usize = 4;

/// What a packet asks.
#[derive(Debug)]
pub(crate) enum Query<'p> {
    /// A question to answer.
    Ask(Asked<'p>),
    /// Something to refuse with that code, and the packet as far as it could be read.
    Refuse(&'p Message<[u8]>, Rcode),
}

/// A question.
#[derive(Debug)]
pub(crate) struct Asked<'p> {
    pub message: &'p Message<[u8]>,
    pub question: Question<ParsedName<&'p [u8]>>,
    pub edns: Option<Edns>,
}

/// What the asker tells of itself by EDNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edns {
    pub version: u8,
    pub payload: u16,
}

/// Reads a packet. `None` if it is an answer, to which a reply could go to and fro for ever, or too short for a header.
pub(crate) fn read(packet: &[u8]) -> Option<Query<'_>> {
    let message = Message::from_slice(packet).ok()?;
    let header = message.header();
    if header.qr() {
        return None;
    }
    if header.opcode() != Opcode::QUERY {
        return Some(Query::Refuse(message, Rcode::NOTIMP));
    }
    Some(match (message.sole_question(), read_edns(message)) {
        (Ok(question), Ok(edns)) if !header.tc() && is_plain(message, &question) => Query::Ask(Asked { message, question, edns }),
        _ => Query::Refuse(message, Rcode::FORMERR),
    })
}

/// Whether the name stands there in full. Nothing but the header comes before it, so that there is no other name that it could
/// point to; and one that points there would be longer in the answer than it is here.
fn is_plain(message: &Message<[u8]>, question: &Question<ParsedName<&[u8]>>) -> bool {
    let mut section = message.question();
    let start = section.pos();
    section.next();
    section.pos() - start == usize::from(question.qname().compose_len()) + TYPE_AND_CLASS
}

struct Malformed;

/// Goes through all records, of which only OPT says something here: it may be there once, and its owner is the root.
fn read_edns(message: &Message<[u8]>) -> Result<Option<Edns>, Malformed> {
    let mut found = None;
    let (_, answer, authority, additional) = message.sections().map_err(|_| Malformed)?;
    for section in [answer, authority] {
        for record in section {
            record.map_err(|_| Malformed)?;
        }
    }
    for record in additional {
        let record = record.map_err(|_| Malformed)?;
        if let Some(opt) = record.into_record::<Opt<_>>().map_err(|_| Malformed)? {
            if found.is_some() || !opt.owner().is_root() {
                return Err(Malformed);
            }
            let opt = OptRecord::from_record(opt);
            found = Some(Edns { version: opt.version(), payload: opt.udp_payload_size() });
        }
    }
    Ok(found)
}
