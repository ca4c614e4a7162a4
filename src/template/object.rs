//! What a template computes with: Python's objects, as far as a template can tell.
//!
//! Containers are shared and mutable (`{% set a = l %}{{ a.append(2) }}{{ l }}` shows the change),
//! unlike [`Value`]. A container made of a variable holds its items unrendered ([`Obj::Pending`])
//! until they are used; [`Cx`](super::Cx) renders them, and nothing but it sees a pending item.

use super::args::CallArgs;
use super::cx::Cx;
use super::held::{Fixed, Lazy, Shared};
use super::pylib::text::is_space;
use super::raise::{Missing, Raise, Undefined};
use crate::diag::Error;
use crate::value::{Date, DateTime, Text, Value};
use indexmap::{Equivalent, IndexMap, IndexSet};
use num_bigint::BigInt;
use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

/// A shared mutable list.
pub type List = Rc<Shared<Vec<Obj>>>;
/// A shared mutable dictionary in insertion order.
pub type DictCell = Rc<Shared<IndexMap<Obj, Obj>>>;
/// A shared mutable set; it keeps its order, where Python's has none.
pub type SetCell = Rc<Shared<IndexSet<Obj>>>;
/// An iterator that is consumed by reading it.
pub type IterCell = Rc<RefCell<dyn Stream>>;

/// An object of a running template. Cloning shares it.
#[derive(Clone, Default)]
pub enum Obj {
    /// None.
    #[default]
    None,
    /// True or False.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// An integer that needs more; never one that does not.
    Big(Arc<BigInt>),
    /// A floating point number.
    Float(f64),
    /// A string. One that came unchanged from a variable keeps its trust and origin.
    Str(Text),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A date.
    Date(Date),
    /// A date with a time.
    DateTime(DateTime),
    /// The difference of two times.
    Delta(Delta),
    /// A list.
    List(List),
    /// A tuple.
    Tuple(Rc<Fixed>),
    /// A dictionary.
    Dict(DictCell),
    /// A set.
    Set(SetCell),
    /// `range(…)`, which is never built as a list.
    Range(Range),
    /// An iterator or generator.
    Iter(IterCell),
    /// A mapping that is read item by item: `hostvars`, `vars`.
    Map(Rc<LazyMap>),
    /// A function, method, macro, namespace, loop, imported template, …
    Special(Rc<dyn Special>),
    /// What does not exist: fails when it is used or printed, with its own error text.
    Undefined(Rc<Undefined>),
    /// An error that was put off until its result is used: a variable whose text cannot be rendered.
    Failed(Rc<Error>),
    /// `omit`.
    Omit,
    /// An item of a variable's container that is not rendered yet; only [`Cx`](super::Cx) meets it.
    Pending(Rc<Pending>),
}

/// A value of a variable with the scope that its templates belong to.
pub struct Pending {
    pub(super) value: Value,
    pub(super) scope: usize,
}

/// A mapping of the scope, such as `hostvars`.
pub struct LazyMap {
    pub(super) map: Arc<dyn super::VarMap>,
    pub(super) scope: usize,
}

/// The difference of two times, as Python's timedelta.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Delta {
    /// All of it in microseconds.
    pub micros: i64,
}

/// `range(start, stop, step)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Range {
    /// The first number.
    pub start: i64,
    /// Where it ends, exclusive.
    pub stop: i64,
    /// The step, never 0.
    pub step: i64,
}

impl Range {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        let (start, stop, step) = (i128::from(self.start), i128::from(self.stop), i128::from(self.step));
        let count = if step > 0 { (stop - start + step - 1) / step } else { (start - stop - step - 1) / -step };
        usize::try_from(count.max(0)).unwrap_or(usize::MAX)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at a place that exists.
    pub fn at(&self, index: usize) -> i64 {
        self.start.wrapping_add(self.step.wrapping_mul(index as i64))
    }
}

/// The source of an iterator.
pub trait Stream {
    /// The next item.
    fn next(&mut self, cx: &mut Cx<'_>) -> Result<Option<Obj>, Raise>;

    /// The Python type's name.
    fn type_name(&self) -> &'static str {
        "generator"
    }
}

