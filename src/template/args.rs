//! The arguments of a call, and how they meet a signature, with Python's own complaints.

use super::cx::Cx;
use super::object::Obj;
use super::raise::Raise;
use std::sync::Arc;

/// Positional and keyword arguments.
#[derive(Clone, Default)]
pub struct CallArgs {
    /// The positional ones.
    pub positional: Vec<Obj>,
    /// The keyword ones, in order, each name once.
    pub named: Vec<(Arc<str>, Obj)>,
}

/// A signature: the parameters after the input, of which the first `required` have no default.
pub struct Sig<const N: usize> {
    /// The Python function's name, for error texts: `do_join` for jinja2's `join`.
    pub func: &'static str,
    /// How many parameters stand before these in Python's count: the filter's input, `environment`.
    pub before: usize,
    /// The names.
    pub params: [&'static str; N],
    /// How many of them must be given.
    pub required: usize,
}

impl CallArgs {
    /// The same, as a plugin gets them: containers are ansible-core's own ones.
    pub(super) fn wrapped(self) -> Self {
        Self {
            positional: self.positional.into_iter().map(Obj::wrapped).collect(),
            named: self.named.into_iter().map(|(name, value)| (name, value.wrapped())).collect(),
        }
    }

    /// Positional arguments alone.
    pub fn positional(items: impl IntoIterator<Item = Obj>) -> Self {
        Self { positional: items.into_iter().collect(), named: Vec::new() }
    }

    /// Whether there are none at all.
    pub fn is_empty(&self) -> bool {
        self.positional.is_empty() && self.named.is_empty()
    }

    /// Takes a keyword argument out.
    pub fn take(&mut self, name: &str) -> Option<Obj> {
        let at = self.named.iter().position(|(n, _)| &**n == name)?;
        Some(self.named.remove(at).1)
    }

    /// The first undefined or failed argument.
    pub fn first_marker(&self) -> Option<&Obj> {
        self.positional.iter().chain(self.named.iter().map(|(_, v)| v)).find(|v| v.is_marker())
    }

    /// The arguments in the order of a signature; None where one was left out.
    pub fn bind<const N: usize>(self, sig: &Sig<N>) -> Result<[Option<Obj>; N], Raise> {
        let given = self.positional.len();
        if given > N {
            return Err(too_many(sig, given));
        }
        let mut bound: [Option<Obj>; N] = std::array::from_fn(|_| None);
        for (slot, item) in bound.iter_mut().zip(self.positional) {
            *slot = Some(item);
        }
        for (name, value) in self.named {
            let Some(at) = sig.params.iter().position(|p| **p == *name) else {
                return Err(Raise::type_error(format!("{}() got an unexpected keyword argument '{name}'", sig.func)));
            };
            if bound[at].replace(value).is_some() {
                return Err(Raise::type_error(format!("{}() got multiple values for argument '{name}'", sig.func)));
            }
        }
        let missing: Vec<&str> =
            sig.params.iter().zip(&bound).take(sig.required).filter(|(_, b)| b.is_none()).map(|(p, _)| *p).collect();
        if missing.is_empty() { Ok(bound) } else { Err(lacks(sig.func, &missing)) }
    }
}

fn too_many<const N: usize>(sig: &Sig<N>, given: usize) -> Raise {
    takes(sig.func, sig.required + sig.before, N + sig.before, given + sig.before)
}

/// Python's words for more arguments by place than there are places, from `least` to `most` of them.
pub(super) fn takes(func: &str, least: usize, most: usize, given: usize) -> Raise {
    let takes = if least == most { format!("{most}") } else { format!("from {least} to {most}") };
    let plural = if most == 1 && least == most { "" } else { "s" };
    let were = if given == 1 { "was" } else { "were" };
    Raise::type_error(format!("{func}() takes {takes} positional argument{plural} but {given} {were} given"))
}

/// Python's words for arguments that are missing.
pub(super) fn lacks(func: &str, missing: &[&str]) -> Raise {
    let quoted: Vec<String> = missing.iter().map(|m| format!("'{m}'")).collect();
    let names = match quoted.as_slice() {
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [init @ .., last] => format!("{}, and {last}", init.join(", ")),
        [] => String::new(),
    };
    let plural = if missing.len() == 1 { "" } else { "s" };
    Raise::type_error(format!("{func}() missing {} required positional argument{plural}: {names}", missing.len()))
}

/// Reading a bound argument as a type.
pub trait Arg {
    /// Its truth; `default` where it was left out.
    fn truth(&self, cx: &mut Cx<'_>, default: bool) -> Result<bool, Raise>;

    /// An integer; `default` where it was left out. Python's words for other types.
    fn int(&self, default: i64) -> Result<i64, Raise>;

    /// A string as it is; `default` where it was left out; None for any other type.
    fn string<'s>(&'s self, default: &'s str) -> Option<&'s str>;
}

impl Arg for Option<Obj> {
    fn truth(&self, cx: &mut Cx<'_>, default: bool) -> Result<bool, Raise> {
        self.as_ref().map_or(Ok(default), |obj| cx.truthy(obj))
    }

    fn int(&self, default: i64) -> Result<i64, Raise> {
        match self {
            None => Ok(default),
            Some(obj) => obj.as_int().ok_or_else(|| {
                Raise::type_error(format!("'{}' object cannot be interpreted as an integer", obj.type_name()))
            }),
        }
    }

    fn string<'s>(&'s self, default: &'s str) -> Option<&'s str> {
        match self {
            None => Some(default),
            Some(obj) => obj.as_str(),
        }
    }
}
