//! The methods and attributes of Python's types: one sorted table a type.

pub(super) mod dict;
mod list;
mod number;
mod set;
pub(super) mod string;
mod string_more;
pub(super) mod time;

use super::access::Bound;
use super::args::CallArgs;
use super::cx::Cx;
use super::object::Obj;
use super::raise::Raise;
use std::rc::Rc;

type Result<T> = std::result::Result<T, Raise>;

/// A method: the object, then the arguments of the call.
pub(super) type Method = fn(&mut Cx<'_>, &Obj, CallArgs) -> Result<Obj>;

type Table = &'static [(&'static str, Method)];

/// The method or field of a name.
pub(super) fn attribute(obj: &Obj, name: &str) -> Option<Obj> {
    let table: &[Table] = match obj {
        Obj::Str(_) => &[string::METHODS, string_more::METHODS],
        Obj::List(_) => &[list::METHODS],
        Obj::Tuple(_) => &[list::TUPLE],
        Obj::Dict(_) | Obj::Map(_) => &[dict::METHODS],
        Obj::Set(_) => &[set::METHODS],
        Obj::Int(_) | Obj::Big(_) | Obj::Bool(_) | Obj::Float(_) => {
            if let Some(field) = number::field(obj, name) {
                return Some(field);
            }
            match obj {
                Obj::Float(_) => &[number::FLOAT],
                _ => &[number::INT],
            }
        }
        Obj::Bytes(_) => &[string_more::BYTES],
        Obj::Range(range) => match name {
            "start" => return Some(Obj::Int(range.start)),
            "stop" => return Some(Obj::Int(range.stop)),
            "step" => return Some(Obj::Int(range.step)),
            _ => &[list::RANGE],
        },
        Obj::Date(_) | Obj::DateTime(_) | Obj::Delta(_) => {
            if let Some(field) = time::field(obj, name) {
                return Some(field);
            }
            match obj {
                Obj::Delta(_) => &[time::DELTA],
                Obj::Date(_) => &[time::DATE],
                _ => &[time::DATE, time::DATETIME],
            }
        }
        _ => return None,
    };
    table.iter().find_map(|table| {
        let at = table.binary_search_by(|(n, _)| (*n).cmp(name)).ok()?;
        let (name, run) = table.get(at)?;
        Some(Obj::Special(Rc::new(Bound { object: obj.clone(), name, run: *run })))
    })
}

/// A string argument, or Python's complaint.
fn want_str<'o>(obj: &'o Obj, what: &str) -> Result<&'o str> {
    obj.as_str().ok_or_else(|| {
        let kind = if obj.is_none() { "None" } else { obj.type_name() };
        Raise::type_error(format!("{what} must be str, not {kind}"))
    })
}

/// An integer argument, or Python's complaint.
fn want_int(obj: &Obj) -> Result<i64> {
    obj.as_int()
        .ok_or_else(|| Raise::type_error(format!("'{}' object cannot be interpreted as an integer", obj.type_name())))
}

/// The positional arguments of a method that takes `least` to `most`, in the words of CPython's C functions.
fn exact<const N: usize>(args: CallArgs, name: &str, least: usize) -> Result<[Option<Obj>; N]> {
    if !args.named.is_empty() {
        return Err(Raise::type_error(format!("{name}() takes no keyword arguments")));
    }
    let given = args.positional.len();
    if given < least || given > N {
        let s = |n: usize| if n == 1 { "" } else { "s" };
        let short = name.rsplit('.').next().unwrap_or(name);
        let text = match (least, N) {
            (0, 0) => format!("{name}() takes no arguments ({given} given)"),
            (1, 1) => format!("{name}() takes exactly one argument ({given} given)"),
            (a, b) if a == b => format!("{short} expected {a} argument{}, got {given}", s(a)),
            (a, _) if given < a => format!("{short} expected at least {a} argument{}, got {given}", s(a)),
            (_, b) => format!("{short} expected at most {b} argument{}, got {given}", s(b)),
        };
        return Err(Raise::type_error(text));
    }
    let mut items = args.positional.into_iter();
    Ok(std::array::from_fn(|_| items.next()))
}

/// The same of those that take one to three, in the words that these have.
fn searching(args: CallArgs, name: &str) -> Result<[Option<Obj>; 3]> {
    match args.positional.len() {
        0 if args.named.is_empty() => Err(Raise::type_error(format!("{name}() takes at least 1 argument (0 given)"))),
        given if given > 3 => Err(Raise::type_error(format!("{name}() takes at most 3 arguments ({given} given)"))),
        _ => exact(args, name, 1),
    }
}

/// The arguments of a method of CPython's that can be given by name, all of which may be left out.
fn named<const N: usize>(args: CallArgs, name: &str, names: [&str; N]) -> Result<[Option<Obj>; N]> {
    let given = args.positional.len() + args.named.len();
    if given > N {
        let plural = if N == 1 { "" } else { "s" };
        return Err(Raise::type_error(format!("{name}() takes at most {N} argument{plural} ({given} given)")));
    }
    let mut items = args.positional.into_iter();
    let mut bound: [Option<Obj>; N] = std::array::from_fn(|_| items.next());
    for (keyword, value) in args.named {
        let slot = names.iter().position(|known| **known == *keyword).and_then(|at| bound.get_mut(at));
        match slot {
            Some(slot) if slot.is_none() => *slot = Some(value),
            Some(_) => {
                let at = names.iter().position(|known| **known == *keyword).unwrap_or(0) + 1;
                let words = format!("argument for {name}() given by name ('{keyword}') and position ({at})");
                return Err(Raise::type_error(words));
            }
            None => {
                return Err(Raise::type_error(format!("'{keyword}' is an invalid keyword argument for {name}()")));
            }
        }
    }
    Ok(bound)
}

/// Start and stop arguments of `index`, `find` and `count`, clamped to a length.
fn range_of(len: usize, start: &Option<Obj>, stop: &Option<Obj>) -> Result<(usize, usize)> {
    let clamp = |bound: &Option<Obj>, default: usize| -> Result<usize> {
        match bound {
            None | Some(Obj::None) => Ok(default),
            Some(obj) => {
                let at = obj.as_int().ok_or_else(|| {
                    Raise::type_error("slice indices must be integers or None or have an __index__ method")
                })?;
                let at = if at < 0 { (at + len as i64).max(0) } else { at };
                Ok(usize::try_from(at).unwrap_or(usize::MAX).min(len))
            }
        }
    };
    Ok((clamp(start, 0)?, clamp(stop, len)?))
}

#[cfg(test)]
const TABLES: &[Table] = &[
    string::METHODS,
    string_more::METHODS,
    string_more::BYTES,
    list::METHODS,
    list::TUPLE,
    list::RANGE,
    dict::METHODS,
    set::METHODS,
    number::INT,
    number::FLOAT,
    time::DATE,
    time::DATETIME,
    time::DELTA,
];

/// The names of all methods.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|table| table.iter().map(|(name, _)| *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_unique() {
        for table in TABLES {
            assert!(table.windows(2).all(|w| w[0].0 < w[1].0), "{:?}", table.iter().map(|t| t.0).collect::<Vec<_>>());
        }
    }
}
