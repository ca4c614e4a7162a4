//! Addresses, networks and hardware addresses, as Python's netaddr reads and writes them.

use num_bigint::BigUint;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The version of the Internet Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 4
    V4,
    /// 6
    V6,
}

impl Version {
    /// The number of bits in an address.
    pub fn width(self) -> u32 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    /// 4 or 6.
    pub fn number(self) -> i64 {
        match self {
            Self::V4 => 4,
            Self::V6 => 6,
        }
    }

    /// The highest address.
    pub fn top(self) -> u128 {
        u128::MAX >> (128 - self.width())
    }
}

/// An address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The version.
    pub version: Version,
    /// The address as a number.
    pub value: u128,
}

impl Address {
    /// Reads an address in its usual form.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(v4) = text.parse::<Ipv4Addr>() {
            return Some(Self { version: Version::V4, value: u128::from(u32::from(v4)) });
        }
        text.parse::<Ipv6Addr>().ok().map(|v6| Self { version: Version::V6, value: u128::from(v6) })
    }

    /// The address that a number alone is: of IPv4 where it can be one.
    pub fn numbered(value: u128) -> Self {
        let version = if value <= Version::V4.top() { Version::V4 } else { Version::V6 };
        Self { version, value }
    }

    /// The address some steps away; None beyond the ends.
    pub fn offset(self, steps: i128) -> Option<Self> {
        let value = self.value.checked_add_signed(steps).filter(|value| *value <= self.version.top())?;
        Some(Self { value, ..self })
    }

    /// Whether the address is of a network.
    pub fn is_in(self, network: &Network) -> bool {
        self.version == network.version && network.first() <= self.value && self.value <= network.last()
    }

    pub fn is_in_any(self, networks: &[&str]) -> bool {
        networks.iter().any(|text| Network::parse(text).is_some_and(|network| self.is_in(&network)))
    }

    /// Whether it can be reached from everywhere, by the registries of IANA.
    pub fn is_global(self) -> bool {
        let (not, but) = match self.version {
            Version::V4 => (NOT_GLOBAL_V4, GLOBAL_V4),
            Version::V6 => (NOT_GLOBAL_V6, GLOBAL_V6),
        };
        !self.is_in_any(not) || self.is_in_any(but)
    }

    /// Whether it is for many receivers.
    pub fn is_multicast(self) -> bool {
        self.is_in_any(&["224.0.0.0/4", "ff00::/8"])
    }

    /// Whether it is the host itself.
    pub fn is_loopback(self) -> bool {
        self.is_in_any(&["127.0.0.0/8", "::1/128"])
    }

    /// Whether it has meaning on one link alone.
    pub fn is_link_local(self) -> bool {
        self.is_in_any(&["169.254.0.0/16", "fe80::/10"])
    }

    /// How many bits a network has whose mask this is.
    pub fn as_netmask(self) -> Option<u32> {
        let inverse = !self.value & self.version.top();
        ((inverse + 1) & inverse == 0).then(|| self.version.width() - inverse.count_ones())
    }

    /// How many bits a network has whose inverted mask this is.
    pub fn as_hostmask(self) -> Option<u32> {
        (self.value.wrapping_add(1) & self.value == 0).then(|| self.version.width() - self.value.count_ones())
    }

    /// The name of its pointer record.
    pub fn reverse_dns(self) -> String {
        match self.version {
            Version::V4 => {
                let parts: Vec<String> = (self.value as u32).to_le_bytes().iter().map(u8::to_string).collect();
                format!("{}.in-addr.arpa.", parts.join("."))
            }
            Version::V6 => {
                let digits: Vec<String> = (0..32).map(|i| format!("{:x}", (self.value >> (4 * i)) & 0xf)).collect();
                format!("{}.ip6.arpa.", digits.join("."))
            }
        }
    }

    /// All of its bits.
    pub fn bits(self) -> String {
        match self.version {
            Version::V4 => format!("{:032b}", self.value),
            Version::V6 => format!("{:0128b}", self.value),
        }
    }
}

