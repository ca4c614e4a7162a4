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
    obj.as_str().ok_or_else(|| Raise::type_error(format!("{what} must be str, not {}", obj.type_name())))
}

/// An integer argument, or Python's complaint.
fn want_int(obj: &Obj) -> Result<i64> {
    obj.as_int()
        .ok_or_else(|| Raise::type_error(format!("'{}' object cannot be interpreted as an integer", obj.type_name())))
}

/// The positional arguments of a method that takes `least` to `most`, in the words of CPython's C functions.
fn exact<const N: usize>(args: CallArgs, name: &str, least: usize) -> Result<[Option<Obj>; N]> {
    if let Some((keyword, _)) = args.named.first() {
        let _ = keyword;
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
