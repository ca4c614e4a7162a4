//! Filters of networks: `ipsubnet`, `nthhost`, `cidr_merge`, `network_in_network`, `usable_range` and others.

use super::query::{Subject, beside};
use super::{arguments, number, spelled, text};
use crate::template::filters::support::{Got, class_of};
use crate::template::pylib::network::{Network, merge, span};
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::str_repr;
use num_bigint::BigInt;

/// The most addresses that `usable_range` lists.
const MOST: u32 = 22;

fn read(cx: &mut Cx<'_>, value: &Obj) -> Result<Option<Network>, Raise> {
    let text = spelled(cx, value)?;
    Ok(Subject::read(&text, None).map(|subject| subject.net))
}

/// A network as the filters about subnets see it: an address in a network is itself, a network is whole.
fn subject(cx: &mut Cx<'_>, value: &Obj) -> Result<Option<(Network, bool)>, Raise> {
    Ok(read(cx, value)?.map(|net| (net, net.host_bits() == 0 || net.value != net.first())))
}

pub(in crate::template::filters) fn ipsubnet(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [query, index] = arguments(args, ["query", "index"], "value")?;
    // Arguments become what they are to be in their order, the value first.
    spelled(cx, &input)?;
    let (query, index) = (text(cx, query)?, number(cx, "index", index)?);
    let Some(net) = read(cx, &input)? else { return Ok(false.into()) };
    let net = net.cidr();
    if query.is_empty() {
        return Ok(net.to_string().into());
    }
    let width = net.version.width();
    if !query.chars().all(|c| c.is_ascii_digit()) {
        return place(&net, &query);
    }
    let Some(size) = query.parse::<u32>().ok().filter(|size| *size <= width) else { return Ok(false.into()) };
    if net.host_bits() == 0 {
        let above = net.supernets(size);
        let at = index.unwrap_or(0);
        if index.is_some() && (at > i64::from(width) + 1 - at || at < i64::from(size) - i64::from(width)) {
            return Ok(false.into());
        }
        let at = if at < 0 { at + above.len() as i64 } else { at };
        let found = usize::try_from(at).ok().and_then(|at| above.get(at));
        return found
            .map(|net| net.to_string().into())
            .ok_or_else(|| Raise::python(Class::Index, "list index out of range"));
    }
    match (index, size.checked_sub(net.prefix)) {
        (None, None) => Err(Raise::ansible(format!("Requested subnet size of {size} is invalid"))),
        (None, Some(bits)) => Ok((BigInt::from(1) << bits).to_string().into()),
        // A network around it, of which the first is its own address.
        (Some(0), None) => Ok(Network { prefix: size, ..net }.to_string().into()),
        (Some(_), None) => Ok(false.into()),
        (Some(index), Some(bits)) => {
            let count = BigInt::from(1) << bits;
            let index = if index < 0 { BigInt::from(index) + &count } else { BigInt::from(index) };
            let Some(index) = u128::try_from(&index).ok().filter(|_| index < count) else { return Ok(false.into()) };
            let address = beside(net.value + index.checked_shl(width - size).unwrap_or(0), 0)?;
            match size <= address.version.width() {
                true => Ok(format!("{address}/{size}").into()),
                false => Err(Raise::ansible(format!("invalid IPNetwork {address}/{size}"))),
            }
        }
    }
}

/// The place of a network within another, counted from 1.
fn place(net: &Network, query: &str) -> Got {
    let Some(around) = Subject::read(query, None).map(|subject| subject.net) else {
        return Err(Raise::ansible(format!("You must pass a valid subnet or IP address; {query} is invalid")));
    };
    let around = if around.value == around.first() { around.cidr() } else { around };
    let shift =
        |value: u128| value.checked_shr(net.version.width() - around.prefix.min(net.version.width())).unwrap_or(0);
    // An IPv6 network may be asked for its place in an IPv4 one: both are but numbers there.
    if around.prefix > net.version.width() {
        return Err(Raise::value_error("negative shift count"));
    }
    if shift(net.value) != shift(around.value) {
        return Err(Raise::ansible(format!("{net} is not in the subnet {}", around.cidr())));
    }
    if net.prefix < around.prefix {
        return Err(Raise::type_error("unsupported operand type(s) for <<: 'float' and 'int'"));
    }
    let bits = net.prefix.saturating_sub(around.prefix);
    let mask = if bits >= 128 { u128::MAX } else { (1u128 << bits) - 1 };
    let at = net.value.checked_shr(net.host_bits()).unwrap_or(0) & mask;
    Ok((BigInt::from(at) + 1u8).to_string().into())
}

pub(in crate::template::filters) fn nthhost(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [query] = arguments(args, ["query"], "value")?;
    let query = text(cx, query)?;
    let Some(net) = read(cx, &input)? else { return Ok(false.into()) };
    let Ok(nth) = query.trim().parse::<i128>() else { return Ok(false.into()) };
    match net.nth(nth) {
        Some(address) => Ok(address.to_string().into()),
        None if nth < 0 => Err(Raise::python(Class::Index, "index out range for address range size!")),
        None => Ok(false.into()),
    }
}

fn moved(cx: &mut Cx<'_>, input: &Obj, args: CallArgs, sign: i128) -> Got {
    let [offset] = arguments(args, ["offset"], "value")?;
    // The value is made text before the offset is looked at, which names what is undefined in it.
    cx.text(input)?;
    let offset = number(cx, "offset", offset)?;
    let Some((net, _)) = subject(cx, input)? else { return Ok(false.into()) };
    let Some(offset) = offset else { return Err(Raise::ansible("Must pass in an integer")) };
    if net.host_bits() == 0 {
        return Ok(Obj::None);
    }
    let (first, last) = net.usable();
    let found = beside(net.value, sign * i128::from(offset))?;
    Ok(if (first..=last).contains(&found.value) { found.to_string().into() } else { Obj::None })
}