impl std::fmt::Display for Address {
    /// As the C library writes it: an embedded IPv4 address with dots.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.version {
            Version::V4 => Ipv4Addr::from(self.value as u32).fmt(f),
            Version::V6 if self.value >> 32 == 0 && self.value > 0xffff => {
                write!(f, "::{}", Ipv4Addr::from(self.value as u32))
            }
            Version::V6 => Ipv6Addr::from(self.value).fmt(f),
        }
    }
}

const NOT_GLOBAL_V4: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
];
const GLOBAL_V4: &[&str] = &["192.0.0.9/32", "192.0.0.10/32"];
const NOT_GLOBAL_V6: &[&str] = &[
    "::1/128",
    "::/128",
    "::ffff:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
];
const GLOBAL_V6: &[&str] =
    &["2001:1::1/128", "2001:1::2/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28", "2001:30::/28"];

/// An address with the length of its network's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    /// The version.
    pub version: Version,
    /// The address, which need not be the network's first.
    pub value: u128,
    /// The length of the prefix.
    pub prefix: u32,
}

impl Network {
    /// One of a number and a prefix; None where either is too large.
    pub fn new(version: Version, value: u128, prefix: u32) -> Option<Self> {
        (value <= version.top() && prefix <= version.width()).then_some(Self { version, value, prefix })
    }

    /// Reads `address`, `address/prefix` or `address/mask`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, rest) = match text.split_once('/') {
            Some((address, rest)) => (address, Some(rest)),
            None => (text, None),
        };
        let address = Address::parse(address)?;
        let width = address.version.width();
        let prefix = match rest {
            None => width,
            Some(rest) => match rest.trim().parse::<i64>() {
                Ok(prefix) => u32::try_from(prefix).ok().filter(|prefix| *prefix <= width)?,
                Err(_) => {
                    let mask = Address::parse(rest).filter(|mask| mask.version == address.version)?;
                    mask.as_netmask().or_else(|| mask.as_hostmask())?
                }
            },
        };
        Some(Self { version: address.version, value: address.value, prefix })
    }

    fn hosts(&self) -> u128 {
        match self.version.width() - self.prefix {
            128 => u128::MAX,
            bits => (1 << bits) - 1,
        }
    }

    /// The first address.
    pub fn first(&self) -> u128 {
        self.value & !self.hosts()
    }

    /// The last address.
    pub fn last(&self) -> u128 {
        self.value | self.hosts()
    }

    /// An address of the same version.
    pub fn at(&self, value: u128) -> Address {
        Address { version: self.version, value }
    }

    /// Its own address.
    pub fn ip(&self) -> Address {
        self.at(self.value)
    }

    /// Its network's first address.
    pub fn network(&self) -> Address {
        self.at(self.first())
    }

    /// The broadcast address; small IPv4 networks have none.
    pub fn broadcast(&self) -> Option<Address> {
        let small = self.version == Version::V4 && self.prefix >= 31;
        (!small).then(|| self.at(self.last()))
    }

    /// The mask of the prefix.
    pub fn netmask(&self) -> Address {
        self.at(!self.hosts() & self.version.top())
    }

    /// The mask of the hosts.
    pub fn hostmask(&self) -> Address {
        self.at(self.hosts())
    }

    /// The network without its own address.
    pub fn cidr(&self) -> Self {
        Self { value: self.first(), ..*self }
    }

    /// How many addresses it has.
    pub fn size(&self) -> BigUint {
        BigUint::from(1u8) << (self.version.width() - self.prefix)
    }

    /// How many bits its addresses differ in.
    pub fn host_bits(&self) -> u32 {
        self.version.width() - self.prefix
    }

    /// The first and last address that a host can have.
    pub fn usable(&self) -> (u128, u128) {
        if self.host_bits() == 1 { (self.first(), self.last()) } else { (self.first() + 1, self.last() - 1) }
    }

    /// The address at a place, from the end where it is negative.
    pub fn nth(&self, index: i128) -> Option<Address> {
        let value = if index < 0 {
            self.last().checked_sub(index.unsigned_abs() - 1)?
        } else {
            self.first().checked_add(index.unsigned_abs())?
        };
        (self.first() <= value && value <= self.last()).then(|| self.at(value))
    }

    /// The networks above it, from a prefix on, the largest first; without itself.
    pub fn supernets(&self, from: u32) -> Vec<Self> {
        (from..self.prefix).map(|prefix| Self { prefix, ..*self }.cidr()).collect()
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.ip(), self.prefix)
    }
}

