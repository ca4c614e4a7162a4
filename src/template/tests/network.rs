//! The tests of `ansible.utils` for addresses: `in_network`, `ip`, `private` and others.
//!
//! A network must not have host bits set, as with Python's ipaddress; what is no address or network is none of it.

use crate::re::{Flags, Pattern};
use crate::template::filters::network::spelled;
use crate::template::filters::support::{given, plugin_type, sig};
use crate::template::pylib::network::{Address, Network, Version};
use crate::template::{CallArgs, Cx, Obj, Raise};

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

/// In how many of some networks it is.
fn count(cx: &mut Cx<'_>, input: &Obj, args: CallArgs, func: &'static str) -> Result<usize, Raise> {
    let [networks] = args.bind(&sig(func, 1, ["networks"], 1))?;
    let inner = network(cx, input)?;
    let mut found = 0;
    for outer in cx.iter(&given(networks))? {
        found += usize::from(within(inner, network(cx, &outer)?));
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
