//! The filters of `ansible.utils` for addresses: `ipaddr` and its family.

mod addresses;
mod hardware;
mod query;
mod subnets;

pub(super) use addresses::{ip4_hex, ipaddr, ipcut, ipmath, ipv4, ipv6, ipv6form, ipwrap};
pub(super) use hardware::{hwaddr, macaddr, slaac};
pub(super) use subnets::{
    cidr_merge, ipsubnet, network_in_network, network_in_usable, next_nth_usable, nthhost, previous_nth_usable,
    reduce_on_network, usable_range,
};

use crate::template::{CallArgs, Cx, Obj, Raise};

/// The arguments of a filter by name; those that are not known are refused in the words of the collection.
///
/// Positional arguments beyond the names are passed over, as there.
fn arguments<const N: usize>(args: CallArgs, names: [&str; N], value: &str) -> Result<[Option<Obj>; N], Raise> {
    let mut out = [const { None }; N];
    for (slot, given) in out.iter_mut().zip(args.positional) {
        *slot = Some(given);
    }
    for (name, given) in args.named {
        match names.iter().position(|known| *known == &*name) {
            Some(at) => out[at] = Some(given),
            None => {
                let mut known: Vec<&str> = names.iter().copied().chain([value]).collect();
                known.sort_unstable();
                return Err(Raise::ansible(format!("['{name}. Supported parameters include: {}.']", known.join(", "))));
            }
        }
    }
    Ok(out)
}

/// A text option.
fn text(cx: &mut Cx<'_>, given: Option<Obj>) -> Result<String, Raise> {
    match given {
        None | Some(Obj::None) => Ok(String::new()),
        Some(given) => cx.text(&given),
    }
}

/// A value as text; bytes are that of it.
pub(in crate::template) fn spelled(cx: &mut Cx<'_>, value: &Obj) -> Result<String, Raise> {
    match value {
        Obj::Bytes(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        other => cx.text(other),
    }
}

/// A whole number, which may be text.
fn number(cx: &mut Cx<'_>, name: &str, given: Option<Obj>) -> Result<Option<i64>, Raise> {
    let given = match given {
        None | Some(Obj::None) => return Ok(None),
        Some(given) => given,
    };
    if let Some(number) = given.as_int().or_else(|| given.as_str().and_then(|text| text.trim().parse().ok())) {
        return Ok(Some(number));
    }
    let (kind, shown) = (given.type_name().to_owned(), cx.repr(&given)?);
    let message = format!(
        "argument '{name}' is of type {kind} and we were unable to convert to int: \"{shown}\" cannot be converted to \
         an int"
    );
    Err(Raise::ansible(format!("[{}]", crate::value::str_repr(&message))))
}