/// The fewest networks that hold the same addresses, sorted.
pub fn merge(networks: &[Network]) -> Vec<Network> {
    let mut ranges: Vec<(Version, u128, u128, Network)> =
        networks.iter().map(|network| (network.version, network.first(), network.last(), *network)).collect();
    ranges.sort_unstable_by_key(|(version, first, last, _)| (*version, *first, *last));
    // One that was merged with no other stays as it was written, with the bits of its host.
    let mut joined: Vec<(Version, u128, u128, Option<Network>)> = Vec::new();
    for (version, first, last, network) in ranges {
        match joined.last_mut() {
            Some((v, _, end, alone)) if *v == version && (first <= *end || first == end.saturating_add(1)) => {
                *end = last.max(*end);
                *alone = None;
            }
            _ => joined.push((version, first, last, Some(network))),
        }
    }
    let networks = |(version, first, last, alone): (Version, u128, u128, Option<Network>)| match alone {
        Some(network) => vec![network],
        None => range(version, first, last),
    };
    joined.into_iter().flat_map(networks).collect()
}

/// The networks that together are a range.
fn range(version: Version, first: u128, last: u128) -> Vec<Network> {
    let mut out = Vec::new();
    let mut at = first;
    loop {
        let aligned = if at == 0 { version.width() } else { at.trailing_zeros().min(version.width()) };
        let fits = |bits: u32| match bits {
            128 => at == 0 && last == u128::MAX,
            bits => at.checked_add((1 << bits) - 1).is_some_and(|end| end <= last),
        };
        let bits = (0..=aligned).rev().find(|bits| fits(*bits)).unwrap_or(0);
        let network = Network { version, value: at, prefix: version.width() - bits };
        out.push(network);
        match network.last().checked_add(1) {
            Some(next) if network.last() < last => at = next,
            _ => return out,
        }
    }
}

/// The smallest network that holds all of some of one version.
pub fn span(networks: &[Network]) -> Option<Network> {
    let first = networks.iter().map(Network::first).min()?;
    let last = networks.iter().map(Network::last).max()?;
    let version = networks.first()?.version;
    let bits = 128 - (first ^ last).leading_zeros();
    Some(Network { version, value: first, prefix: version.width() - bits }.cidr())
}

/// A hardware address of 48 or 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac {
    /// Its number.
    pub value: u64,
    /// Whether it has 64 bits.
    pub wide: bool,
}

/// The forms of words: the separator, how many there are, and the most digits of one.
type Forms = &'static [(char, usize, usize)];

const FORMS_48: Forms = &[(':', 6, 2), ('-', 6, 2), (':', 2, 6), ('-', 2, 6), (':', 3, 4), ('-', 3, 4), ('.', 3, 4)];
const FORMS_64: Forms = &[(':', 8, 2), ('-', 8, 2), (':', 4, 4), ('-', 4, 4), ('.', 4, 4)];

impl Mac {
    /// Reads one in any of its usual forms, or as a number: one of 48 bits where it can be that. None for others.
    pub fn parse(text: &str) -> Option<Self> {
        let shown = text.trim();
        let digits = !shown.is_empty() && shown.bytes().all(|b| b.is_ascii_digit());
        let number = || shown.parse::<u64>().ok().filter(|_| digits);
        let narrow = |value: u64| Self { value, wide: false };
        // Only a number may have blanks around it; a form may end with a line, as Python's `$` has it.
        let text = text.strip_suffix('\n').unwrap_or(text);
        if digits && shown.len() < 12 {
            return number().map(narrow);
        }
        // Digits alone, a leading zero left out at most.
        let bare = |least: usize, most: usize| {
            ((least..=most).contains(&text.len()) && hex(text)).then(|| u64::from_str_radix(text, 16).ok())?
        };
        let short = words(text, FORMS_48, 48).or_else(|| bare(11, 12)).or_else(|| number().filter(|n| *n < 1 << 48));
        short.map(narrow).or_else(|| {
            let long = words(text, FORMS_64, 64).or_else(|| bare(16, 16)).or_else(number);
            long.map(|value| Self { value, wide: true })
        })
    }