impl Stream for std::vec::IntoIter<Obj> {
    fn next(&mut self, _: &mut Cx<'_>) -> Result<Option<Obj>, Raise> {
        Ok(Iterator::next(self))
    }
}

/// An object with a behaviour of its own: functions, methods, macros, `loop`, `namespace`, …
pub trait Special: std::any::Any {
    /// The Python type's name, as error texts give it.
    fn type_name(&self) -> &str;

    /// An attribute.
    fn attr(&self, _cx: &mut Cx<'_>, _name: &str) -> Result<Option<Obj>, Raise> {
        Ok(None)
    }

    /// `{% set x.name = … %}`; false where it has no such attribute.
    fn set_attr(&self, _name: &str, _value: Obj) -> bool {
        false
    }

    /// An item by its key.
    fn item(&self, _cx: &mut Cx<'_>, _key: &Obj) -> Result<Option<Obj>, Raise> {
        Ok(None)
    }

    /// Whether it can be called.
    fn callable(&self) -> bool {
        false
    }

    /// Calls it.
    fn call(&self, _cx: &mut Cx<'_>, _args: CallArgs) -> Result<Obj, Raise> {
        Err(Raise::type_error(format!("'{}' object is not callable", self.type_name())))
    }

    /// Whether it reads undefined arguments itself, instead of being skipped for them.
    fn takes_undefined(&self) -> bool {
        false
    }

    /// Its items, where it can be iterated.
    fn iter(&self, _cx: &mut Cx<'_>) -> Option<Result<Obj, Raise>> {
        None
    }

    /// `len(x)`.
    fn len(&self, _cx: &mut Cx<'_>) -> Option<Result<usize, Raise>> {
        None
    }

    /// Python's `bool(x)`.
    fn truthy(&self) -> bool {
        true
    }

    /// What its text shows beside the name of its type.
    fn shown(&self) -> Option<Obj> {
        None
    }

    /// Python's `str(x)`, where it shows nothing else.
    fn text(&self) -> String {
        format!("<{} object at {}>", self.type_name(), place(self))
    }
}

/// Where a thing lies in memory, as long as CPython has it.
pub(super) fn place<T: ?Sized>(of: &T) -> String {
    format!("0x7f{:010x}", std::ptr::from_ref(of).addr() & 0xff_ffff_ffff)
}

