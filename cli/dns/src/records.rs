//! The records of each name, the nodes among them in a new random order each time.

use std::net::{IpAddr, SocketAddr};

use domain::base::iana::Class;
use domain::base::message_builder::{AdditionalBuilder, AnswerBuilder, PushError, RecordSectionBuilder, StaticCompressor};
use domain::base::name::NameBuilder;
use domain::base::{CharStr, ParsedName, Rtype, Serial, ToName, Ttl};
use domain::rdata::{A, Aaaa, Hinfo, Ns, Soa, Srv};

use crate::names::label_of;
use crate::zone::{OwnedName, Place, Zone};

/// How often a secondary server would ask, and give up. There is none, but the record needs the numbers.
const SECONDARY: Ttl = Ttl::from_secs(3600);

type Target = StaticCompressor<Vec<u8>>;
type Asked<'p> = ParsedName<&'p [u8]>;

/// Draws nodes; keeps its memory from one answer to the next.
#[derive(Default)]
pub(crate) struct Chooser {
    rng: fastrand::Rng,
    addresses: Vec<IpAddr>,
    sockets: Vec<SocketAddr>,
}

impl Chooser {
    pub fn new(rng: fastrand::Rng) -> Chooser {
        Chooser { rng, addresses: Vec::new(), sockets: Vec::new() }
    }

    /// Adds the records of a name, as far as there is room.
    pub fn push_records(
        &mut self,
        answer: &mut AnswerBuilder<Target>,
        name: &Asked<'_>,
        rtype: Rtype,
        place: Place,
        zone: &Zone,
    ) -> Result<(), PushError> {
        let ttl = zone.ttl;
        let Some(nodes) = &zone.nodes else { return Ok(()) };
        match (place, rtype) {
            (Place::Apex, Rtype::SOA) => answer.push((name, Class::IN, ttl, soa(zone))),
            (Place::Apex, Rtype::NS) => match &zone.server {
                Some(server) => answer.push((name, Class::IN, ttl, Ns::new(server))),
                None => Ok(()),
            },
            (Place::Apex, Rtype::A | Rtype::AAAA) => {
                let all = if rtype == Rtype::A { &nodes.v4 } else { &nodes.v6 };
                draw(&mut self.rng, all, zone.most, &mut self.addresses);
                self.addresses.iter().try_for_each(|ip| push_address(answer, name, ttl, *ip))
            }
            (Place::Apex | Place::Service, Rtype::SRV) => {
                draw(&mut self.rng, &nodes.sockets, zone.most, &mut self.sockets);
                self.sockets.iter().try_for_each(|socket| {
                    let Some(target) = node_name(socket.ip(), zone) else { return Ok(()) };
                    answer.push((name, Class::IN, ttl, Srv::new(0, 0, socket.port(), target)))
                })
            }
            (Place::Node(ip), Rtype::A) if ip.is_ipv4() => push_address(answer, name, ttl, ip),
            (Place::Node(ip), Rtype::AAAA) if ip.is_ipv6() => push_address(answer, name, ttl, ip),
            // Something small instead of all there is (RFC 8482).
            (Place::Apex | Place::Service | Place::Node(_), Rtype::ANY) => answer.push((name, Class::IN, ttl, no_any())),
            _ => Ok(()),
        }
    }

    /// Adds the addresses of the nodes that SRV records were drawn for, as far as there is room: whoever lacks one asks for it.
    pub fn with_addresses(&self, mut additional: AdditionalBuilder<Target>, zone: &Zone) -> AdditionalBuilder<Target> {
        for socket in &self.sockets {
            let Some(name) = node_name(socket.ip(), zone) else { continue };
            if push_address(&mut additional, &name, zone.ttl, socket.ip()).is_err() {
                break;
            }
        }
        additional
    }
}

/// The record that tells the zone's properties.
pub(crate) fn soa(zone: &Zone) -> Soa<&OwnedName> {
    let server = zone.server.as_ref().unwrap_or(&zone.apex);
    Soa::new(server, &zone.mailbox, Serial::from(zone.serial), SECONDARY, SECONDARY, SECONDARY, zone.ttl)
}

/// Draws some of `all`, or all of them, in random order.
fn draw<T: Copy>(rng: &mut fastrand::Rng, all: &[T], most: Option<usize>, drawn: &mut Vec<T>) {
    drawn.clear();
    drawn.extend_from_slice(all);
    let count = most.unwrap_or(usize::MAX).min(drawn.len());
    for place in 0..count {
        let other = rng.usize(place..drawn.len());
        drawn.swap(place, other);
    }
    drawn.truncate(count);
}

fn push_address(
    section: &mut impl RecordSectionBuilder<Target>,
    name: &impl ToName,
    ttl: Ttl,
    ip: IpAddr,
) -> Result<(), PushError> {
    match ip {
        IpAddr::V4(ip) => section.push((name, Class::IN, ttl, A::new(ip))),
        IpAddr::V6(ip) => section.push((name, Class::IN, ttl, Aaaa::new(ip))),
    }
}

/// The name of a node. The zone's own name is short enough for it ([`Zone::new`]).
fn node_name(ip: IpAddr, zone: &Zone) -> Option<OwnedName> {
    let mut builder = NameBuilder::new_vec();
    builder.append_label(label_of(ip).as_bytes()).ok()?;
    builder.append_origin(&zone.apex).ok()
}

fn no_any() -> Hinfo<&'static [u8]> {
    // Both texts are shorter than the 255 bytes that are accepted.
    let text = |bytes: &'static [u8]| CharStr::from_octets(bytes).unwrap_or_else(|_| CharStr::empty());
    Hinfo::new(text(b"RFC8482"), text(b""))
}
