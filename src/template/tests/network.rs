//! The tests of `ansible.utils` for addresses: `in_network`, `ip`, `private` and others.
//!
//! A network must not have host bits set, as with Python's ipaddress; what is no address or network is none of it.

use crate::re::{Flags, Pattern};
use crate::template::filters::network::spelled;
use crate::template::filters::support::{given, plugin_type, sig};
use crate::template::pylib::network::{Address, Network, Version};
use crate::template::{CallArgs, Cx, Obj, Raise};
use std::net::ToSocketAddrs;

type Verdict = Result<bool, Raise>;

fn network(cx: &mut Cx<'_>, obj: &Obj) -> Result<Option<Network>, Raise> {
    let text = spelled(cx, obj)?;
    Ok(Network::parse(&text).filter(|net| net.value == net.first()))
}

/// A question about an address alone.
fn address(cx: &mut Cx<'_>, input: &Obj, args: CallArgs, holds: impl Fn(Address) -> bool) -> Verdict {
    let [] = args.bind(&sig("_ip", 1, [], 0))?;
    let text = spelled(cx, input)?;
    Ok(Address::parse(&text).is_some_and(holds))
}

fn within(inner: Option<Network>, outer: Option<Network>) -> bool {
    inner.zip(outer).is_some_and(|(inner, outer)| {
        inner.version == outer.version && outer.first() <= inner.first() && inner.last() <= outer.last()
    })
}

pub(super) fn ip(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [] = args.bind(&sig("_ip", 1, [], 0))?;
    network(cx, &input).map(|net| net.is_some())
}

pub(super) fn ipv4(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [] = args.bind(&sig("_ipv4", 1, [], 0))?;
    network(cx, &input).map(|net| net.is_some_and(|net| net.version == Version::V4))
}

pub(super) fn ipv6(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [] = args.bind(&sig("_ipv6", 1, [], 0))?;
    network(cx, &input).map(|net| net.is_some_and(|net| net.version == Version::V6))
}

pub(super) fn ip_address(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, |_| true)
}

pub(super) fn ipv4_address(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, |address| address.version == Version::V4)
}

pub(super) fn ipv6_address(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, |address| address.version == Version::V6)
}

pub(super) fn loopback(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, Address::is_loopback)
}

pub(super) fn multicast(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, Address::is_multicast)
}

pub(super) fn unspecified(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, |address| address.value == 0)
}

pub(super) fn in_network(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [outer] = args.bind(&sig("_in_network", 1, ["network"], 1))?;
    Ok(within(network(cx, &input)?, network(cx, &given(outer))?))
}

pub(super) fn subnet_of(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [outer] = args.bind(&sig("_subnet_of", 1, ["network_b"], 1))?;
    Ok(within(network(cx, &input)?, network(cx, &given(outer))?))
}

pub(super) fn supernet_of(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [inner] = args.bind(&sig("_supernet_of", 1, ["network_b"], 1))?;
    Ok(within(network(cx, &given(inner))?, network(cx, &input)?))
}

/// A mask that 10.0.0.0 can have without a bit of it outside: written as `form` shows it.
fn mask(cx: &mut Cx<'_>, input: &Obj, form: impl Fn(&Network) -> Address) -> Verdict {
    // Its text is made first, which names what is undefined in it.
    cx.text(input)?;
    let net = input.as_str().and_then(|text| Network::parse(&format!("10.0.0.0/{text}")).map(|net| (text, net)));
    Ok(net.is_some_and(|(text, net)| net.value == net.first() && form(&net).to_string() == text))
}

pub(super) fn ipv4_netmask(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [] = args.bind(&sig("_ipv4_netmask", 1, [], 0))?;
    mask(cx, &input, Network::netmask)
}

pub(super) fn ipv4_hostmask(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [] = args.bind(&sig("_ipv4_hostmask", 1, [], 0))?;
    mask(cx, &input, Network::hostmask)
}

pub(super) fn ipv6_ipv4_mapped(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, |address| address.is_in_any(&["::ffff:0:0/96"]))
}

pub(super) fn ipv6_sixtofour(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, |address| address.is_in_any(&["2002::/16"]))
}

pub(super) fn ipv6_teredo(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, |address| address.is_in_any(&["2001::/32"]))
}

/// What the registries of special addresses keep for private use, as Python 3.11 has them.
const PRIVATE: [&str; 23] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/29",
    "192.0.0.170/31",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::1/128",
    "::/128",
    "100::/64",
    "2001::/23",
    "2001:2::/48",
    "2001:db8::/32",
    "2001:10::/28",
    "fc00::/7",
    "fe80::/10",
];

/// What is left for later, as Python has it.
const RESERVED: [&str; 16] = [
    "240.0.0.0/4",
    "::/8",
    "100::/8",
    "200::/7",
    "400::/6",
    "800::/5",
    "1000::/4",
    "4000::/3",
    "6000::/3",
    "8000::/3",
    "a000::/3",
    "c000::/3",
    "e000::/4",
    "f000::/5",
    "f800::/6",
    "fe00::/9",
];

fn is_private(address: Address) -> bool {
    if address.is_in_any(&["::ffff:0:0/96"]) {
        return is_private(Address { version: Version::V4, value: address.value & 0xffff_ffff });
    }
    address.is_in_any(&PRIVATE)
}

pub(super) fn private(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, is_private)
}

pub(super) fn public(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    // What carriers share is neither.
    address(cx, &input, args, |address| !is_private(address) && !address.is_in_any(&["100.64.0.0/10"]))
}

pub(super) fn reserved(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    address(cx, &input, args, |address| address.is_in_any(&RESERVED))
}

/// Whether the controller finds an address for a name, or a name for an address.
pub(super) fn resolvable(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [] = args.bind(&sig("_resolvable", 1, [], 0))?;
    cx.text(&input)?;
    let Some(host) = input.as_str().filter(|host| !host.is_empty() && !host.contains('\0')) else { return Ok(false) };
    if Address::parse(host).is_none() {
        return Ok((host, 0).to_socket_addrs().is_ok());
    }
    let asked = std::process::Command::new("getent").args(["hosts", host]).output();
    Ok(asked.is_ok_and(|output| output.status.success()))
}

/// In how many of some networks it is.
fn count(cx: &mut Cx<'_>, input: &Obj, args: CallArgs, func: &'static str) -> Result<usize, Raise> {
    let [networks] = args.bind(&sig(func, 1, ["networks"], 1))?;
    let inner = network(cx, input)?;
    let mut found = 0;
    for outer in cx.each(&given(networks))? {
        found += usize::from(within(inner, network(cx, &outer?)?));
    }
    Ok(found)
}

pub(super) fn in_any_network(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    count(cx, &input, args, "_in_any_network").map(|found| found > 0)
}

pub(super) fn in_one_network(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    count(cx, &input, args, "_in_one_network").map(|found| found == 1)
}

pub(super) fn mac(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [] = args.bind(&sig("_mac", 1, [], 0))?;
    let Some(text) = input.as_str() else {
        // Its text is made first, which names what is undefined in it.
        cx.text(&input)?;
        return Err(Raise::type_error(format!("expected string or bytes-like object, got '{}'", plugin_type(&input))));
    };
    let forms = "([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|[0-9a-f]{4}\\.[0-9a-f]{4}\\.[0-9a-f]{4}$|[0-9a-f]{12}$";
    let pattern = Pattern::anchored(forms, Flags { ignore_case: true, ..Flags::default() }, false)?;
    Ok(pattern.search(text, 0)?.is_some())
}