impl Obj {
    /// A string that is data.
    pub fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Str(Text::data(text))
    }

    /// A new list.
    pub fn list(items: impl IntoIterator<Item = Obj>) -> Self {
        Self::List(Rc::new(Shared::new(items.into_iter().collect())))
    }

    /// A tuple.
    pub fn tuple(items: impl IntoIterator<Item = Obj>) -> Self {
        Self::Tuple(Rc::new(Fixed::new(items.into_iter().collect())))
    }

    /// A new dictionary. The keys must be hashable (see [`Obj::check_hashable`]).
    pub fn dict(items: impl IntoIterator<Item = (Obj, Obj)>) -> Self {
        Self::Dict(Rc::new(Shared::new(items.into_iter().collect())))
    }

    /// A new set. The items must be hashable.
    pub fn set(items: impl IntoIterator<Item = Obj>) -> Self {
        Self::Set(Rc::new(Shared::new(items.into_iter().collect())))
    }

    /// An iterator over objects.
    pub fn iter(items: impl IntoIterator<Item = Obj>) -> Self {
        Self::Iter(Rc::new(RefCell::new(items.into_iter().collect::<Vec<_>>().into_iter())))
    }

    /// An integer of any size, in the smallest form.
    pub fn big(number: BigInt) -> Self {
        match i64::try_from(&number) {
            Ok(small) => Self::Int(small),
            Err(_) => Self::Big(Arc::new(number)),
        }
    }

    /// Data as an object: all of it at once, and no string of it is rendered.
    pub fn data(value: &Value) -> Self {
        match value {
            Value::List(items) => Self::list(items.iter().map(Self::data)),
            Value::Dict(dict) => Self::dict(dict.iter().map(|(k, v)| (Self::data(k), Self::data(v)))),
            Value::Str(text) | Value::Vault(text) if text.is_trusted() => Self::Str(text.untrusted()),
            scalar => Self::scalar(scalar).unwrap_or_default(),
        }
    }

    /// A value that is no container, as it is.
    pub(super) fn scalar(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::None,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::BigInt(b) => Self::Big(b.clone()),
            Value::Float(f) => Self::Float(*f),
            Value::Str(text) | Value::Vault(text) => Self::Str(text.clone()),
            Value::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Value::Date(d) => Self::Date(*d),
            Value::DateTime(t) => Self::DateTime(*t),
            Value::Time(t) => super::methods::time::of_day(*t),
            Value::List(_) | Value::Dict(_) => return None,
        })
    }

    /// An undefined with an error text of its own.
    pub fn undefined(hint: impl Into<String>) -> Self {
        Self::Undefined(Rc::new(Undefined::hint(hint)))
    }

    /// The string, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The text as HTML: escaped, unless it is that already.
    pub(super) fn as_markup(text: &Text) -> String {
        if text.is_markup() { text.as_str().to_owned() } else { super::filters::markup::escaped(text.as_str()) }
    }

    /// Itself as HTML, where the other text is.
    pub(super) fn like(self, other: &Text) -> Self {
        match self {
            Self::Str(text) if other.is_markup() && !text.is_markup() => Self::Str(Text::markup(text.shared())),
            kept => kept,
        }
    }

    /// Itself as HTML, where what it was made of is.
    pub(super) fn kept(self, input: &Self) -> Self {
        match input {
            Self::Str(text) => self.like(text),
            _ => self,
        }
    }

    /// Whether it is what `namespace(…)` gives.
    pub(super) fn is_namespace(&self) -> bool {
        matches!(self, Self::Special(special) if special.type_name() == "Namespace")
    }

    /// The integer, where it is one that fits; True is 1 as in Python.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            Self::Bool(b) => Some(i64::from(*b)),
            _ => None,
        }
    }

    /// Whether it is None.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether it is undefined or a put-off error: using it fails.
    pub fn is_marker(&self) -> bool {
        match self {
            Self::Undefined(u) => !matches!(u.what, Missing::Else(_)),
            Self::Failed(_) => true,
            _ => false,
        }
    }

    /// Itself, or the error that using it means.
    pub fn defined(self) -> Result<Self, Raise> {
        match self {
            Self::Undefined(u) if !matches!(u.what, Missing::Else(_)) => Err(Raise::Undefined(u)),
            Self::Failed(error) => Err(Raise::Failed(error)),
            other => Ok(other),
        }
    }

    /// The name of the Python type, as error texts give it: that of ansible-core's own class where it is one.
    pub fn type_name(&self) -> &str {
        match self {
            Self::List(list) if list.is_lazy() => "_AnsibleLazyTemplateList",
            Self::Dict(dict) if dict.is_lazy() => "_AnsibleLazyTemplateDict",
            Self::Tuple(items) if items.is_group() => "GroupTuple",
            Self::Tuple(items) if items.is_lazy() => "_AnsibleLazyAccessTuple",
            Self::Str(text) if text.is_markup() => "Markup",
            Self::Str(text) if text.is_tagged() => "_AnsibleTaggedStr",
            other => other.native_name(),
        }
    }

    /// The same with its module, as Python's operators give it.
    pub(super) fn full_name(&self) -> String {
        match self {
            Self::Date(_) | Self::DateTime(_) | Self::Delta(_) => format!("datetime.{}", self.type_name()),
            Self::Special(special) if super::methods::time::clock(special).is_some() => "datetime.time".into(),
            _ => self.type_name().to_owned(),
        }
    }

    /// Itself, as ansible-core's own container where it is one.
    pub(super) fn lazy(self) -> Self {
        self.made_lazy(Lazy::Variable)
    }

    /// The same of what a plugin or a function gave.
    pub(super) fn result(self) -> Self {
        self.made_lazy(Lazy::Result)
    }

    /// The same as the container that it is from.
    pub(super) fn made_lazy(self, lazy: Lazy) -> Self {
        match &self {
            Self::List(list) => list.make_lazy(lazy),
            Self::Dict(dict) => dict.make_lazy(lazy),
            Self::Tuple(_) => return self.wrapped(),
            _ => {}
        }
        self
    }

    /// The same as what a plugin or a function gets: containers are ansible-core's own ones.
    pub(super) fn wrapped(self) -> Self {
        self.copied(Lazy::Variable)
    }

    /// A container that a template wrote as one of ansible-core's own, which is another one; anything else as it is.
    pub(super) fn copied(self, lazy: Lazy) -> Self {
        match &self {
            Self::List(list) if !list.is_lazy() => Self::list(list.borrow().iter().cloned()).made_lazy(lazy),
            Self::Dict(dict) if !dict.is_lazy() => {
                Self::dict(dict.borrow().iter().map(|(key, value)| (key.clone(), value.clone()))).made_lazy(lazy)
            }
            Self::Tuple(items) if !items.is_lazy() && !items.is_group() => {
                Self::Tuple(Rc::new(Fixed::lazy(items.to_vec())))
            }
            _ => self,
        }
    }

    /// A text without the blanks around it; anything else as it is.
    pub(super) fn stripped(self) -> Self {
        match self.as_str().map(|text| (text.len(), text.trim_matches(is_space))) {
            Some((before, text)) if text.len() < before => Self::str(text),
            _ => self,
        }
    }

    /// Whether it is one of ansible-core's own containers.
    pub(super) fn is_lazy(&self) -> bool {
        match self {
            Self::List(list) => list.is_lazy(),
            Self::Dict(dict) => dict.is_lazy(),
            Self::Map(_) => true,
            Self::Tuple(items) => items.is_lazy(),
            _ => false,
        }
    }

    /// What an item of a container is: one of ansible-core's own containers where that is one.
    pub(super) fn within(self, container: &Self) -> Self {
        let lazy = match container {
            Self::List(list) => list.lazy(),
            Self::Dict(dict) => dict.lazy(),
            other => other.is_lazy().then_some(Lazy::Variable),
        };
        match lazy {
            Some(lazy) => self.made_lazy(lazy),
            None => self,
        }
    }

    /// The name of Python's own type.
    pub fn native_name(&self) -> &str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Big(_) => "int",
            Self::Float(_) => "float",
            Self::Str(text) if text.is_markup() => "Markup",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::Date(_) => "date",
            Self::DateTime(_) => "datetime",
            Self::Delta(_) => "timedelta",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::Set(_) => "set",
            Self::Range(_) => "range",
            Self::Iter(stream) => stream.try_borrow().map_or("generator", |s| s.type_name()),
            Self::Map(lazy) => lazy.map.type_name(),
            Self::Special(special) => special.type_name(),
            Self::Undefined(_) | Self::Failed(_) => "Undefined",
            Self::Omit => "_OmitType",
            Self::Pending(pending) => pending.value.type_name(),
        }
    }

    /// Fails with Python's words where it cannot be a dictionary's key or a set's item.
    pub fn check_hashable(&self) -> Result<(), Raise> {
        self.hashable_within(&mut 0, 0)
    }

    /// The same for an item of a tuple, of which there are neither too many nor too deep ones.
    fn hashable_within(&self, count: &mut usize, depth: usize) -> Result<(), Raise> {
        match self {
            Self::Tuple(items) => {
                *count += items.len();
                if depth > super::cx::DEPTH || *count > super::bounds::MOST_ITEMS {
                    return Err(Raise::python(super::raise::Class::Recursion, "maximum recursion depth exceeded"));
                }
                items.iter().try_for_each(|item| item.hashable_within(count, depth + 1))
            }
            Self::List(_) | Self::Dict(_) | Self::Set(_) | Self::Map(_) => {
                Err(Raise::type_error(format!("unhashable type: '{}'", self.type_name())))
            }
            other => other.clone().defined().map(|_| ()),
        }
    }

    /// The number as a float; None for what is no number. Big integers may become infinite.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Bool(b) => Some(f64::from(u8::from(*b))),
            Self::Int(i) => Some(*i as f64),
            Self::Big(b) => Some(big_to_float(b)),
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The integer of any size; None for what is none.
    pub fn as_big(&self) -> Option<BigInt> {
        match self {
            Self::Big(b) => Some((**b).clone()),
            other => other.as_int().map(BigInt::from),
        }
    }
}

