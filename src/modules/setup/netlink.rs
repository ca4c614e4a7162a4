//! Addresses and routes asked of the kernel over netlink, as `ip` does (rtnetlink(7)).

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const GET_ADDRESS: u16 = 22;
const NEW_ADDRESS: u16 = 20;
const GET_ROUTE: u16 = 26;
const NEW_ROUTE: u16 = 24;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
const MULTI: u16 = 2;
const INET: u8 = 2;
const INET6: u8 = 10;
const SECONDARY: u32 = 1;

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The interface's number.
    pub index: u32,
    /// The address itself.
    pub ip: IpAddr,
    /// The bits of its network.
    pub prefix: u8,
    /// The broadcast address.
    pub broadcast: Option<IpAddr>,
    /// Whether it was added to a network that the interface was in already.
    pub secondary: bool,
    /// How far it is valid: 0 everywhere, 253 on the link, 254 on the host.
    pub scope: u8,
    /// The name it is shown under: the interface's, or an alias.
    pub label: Option<String>,
    /// Whether the other end of a tunnel goes with it.
    pub peer: bool,
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The table: 255 is the local one.
    pub table: u32,
    /// The kind: 2 is local.
    pub kind: u8,
    /// The destination; None is everywhere.
    pub to: Option<IpAddr>,
    /// The bits of the destination.
    pub prefix: u8,
    /// The interface's number.
    pub index: Option<u32>,
    /// The next hop.
    pub gateway: Option<IpAddr>,
    /// The address that packets leave with.
    pub source: Option<IpAddr>,
}

/// All addresses of all interfaces.
pub fn addresses() -> Vec<Address> {
    ask(GET_ADDRESS, DUMP, &[0; 8])
        .iter()
        .filter(|(kind, _)| *kind == NEW_ADDRESS)
        .filter_map(|(_, body)| address(body))
        .collect()
}

/// The destinations in the local table, of IPv4 or IPv6.
pub fn local_routes(v6: bool) -> Vec<Route> {
    let mut header = [0; 12];
    header[0] = if v6 { INET6 } else { INET };
    let routes = ask(GET_ROUTE, DUMP, &header);
    let routes = routes.iter().filter(|(kind, _)| *kind == NEW_ROUTE).filter_map(|(_, body)| route(body));
    routes.filter(|route| route.table == 255 && route.kind == 2).collect()
}

/// The way that packets to an address take.
pub fn route_to(ip: IpAddr) -> Option<Route> {
    let (family, bytes) = match ip {
        IpAddr::V4(ip) => (INET, ip.octets().to_vec()),
        IpAddr::V6(ip) => (INET6, ip.octets().to_vec()),
    };
    let mut body = vec![family, u8::try_from(bytes.len() * 8).ok()?, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    // The attribute RTA_DST.
    body.extend(u16::try_from(bytes.len() + 4).ok()?.to_ne_bytes());
    body.extend(1u16.to_ne_bytes());
    body.extend(bytes);
    let answers = ask(GET_ROUTE, 0, &body);
    answers.iter().find(|(kind, _)| *kind == NEW_ROUTE).and_then(|(_, body)| route(body))
}

/// Sends a request and gathers the messages of the answer; none where the kernel refuses.
fn ask(kind: u16, flags: u16, body: &[u8]) -> Vec<(u16, Vec<u8>)> {
    exchange(kind, flags, body).unwrap_or_default()
}

fn exchange(kind: u16, flags: u16, body: &[u8]) -> rustix::io::Result<Vec<(u16, Vec<u8>)>> {
    // Without a protocol it is rtnetlink's, number 0.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    let mut request = Vec::new();
    request.extend(u32::try_from(body.len() + 16).unwrap_or_default().to_ne_bytes());
    request.extend(kind.to_ne_bytes());
    request.extend((REQUEST | flags).to_ne_bytes());
    request.extend([0; 8]);
    request.extend(body);
    send(&socket, &request, SendFlags::empty())?;
    let mut messages = Vec::new();
    let mut buffer = vec![0u8; 64 << 10];
    loop {
        let (length, _) = recv(&socket, &mut buffer[..], RecvFlags::empty())?;
        let mut rest = buffer.get(..length).unwrap_or_default();
        if rest.is_empty() {
            return Ok(messages);
        }
        while let Some((kind, flags, body, next)) = message(rest) {
            if matches!(kind, ERROR | DONE) {
                return Ok(messages);
            }
            messages.push((kind, body.to_vec()));
            if flags & MULTI == 0 {
                return Ok(messages);
            }
            rest = next;
        }
    }
}

/// The first message: its kind, flags, body, and what follows it.
fn message(bytes: &[u8]) -> Option<(u16, u16, &[u8], &[u8])> {
    let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
    let body = bytes.get(16..length)?;
    let next = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((u16_at(bytes, 4)?, u16_at(bytes, 6)?, body, next))
}

/// The attributes of a message.
fn attributes(mut bytes: &[u8]) -> Vec<(u16, &[u8])> {
    let mut found = Vec::new();
    while let (Some(length), Some(kind)) = (u16_at(bytes, 0).map(usize::from), u16_at(bytes, 2)) {
        let Some(body) = bytes.get(4..length) else { break };
        found.push((kind & 0x3fff, body));
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

fn address(body: &[u8]) -> Option<Address> {
    let attributes = attributes(body.get(8..)?);
    let get = |kind: u16| attributes.iter().find(|(known, _)| *known == kind).map(|(_, bytes)| *bytes);
    let (far, own) = (get(1).and_then(ip), get(2).and_then(ip));
    let flags = get(8).and_then(|bytes| u32_at(bytes, 0)).unwrap_or(u32::from(*body.get(2)?));
    Some(Address {
        index: u32_at(body, 4)?,
        ip: own.or(far)?,
        prefix: *body.get(1)?,
        broadcast: get(4).and_then(ip),
        secondary: flags & SECONDARY != 0,
        scope: *body.get(3)?,
        label: get(3).map(|bytes| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()),
        peer: own.is_some() && own != far,
    })
}

fn route(body: &[u8]) -> Option<Route> {
    let attributes = attributes(body.get(12..)?);
    let get = |kind: u16| attributes.iter().find(|(known, _)| *known == kind).map(|(_, bytes)| *bytes);
    Some(Route {
        table: get(15).and_then(|bytes| u32_at(bytes, 0)).unwrap_or(u32::from(*body.get(4)?)),
        kind: *body.get(7)?,
        to: get(1).and_then(ip),
        prefix: *body.get(1)?,
        index: get(4).and_then(|bytes| u32_at(bytes, 0)),
        gateway: get(5).and_then(ip),
        source: get(7).and_then(ip),
    })
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| Ipv6Addr::from(sixteen).into())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_address() {
        let found = addresses();
        let lo = found.iter().find(|address| address.ip == IpAddr::from([127, 0, 0, 1]));
        // A network namespace without a loopback that is up has none.
        if let Some(lo) = lo {
            assert_eq!((lo.prefix, lo.scope, lo.peer), (8, 254, false));
        }
    }

    #[test]
    fn broken_messages_end_it() {
        assert_eq!(message(&[0; 7]), None);
        assert_eq!(message(&[3, 0, 0, 0, 0, 0, 0, 0]), None);
        assert!(attributes(&[1, 0, 0]).is_empty());
        assert!(attributes(&[0, 0, 0, 0, 0]).is_empty());
    }
}