    /// Its bytes, where 48 bits hold it.
    pub fn bytes(self) -> Option<[u8; 6]> {
        let [0, 0, rest @ ..] = self.value.to_be_bytes() else { return None };
        Some(rest)
    }

    /// The address that a host with this hardware gives itself in a network.
    pub fn in_network(self, network: &Network) -> Address {
        let low = match self.bytes() {
            Some([a, b, c, d, e, f]) if !self.wide => u64::from_be_bytes([a, b, c, 0xff, 0xfe, d, e, f]),
            _ => self.value,
        };
        let value = network.value.wrapping_add(u128::from(low ^ 2 << 56));
        Address { version: Version::V6, value }
    }
}

/// The number of words of hexadecimal digits in one of some forms. Leading zeros may be left out, of six digits one.
fn words(text: &str, forms: Forms, bits: usize) -> Option<u64> {
    forms.iter().find_map(|(separator, count, width)| {
        let words: Vec<&str> = text.split(*separator).collect();
        let fits =
            words.len() == *count && words.iter().all(|w| hex(w) && w.len() <= *width && (*width < 6 || w.len() > 4));
        let fold = |sum: u64, word: &&str| Some(sum << (bits / count) | u64::from_str_radix(word, 16).ok()?);
        fits.then(|| words.iter().try_fold(0, fold))?
    })
}

fn hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::parse(text).unwrap()
    }

    #[test]
    fn reads_and_writes() {
        for (text, want) in [
            ("1.2.3.4", "1.2.3.4/32"),
            ("1.2.3.4/255.255.0.0", "1.2.3.4/16"),
            ("1.2.3.4/0.0.255.255", "1.2.3.4/16"),
            ("::1:5", "::0.1.0.5/128"),
            ("::5", "::5/128"),
            ("::ffff:1.2.3.4/120", "::ffff:1.2.3.4/120"),
        ] {
            assert_eq!(network(text).to_string(), want);
        }
        assert!(Network::parse("1.2.3.4/33").is_none());
        assert!(Network::parse("1.2.3").is_none());
    }

    #[test]
    fn ends() {
        let all = network("::/0");
        assert_eq!((all.first(), all.last()), (0, u128::MAX));
        assert_eq!(all.nth(-1).unwrap().value, u128::MAX);
        assert_eq!(network("10.0.0.0/8").nth(305).unwrap().to_string(), "10.0.1.49");
        assert!(network("10.0.0.0/30").nth(4).is_none());
    }

    #[test]
    fn merges_and_spans() {
        let merged = merge(&[network("10.0.0.4/30"), network("10.0.0.0/30"), network("10.0.0.8/29"), network("::1")]);
        assert_eq!(merged.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/28", "::1/128"]);
        assert_eq!(merge(&[network("0.0.0.0/1"), network("128.0.0.0/1")]), [network("0.0.0.0/0")]);
        assert_eq!(merge(&[network("::/0")]), [network("::/0")]);
        let alone = merge(&[network("10.1.0.5/16"), network("192.168.1.10/24"), network("10.0.0.1/8")]);
        assert_eq!(alone.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "192.168.1.10/24"]);
        assert_eq!(span(&[network("10.0.0.0/30"), network("10.0.1.4/30")]), Some(network("10.0.0.0/23")));
    }

    #[test]
    fn hardware() {
        for text in ["1a:2b:3c:4d:5e:6f", "1A-2B-3C-4D-5E-6F", "1a2b.3c4d.5e6f", "1a2b3c4d5e6f", "1a2b3c:4d5e6f"] {
            assert_eq!(Mac::parse(text), Some(Mac { value: 0x1a2b_3c4d_5e6f, wide: false }), "{text}");
        }
        assert_eq!(Mac::parse("0:0:0:a:b:c").unwrap().value, 0xa_0b0c);
        assert_eq!(Mac::parse("12345").unwrap().value, 12345);
        for text in ["0011:2233:4455:6677", "0011.2233.4455.6677", "00-11-22-33-44-55-66-77", "04822678189205111"] {
            assert_eq!(Mac::parse(text), Some(Mac { value: 0x11_2233_4455_6677, wide: true }), "{text}");
        }
        assert_eq!(Mac::parse("x"), None);
    }
}