/// The nearest float; infinite beyond the range of floats.
pub(super) fn big_to_float(big: &BigInt) -> f64 {
    big.to_string().parse().unwrap_or(f64::NAN)
}

impl PartialEq for Obj {
    /// Python's `==` for what can be a key: scalars and tuples; other containers by identity.
    ///
    /// For all types, use [`Cx::equals`](super::Cx::equals).
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) | (Self::Omit, Self::Omit) => true,
            (Self::Undefined(a), Self::Undefined(b)) => {
                matches!((&a.what, &b.what), (Missing::Else(_), Missing::Else(_)))
            }
            (Self::Str(a), Self::Str(b)) => a.as_str() == b.as_str(),
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Big(a), Self::Big(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::DateTime(a), Self::DateTime(b)) => a == b,
            (Self::Delta(a), Self::Delta(b)) => a == b,
            (Self::Range(a), Self::Range(b)) => a == b,
            (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::List(a), Self::List(b)) => Rc::ptr_eq(a, b),
            (Self::Dict(a), Self::Dict(b)) => Rc::ptr_eq(a, b),
            (Self::Set(a), Self::Set(b)) => Rc::ptr_eq(a, b),
            (Self::Map(a), Self::Map(b)) => Rc::ptr_eq(a, b),
            (Self::Special(a), Self::Special(b)) => Rc::ptr_eq(a, b),
            (Self::Iter(a), Self::Iter(b)) => Rc::ptr_eq(a, b),
            (a, b) => matches!((a.as_number(), b.as_number()), (Some(x), Some(y)) if x == y),
        }
    }
}

