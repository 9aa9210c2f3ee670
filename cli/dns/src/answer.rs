//! From a query to its answer: which code it gets, how long it may be, and in which sections its records stand.

use domain::base::Rtype;
use domain::base::iana::{Class, OptRcode, Rcode};
use domain::base::message::Message;
use domain::base::message_builder::{AdditionalBuilder, AuthorityBuilder, MessageBuilder, StaticCompressor};

use crate::LONGEST_DATAGRAM;
use crate::query::{Asked, Edns, Query, read};
use crate::records::{Chooser, soa};
use crate::zone::{Place, Zone};

/// Without EDNS an asker takes no more by UDP.
const LONGEST_PLAIN_DATAGRAM: usize = 512;
/// What a stream can carry.
const LONGEST_STREAM_ANSWER: usize = 65_535;
/// The length of an OPT record without options.
const OPT_LENGTH: usize = 11;

/// How a query came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// By UDP, so that long answers are truncated.
    Udp,
    /// By UDP, from where too much is asked: the answer is empty and says to ask by TCP, where nobody asks in another's name.
    UdpOverLimit,
    /// By TCP.
    Tcp,
}

/// Answers queries about a zone; keeps its memory from one answer to the next.
#[derive(Default)]
pub struct Answerer {
    chooser: Chooser,
    buffer: Vec<u8>,
}

/// What is said to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The records of that place, if it has some of the type asked for.
    Records(Place),
    /// The zone has no such name.
    NoSuchName,
    /// Nothing is known of the nodes yet.
    NotYet,
    /// Not of this zone, or not to be had here.
    Refused,
    /// The asker speaks a later EDNS.
    UnknownEdns,
}

type Target = StaticCompressor<Vec<u8>>;

impl Answerer {
    /// An answerer that shuffles by this stream.
    pub fn new(rng: fastrand::Rng) -> Answerer {
        Answerer { chooser: Chooser::new(rng), buffer: Vec::new() }
    }

    /// The answer to a packet, or `None` if it is not to be answered.
    pub fn answer(&mut self, packet: &[u8], transport: Transport, zone: &Zone) -> Option<&[u8]> {
        let query = read(packet)?;
        let mut room = std::mem::take(&mut self.buffer);
        room.clear();
        let builder = MessageBuilder::from_target(StaticCompressor::new(room)).ok()?;
        let built = match query {
            Query::Refuse(message, rcode) => refuse(builder, message, rcode),
            Query::Ask(asked) => self.reply(builder, &asked, transport, zone),
        };
        self.buffer = built.finish().into_target();
        Some(&self.buffer)
    }

    fn reply(
        &mut self,
        mut builder: MessageBuilder<Target>,
        asked: &Asked<'_>,
        transport: Transport,
        zone: &Zone,
    ) -> AdditionalBuilder<Target> {
        let room = longest_answer(transport, asked.edns) - asked.edns.map_or(0, |_| OPT_LENGTH);
        builder.set_push_limit(room + 1); // the first length that is too much
        let verdict = judge(asked, zone);
        let mut answer = builder.start_error(asked.message, verdict.rcode());
        answer.header_mut().set_aa(matches!(verdict, Verdict::Records(_) | Verdict::NoSuchName));
        let mut additional = match verdict {
            _ if transport == Transport::UdpOverLimit => {
                answer.header_mut().set_tc(true);
                answer.additional()
            }
            Verdict::Records(place) => {
                let (name, rtype) = (asked.question.qname(), asked.question.qtype());
                let whole = self.chooser.push_records(&mut answer, name, rtype, place, zone).is_ok();
                // What fits stays, for askers that cannot ask again by TCP: each address is good by itself.
                answer.header_mut().set_tc(!whole);
                match answer.counts().ancount() {
                    0 => with_soa(answer.authority(), zone),
                    _ if rtype == Rtype::SRV => self.chooser.with_addresses(answer.additional(), zone),
                    _ => answer.additional(),
                }
            }
            Verdict::NoSuchName => with_soa(answer.authority(), zone),
            Verdict::NotYet | Verdict::Refused | Verdict::UnknownEdns => answer.additional(),
        };
        additional.clear_push_limit();
        if asked.edns.is_some() {
            // It cannot fail: its length was kept free.
            let _ = additional.opt(|opt| {
                opt.set_udp_payload_size(LONGEST_DATAGRAM as u16);
                opt.set_rcode(verdict.opt_rcode());
                Ok(())
            });
        }
        additional
    }
}

impl Verdict {
    fn rcode(self) -> Rcode {
        match self {
            Verdict::Records(_) => Rcode::NOERROR,
            Verdict::NoSuchName => Rcode::NXDOMAIN,
            Verdict::NotYet => Rcode::SERVFAIL,
            Verdict::Refused => Rcode::REFUSED,
            Verdict::UnknownEdns => OptRcode::BADVERS.rcode(),
        }
    }

    fn opt_rcode(self) -> OptRcode {
        match self {
            Verdict::UnknownEdns => OptRcode::BADVERS,
            known => OptRcode::from_rcode(known.rcode()),
        }
    }
}

fn judge(asked: &Asked<'_>, zone: &Zone) -> Verdict {
    if asked.edns.is_some_and(|edns| edns.version > 0) {
        return Verdict::UnknownEdns;
    }
    let question = &asked.question;
    if question.qclass() != Class::IN || matches!(question.qtype(), Rtype::AXFR | Rtype::IXFR) {
        return Verdict::Refused;
    }
    match zone.place_of(question.qname()) {
        Place::Outside => Verdict::Refused,
        _ if zone.nodes().is_none() => Verdict::NotYet,
        Place::Missing => Verdict::NoSuchName,
        place => Verdict::Records(place),
    }
}

fn longest_answer(transport: Transport, edns: Option<Edns>) -> usize {
    match (transport, edns) {
        (Transport::Tcp, _) => LONGEST_STREAM_ANSWER,
        (_, None) => LONGEST_PLAIN_DATAGRAM,
        (_, Some(edns)) => usize::from(edns.payload).clamp(LONGEST_PLAIN_DATAGRAM, LONGEST_DATAGRAM),
    }
}

/// A header with a code, and nothing else: of what could not be read nothing is sent back.
fn refuse(mut builder: MessageBuilder<Target>, message: &Message<[u8]>, rcode: Rcode) -> AdditionalBuilder<Target> {
    let asked = message.header();
    let header = builder.header_mut();
    header.set_id(asked.id());
    header.set_qr(true);
    header.set_opcode(asked.opcode());
    header.set_rd(asked.rd());
    header.set_rcode(rcode);
    builder.additional()
}

/// Tells for how long the lack of records may be remembered.
fn with_soa(mut authority: AuthorityBuilder<Target>, zone: &Zone) -> AdditionalBuilder<Target> {
    // Where there is no room for it, nobody remembers the lack.
    let _ = authority.push((&zone.apex, Class::IN, zone.ttl, soa(zone)));
    authority.additional()
}