pub(in crate::template::filters) fn next_nth_usable(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    moved(cx, &input, args, 1)
}

pub(in crate::template::filters) fn previous_nth_usable(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    moved(cx, &input, args, -1)
}

pub(in crate::template::filters) fn cidr_merge(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [action] = arguments(args, ["action"], "value")?;
    let action = match action {
        None | Some(Obj::None) => "merge".to_owned(),
        Some(action) => cx.text(&action)?,
    };
    let items = listed(cx, &input)?;
    if action != "merge" && action != "span" {
        return Err(Raise::ansible(format!("cidr_merge: invalid action '{action}'")));
    }
    let mut nets = Vec::new();
    for item in &items {
        let text = spelled(cx, item)?;
        let invalid = || Raise::ansible(format!("cidr_merge: error in netaddr:\ninvalid IPNetwork {text}"));
        nets.push(Network::parse(&text).ok_or_else(invalid)?);
    }
    if action == "merge" {
        return Ok(Obj::list(merge(&nets).iter().map(|net| net.to_string().into())));
    }
    Ok(match nets.as_slice() {
        [] => Obj::None,
        [one] => one.to_string().into(),
        [first, rest @ ..] if rest.iter().any(|net| net.version != first.version) => {
            let text = "cidr_merge: error in netaddr:\nIP sequence cannot contain both IPv4 and IPv6!";
            return Err(Raise::ansible(text));
        }
        many => span(many).map_or(Obj::None, |net| net.to_string().into()),
    })
}

/// First and last address, compared as numbers whatever the version, as the collection does.
fn ends(net: &Network) -> (u128, u128) {
    (net.first(), net.last())
}

/// What a value means where a network is asked for; an address in a network stands for that network.
fn normal(cx: &mut Cx<'_>, value: Option<Obj>) -> Result<Option<Network>, Raise> {
    match value {
        Some(value) => read(cx, &value),
        None => Ok(None),
    }
}

pub(in crate::template::filters) fn network_in_network(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [test] = arguments(args, ["test"], "value")?;
    let (outer, inner) = (normal(cx, Some(input))?, normal(cx, test)?);
    let ((first, last), (from, to)) = (span_of(outer.as_ref()), span_of(inner.as_ref()));
    Ok((first <= from && to <= last).into())
}

/// The first and last address; what is none is False, which is 0 to Python.
fn span_of(net: Option<&Network>) -> (u128, u128) {
    net.map_or((0, 0), ends)
}

/// The items of what may be a list, or text with commas.
fn listed(cx: &mut Cx<'_>, input: &Obj) -> Result<Vec<Obj>, Raise> {
    Ok(match input {
        Obj::List(_) | Obj::Iter(_) => {
            let mut texts = Vec::new();
            for item in cx.each(input)? {
                let item = item?;
                texts.push(if item.is_none() { "".into() } else { Obj::from(spelled(cx, &item)?) });
            }
            texts
        }
        Obj::Str(text) => text.as_str().split(',').map(Obj::str).collect(),
        Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) | Obj::Float(_) => vec![cx.text(input)?.into()],
        _ => {
            let (kind, class) = (input.native_name(), class_of(input));
            let text = format!(
                "argument 'value' is of type {kind} and we were unable to convert to list: {class} cannot be converted \
                 to a list"
            );
            return Err(Raise::ansible(format!("[{}]", str_repr(&text))));
        }
    })
}

pub(in crate::template::filters) fn network_in_usable(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [test] = arguments(args, ["test"], "value")?;
    let (outer, inner) = (normal(cx, Some(input))?, normal(cx, test)?);
    let (first, last) = match &outer {
        Some(outer) if outer.host_bits() > 0 => outer.usable(),
        outer => span_of(outer.as_ref()),
    };
    let (from, to) = span_of(inner.as_ref());
    Ok((first <= from && to <= last).into())
}

pub(in crate::template::filters) fn reduce_on_network(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [network] = arguments(args, ["network"], "value")?;
    let outer = normal(cx, network)?;
    let (first, last) = span_of(outer.as_ref());
    let mut out = Vec::new();
    for item in listed(cx, &input)? {
        let (from, to) = span_of(read(cx, &item)?.as_ref());
        if first <= from && to <= last {
            out.push(item);
        }
    }
    Ok(Obj::list(out))
}

pub(in crate::template::filters) fn usable_range(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [] = arguments(args, [], "ip")?;
    let value = spelled(cx, &input)?;
    let failed = |why: String| Raise::ansible(format!("Error while using plugin 'usable_range': {why}"));
    if !matches!(input, Obj::Str(_) | Obj::Bytes(_)) {
        return Err(failed(format!("not expecting type '{}'", class_of(&input))));
    }
    let Some(net) = Network::parse(&value) else {
        let shown = if let Obj::Str(_) = input { cx.repr(&input)? } else { str_repr(&value) };
        return Err(failed(format!("{shown} does not appear to be an IPv4 or IPv6 network")));
    };
    if net.value != net.first() {
        return Err(failed(format!("{value} has host bits set")));
    }
    if net.host_bits() > MOST {
        return Err(failed(format!("{value} has too many addresses to list")));
    }
    let addresses = (net.first()..=net.last()).map(|value| Obj::from(net.at(value).to_string()));
    let count = Obj::big(BigInt::from(net.size()));
    Ok(Obj::dict([("usable_ips".into(), Obj::list(addresses)), ("number_of_ips".into(), count)]))
}