impl Eq for Obj {}

impl Hash for Obj {
    /// Consistent with `==`; a string hashes as `str` does.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Str(text) => text.as_str().hash(state),
            Self::Bool(b) => i64::from(*b).hash(state),
            Self::Int(i) => i.hash(state),
            Self::Float(f) if f.fract() == 0.0 && f.abs() < 9e18 => (*f as i64).hash(state),
            Self::Float(f) => f.to_bits().hash(state),
            Self::Big(b) => big_to_float(b).to_bits().hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            Self::Date(d) => d.hash(state),
            Self::DateTime(t) => t.hash(state),
            Self::Delta(d) => d.hash(state),
            Self::Tuple(items) => items.hash(state),
            Self::Range(r) => r.hash(state),
            other => std::mem::discriminant(other).hash(state),
        }
    }
}

impl Equivalent<Obj> for str {
    fn equivalent(&self, key: &Obj) -> bool {
        matches!(key, Obj::Str(text) if text.as_str() == self)
    }
}

macro_rules! from {
    ($($type:ty => |$x:ident| $make:expr;)*) => {
        $(impl From<$type> for Obj {
            fn from($x: $type) -> Self {
                $make
            }
        })*
    };
}

from! {
    bool => |x| Self::Bool(x);
    i32 => |x| Self::Int(i64::from(x));
    u32 => |x| Self::Int(i64::from(x));
    i64 => |x| Self::Int(x);
    usize => |x| i64::try_from(x).map_or_else(|_| Self::Big(Arc::new(BigInt::from(x))), Self::Int);
    f64 => |x| Self::Float(x);
    &str => |x| Self::str(x);
    String => |x| Self::str(x);
    Arc<str> => |x| Self::str(x);
    Text => |x| Self::Str(x);
    Vec<Obj> => |x| Self::list(x);
    &Value => |x| Self::data(x);
    Value => |x| Self::data(&x);
}
