//! What `ipaddr` reads and what it can be asked.

use crate::template::pylib::network::{Address, Network, Version};
use crate::template::{Cx, Obj, Raise};
use num_bigint::BigInt;

/// A value that is an address or a network.
pub(super) struct Subject {
    /// The network, or the address with a full prefix.
    pub(super) net: Network,
    /// Whether it was written with a prefix.
    pub(super) prefixed: bool,
    /// How it was written, which is what a question with the answer yes gives.
    pub(super) written: String,
}

/// What a query gives; None where it gives nothing.
pub(super) type Answer = Result<Option<Obj>, Raise>;

impl Subject {
    /// Reads a text or number; None for what is neither address nor network.
    pub(super) fn read(text: &str, version: Option<i64>) -> Option<Self> {
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
            let value: u128 = text.parse().ok()?;
            let v4 = if version.is_none_or(|v| v == 4) { Network::new(Version::V4, value, 32) } else { None };
            let net = v4.or_else(|| Network::new(Version::V6, value, 128))?;
            return Some(Self { net, prefixed: false, written: net.to_string() });
        }
        if let Some(net) = Network::parse(text) {
            return Some(Self { net, prefixed: text.matches('/').count() == 1, written: text.to_owned() });
        }
        // A number with a prefix.
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix) = (address.trim().parse().ok()?, prefix.trim().parse().ok()?);
        let net = [Version::V4, Version::V6].into_iter().find_map(|v| Network::new(v, address, prefix))?;
        Some(Self { net, prefixed: true, written: net.to_string() })
    }

    fn many(&self) -> bool {
        self.net.host_bits() > 0
    }

    /// Whether its own address is not the network's first.
    fn hosted(&self) -> bool {
        self.net.value != self.net.first()
    }

    fn written(&self) -> Obj {
        self.written.as_str().into()
    }

    fn when(&self, holds: bool) -> Option<Obj> {
        holds.then(|| self.written())
    }

    fn with_prefix(&self, address: Address) -> Obj {
        format!("{address}/{}", self.net.prefix).into()
    }

    fn is_public(&self) -> bool {
        let ip = self.net.ip();
        let mask = ip.as_netmask().is_some() || ip.as_hostmask().is_some();
        !ip.is_multicast() && ip.is_global() && !ip.is_loopback() && !mask
    }

    /// What a query says; outer None for one that is not known.
    pub(super) fn ask(&self, query: &str) -> Option<Answer> {
        let net = &self.net;
        let text = |text: String| Some(Obj::from(text));
        Some(Ok(match query {
            "" if self.prefixed => text(net.to_string()),
            "" => text(net.ip().to_string()),
            "6to4" => self.sixtofour(),
            "address" | "ip" => {
                let shown = !self.many() || self.hosted() || net.broadcast().is_none() || net.version == Version::V6;
                shown.then(|| net.ip().to_string().into())
            }
            "address/prefix" | "gateway" | "gw" | "host/prefix" | "hostnet" | "router" => {
                let end = net.host_bits() > 1 && (!self.hosted() || net.value == net.last());
                Some(if end { false.into() } else { self.with_prefix(net.ip()) })
            }
            "bool" => Some(true.into()),
            "broadcast" => (net.host_bits() > 1).then(|| net.at(net.last()).to_string().into()),
            "cidr" => text(net.to_string()),
            "host" if !self.many() => text(net.to_string()),
            "host" => (self.hosted() || net.broadcast().is_none()).then(|| self.with_prefix(net.ip())),
            "hostmask" | "wildcard" => text(net.hostmask().to_string()),
            "int" if self.prefixed => text(format!("{}/{}", net.value, net.prefix)),
            "int" => Some(Obj::big(BigInt::from(net.value))),
            "ip/prefix" => (net.host_bits() == 1 || self.many() && self.hosted()).then(|| self.with_prefix(net.ip())),
            "ip_netmask" => (net.host_bits() == 1 || self.many() && self.hosted())
                .then(|| format!("{} {}", net.ip(), net.netmask()).into()),
            "ipv4" => Some(self.as_v4()),
            "ipv6" => Some(self.as_v6()),
            // The collection has these names, and forgot their argument.
            "v4" | "v6" => {
                let text = format!("_ip{query}_query() missing 1 required positional argument: 'value'");
                return Some(Err(Raise::type_error(text)));
            }
            "link-local" => self.when(net.ip().is_link_local()),
            "lo" | "loopback" => self.when(net.ip().is_loopback()),
            "multicast" => self.when(net.ip().is_multicast()),
            "net" => (self.many() && !self.hosted()).then(|| self.with_prefix(net.network())),
            "netmask" => text(net.netmask().to_string()),
            "network" | "network_id" => text(net.network().to_string()),
            "network/prefix" | "subnet" => text(net.cidr().to_string()),
            "network_netmask" => text(format!("{} {}", net.network(), net.netmask())),
            "network_wildcard" => text(format!("{} {}", net.network(), net.hostmask())),
            "prefix" => Some(i64::from(net.prefix).into()),
            "private" => self.when(!net.ip().is_global()),
            "public" => self.when(self.is_public()),
            "revdns" => text(net.ip().reverse_dns()),
            "size" => Some(Obj::big(BigInt::from(net.size()))),
            "size_usable" => Some(match net.host_bits() {
                0 => 0.into(),
                1 => 2.into(),
                _ => Obj::big(BigInt::from(net.size()) - 2),
            }),
            "type" => text(if !self.many() || self.hosted() { "address" } else { "network" }.into()),
            "unicast" => self.when(!net.ip().is_multicast()),
            "version" => Some(net.version.number().into()),
            "wrap" if net.version == Version::V4 => Some(self.written()),
            "wrap" if self.prefixed => text(format!("[{}]/{}", net.ip(), net.prefix)),
            "wrap" => text(format!("[{}]", net.ip())),
            "first_usable" | "last_usable" | "next_usable" | "previous_usable" | "range_usable" | "peer" => {
                return Some(self.neighbour(query));
            }
            _ => return None,
        }))
    }

    /// Queries that have a meaning for networks alone.
    fn neighbour(&self, query: &str) -> Answer {
        let net = &self.net;
        if !self.prefixed {
            return Err(Raise::ansible("Not a network address"));
        }
        if query == "peer" {
            return match (net.host_bits(), net.value % 4) {
                (1, _) => Ok(Some(Address::numbered(net.value ^ 1).to_string().into())),
                (2, 0) => Err(Raise::ansible("Network address of /30 has no peer")),
                (2, 3) => Err(Raise::ansible("Broadcast address of /30 has no peer")),
                (2, _) => Ok(Some(Address::numbered(net.value ^ 3).to_string().into())),
                _ => Err(Raise::ansible("Not a point-to-point network")),
            };
        }
        if !self.many() {
            return Ok(None);
        }
        let (first, last) = net.usable();
        let within = |address: Address| (first..=last).contains(&address.value).then(|| address.to_string());
        let (start, end) = (Address::numbered(first).to_string(), Address::numbered(last).to_string());
        Ok(match query {
            "first_usable" => Some(start),
            "last_usable" => Some(end),
            "next_usable" => within(beside(net.value, 1)?),
            "previous_usable" => within(beside(net.value, -1)?),
            _ => Some(format!("{start}-{end}")),
        }
        .map(Obj::from))
    }

    fn sixtofour(&self) -> Option<Obj> {
        let net = &self.net;
        let no = Some(Obj::Bool(false));
        if net.version == Version::V4 {
            if self.many() && !self.hosted() || !self.is_public() && net.ip().is_global() {
                return no;
            }
            let [a, b, c, d] = (net.value as u32).to_be_bytes();
            return Some(format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1/48").into());
        }
        let inside = net.value >> 112 == 0x2002;
        if inside && (!self.prefixed || self.hosted()) { Some(self.written()) } else { no }
    }

    fn as_v4(&self) -> Obj {
        let net = &self.net;
        if net.version == Version::V4 {
            return self.written();
        }
        let mapped = net.value >> 32 == 0xffff || net.value >> 32 == 0;
        match (mapped, net.prefix.checked_sub(96)) {
            (true, Some(prefix)) => {
                format!("{}/{prefix}", Address { version: Version::V4, value: net.value & 0xffff_ffff }).into()
            }
            _ => false.into(),
        }
    }

    fn as_v6(&self) -> Obj {
        let net = &self.net;
        if net.version == Version::V6 {
            return self.written();
        }
        let address = Address { version: Version::V6, value: 0xffff << 32 | net.value };
        format!("{address}/{}", net.prefix + 96).into()
    }
}

/// The address some steps from another, which is but a number on the way: what is small becomes one of IPv4.
pub(super) fn beside(value: u128, steps: i128) -> Result<Address, Raise> {
    value.checked_add_signed(steps).map(Address::numbered).ok_or_else(|| {
        let number = BigInt::from(value) + steps;
        Raise::ansible(format!("failed to detect a valid IP address from {number}"))
    })
}

/// `ipaddr` for one text, number or list: what the query says of it, false where there is nothing to say.
pub(super) fn ipaddr(
    cx: &mut Cx<'_>,
    value: &Obj,
    query: &str,
    version: Option<i64>,
    alias: &str,
) -> Result<Obj, Raise> {
    if matches!(value, Obj::List(_) | Obj::Tuple(_) | Obj::Iter(_)) {
        let mut out = Vec::new();
        for item in cx.each(value)? {
            let item = item?;
            let answer = ipaddr(cx, &item, query, version, "ipaddr")?;
            if cx.truthy(&answer)? {
                out.push(answer);
            }
        }
        return Ok(Obj::list(out));
    }
    if matches!(value, Obj::Bool(true)) || !cx.truthy(value)? {
        let shown = cx.text(value)?;
        cx.warn(format!(
            "The value '{shown}' is not a valid IP address or network, passing this value to ipaddr filter might result \
             in breaking change in future."
        ));
        return Ok(false.into());
    }
    let text = match value {
        Obj::Str(_) | Obj::Int(_) | Obj::Big(_) => cx.text(value)?,
        // Its text is made for an error that nobody sees, and fails where something in it is undefined.
        Obj::Dict(_) => return cx.text(value).map(|_| false.into()),
        _ => return Ok(false.into()),
    };
    let Some(subject) = Subject::read(&text, version) else { return Ok(false.into()) };
    // A query that is a network itself asks whether the value lies in it.
    let digits = !query.is_empty() && query.chars().all(|c| c.is_ascii_digit());
    let known = subject.ask(query).is_some();
    let around = if known || digits { None } else { Subject::read(query, None) };
    if version.is_some_and(|wanted| wanted != subject.net.version.number()) {
        return Ok(false.into());
    }
    if let Some(around) = around {
        let (net, around) = (subject.net, around.net);
        let inside = net.version == around.version && around.first() <= net.first() && net.last() <= around.last();
        return Ok(if inside { subject.written() } else { Obj::None });
    }
    match subject.ask(query) {
        Some(answer) => Ok(answer?.unwrap_or_default()),
        None => nth(&subject, query, alias),
    }
}

/// A query that is a number: the address at that place.
fn nth(subject: &Subject, query: &str, alias: &str) -> Result<Obj, Raise> {
    if query.trim().parse::<f64>().is_err() {
        // The collection itself fails over the missing alias where none was given.
        return Err(match alias {
            "" => Raise::type_error("unsupported operand type(s) for +: 'NoneType' and 'str'"),
            alias => Raise::ansible(format!("{alias}: unknown filter type: {query}")),
        });
    }
    let net = &subject.net;
    if net.host_bits() == 0 {
        let shown = if subject.prefixed { net.to_string() } else { net.ip().to_string() };
        return Ok(shown.into());
    }
    let found = query.trim().parse().ok().and_then(|index| net.nth(index));
    Ok(found.map_or(Obj::Bool(false), |address| format!("{address}/{}", net.prefix).into()))
}
