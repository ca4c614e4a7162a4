//! Python's operators with Python's complaints.

use super::bounds::{MOST_BYTES, list_fits, text_fits};
use super::cx::Cx;
use super::dates;
use super::ir::Op;
use super::object::{Delta, List, Obj, big_to_float};
use super::raise::{Class, Raise};
use crate::value::Text;
use num_bigint::{BigInt, Sign};

/// No integer has more bits.
const MOST_BITS: u64 = 1 << 22;

type Result<T> = std::result::Result<T, Raise>;

impl Op {
    fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::FloorDiv => "//",
            Self::Mod => "%",
            Self::Pow => "** or pow()",
        }
    }
}

impl Cx<'_> {
    /// `a op b`
    pub(super) fn binary(&mut self, op: Op, a: &Obj, b: &Obj) -> Result<Obj> {
        if let (Obj::Int(x), Obj::Int(y)) = (a, b) {
            let small = match op {
                Op::Add => x.checked_add(*y),
                Op::Sub => x.checked_sub(*y),
                Op::Mul => x.checked_mul(*y),
                _ => None,
            };
            if let Some(small) = small {
                return Ok(Obj::Int(small));
            }
        }
        if a.is_marker() {
            a.clone().defined()?;
        }
        if let Obj::Undefined(u) = a {
            // Python asks a marker first, whose class is the narrower one.
            if b.is_marker() {
                b.clone().defined()?;
            }
            return Err(u.used());
        }
        if op == Op::Mod
            && let Obj::Str(text) = a
        {
            if text.is_markup() {
                return self.html_format(text.as_str(), b).map(|made| Obj::Str(Text::markup(made)));
            }
            return self.percent_format(text.as_str(), b).map(Obj::from);
        }
        if let (Op::Mod, Obj::Bytes(bytes)) = (op, a)
            && !bytes.contains(&b'%')
            && !matches!(b, Obj::Tuple(items) if items.is_empty())
            && !matches!(b, Obj::Dict(_) | Obj::Map(_) | Obj::List(_))
        {
            return Err(Raise::type_error("not all arguments converted during bytes formatting"));
        }
        if op == Op::Add
            && let Obj::List(list) = a
            && list.is_lazy()
        {
            // ansible-core's own lists have an addition in Python, which looks at the other side first.
            return self.concatenated(list, b);
        }
        if op == Op::Mul && multiplies(a) {
            return repeat(a, b);
        }
        if b.is_marker() {
            b.clone().defined()?;
        }
        if let Obj::Undefined(u) = b {
            return Err(u.used());
        }
        if let (Op::Add, Obj::List(list)) = (op, b)
            && list.is_lazy()
        {
            return self.added_to(a, b);
        }
        if let Some(result) = integers(op, a, b) {
            return result;
        }
        if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
            return floats(op, x, y).map(Obj::Float);
        }
        match op {
            Op::Add => self.add(a, b),
            Op::Mul => repeat(a, b),
            Op::Sub => difference(a, b),
            _ => delta_ratio(op, a, b).unwrap_or_else(|| Err(unsupported(op, a, b))),
        }
    }

    /// The sum of two lists, of which one is ansible-core's own: so is what comes of it, unless a variable's list and
    /// a plugin's meet, which are read whole for a list of Python's.
    fn concatenated(&mut self, list: &List, b: &Obj) -> Result<Obj> {
        let a = Obj::List(list.clone());
        let Obj::List(other) = b else {
            let kind = slot_type(b);
            return Err(Raise::type_error(format!("can only concatenate list (not \"{kind}\") to list")));
        };
        list_fits(list.borrow().len().saturating_add(other.borrow().len()))?;
        if let (Some(first), Some(second)) = (list.lazy(), other.lazy())
            && first != second
        {
            let items = self.iter_lenient(&a)?.into_iter().chain(self.iter_lenient(b)?);
            return Ok(Obj::list(items));
        }
        let items: Vec<Obj> = list.borrow().iter().chain(other.borrow().iter()).cloned().collect();
        Ok(Obj::list(items).within(if list.is_lazy() { &a } else { b }))
    }

    /// `a + list` of one of ansible-core's own lists, which takes what the other side's addition gives for a list.
    fn added_to(&mut self, a: &Obj, b: &Obj) -> Result<Obj> {
        match a {
            Obj::List(first) => self.concatenated(first, b),
            Obj::Str(text) if text.is_markup() => Err(Raise::type_error("'NotImplementedType' object is not iterable")),
            Obj::Str(_) | Obj::Tuple(_) => {
                let (kind, other) = (a.native_name(), slot_type(b));
                Err(Raise::type_error(format!("can only concatenate {kind} (not \"{other}\") to {kind}")))
            }
            Obj::Bytes(_) => Err(Raise::type_error(format!("can't concat {} to bytes", slot_type(b)))),
            Obj::Bool(_)
            | Obj::Int(_)
            | Obj::Big(_)
            | Obj::Float(_)
            | Obj::Date(_)
            | Obj::DateTime(_)
            | Obj::Delta(_) => Err(Raise::type_error("'NotImplementedType' object is not iterable")),
            _ => Err(unsupported(Op::Add, a, b)),
        }
    }

    fn add(&mut self, a: &Obj, b: &Obj) -> Result<Obj> {
        Ok(match (a, b) {
            (Obj::Str(x), Obj::Str(y)) if x.is_markup() || y.is_markup() => {
                let (x, y) = (Obj::as_markup(x), Obj::as_markup(y));
                text_fits(x.len().saturating_add(y.len()))?;
                Obj::Str(Text::markup(x + &y))
            }
            // HTML says nothing to what is no text.
            (Obj::Str(x), _) if x.is_markup() => return Err(unsupported(Op::Add, a, b)),
            (Obj::Str(x), Obj::Str(y)) => {
                text_fits(x.as_str().len().saturating_add(y.as_str().len()))?;
                Obj::from(format!("{}{}", x.as_str(), y.as_str()))
            }
            (Obj::List(x), Obj::List(y)) => {
                list_fits(x.borrow().len().saturating_add(y.borrow().len()))?;
                let mut items = x.borrow().clone();
                items.extend(y.borrow().iter().cloned());
                Obj::list(items)
            }
            (Obj::Tuple(x), Obj::Tuple(y)) => {
                list_fits(x.len().saturating_add(y.len()))?;
                Obj::tuple(x.iter().chain(y.iter()).cloned())
            }
            (Obj::Bytes(x), Obj::Bytes(y)) => {
                text_fits(x.len().saturating_add(y.len()))?;
                Obj::Bytes([&x[..], &y[..]].concat().into())
            }
            (Obj::Delta(x), Obj::Delta(y)) => Obj::Delta(Delta { micros: x.micros.saturating_add(y.micros) }),
            (Obj::DateTime(t), Obj::Delta(d)) | (Obj::Delta(d), Obj::DateTime(t)) => {
                Obj::DateTime(dates::add(t, *d).ok_or_else(out_of_range)?)
            }
            (Obj::Date(t), Obj::Delta(d)) | (Obj::Delta(d), Obj::Date(t)) => {
                Obj::Date(dates::from_days(dates::days(t).saturating_add(d.parts().0)))
            }
            (Obj::Bytes(_), _) => {
                return Err(Raise::type_error(format!("can't concat {} to bytes", slot_type(b))));
            }
            (Obj::Str(_) | Obj::List(_) | Obj::Tuple(_), _) => {
                let kind = a.native_name();
                return Err(Raise::type_error(format!(
                    "can only concatenate {kind} (not \"{}\") to {kind}",
                    slot_type(b)
                )));
            }
            _ => return Err(unsupported(Op::Add, a, b)),
        })
    }

    /// `format % values` where the format is HTML: texts among the values get escaped.
    pub(super) fn html_format(&mut self, format: &str, given: &Obj) -> Result<String> {
        // What has items and is no tuple is handed on as a mapping, which may have more than is asked for.
        let items = matches!(given, Obj::List(_) | Obj::Dict(_) | Obj::Map(_) | Obj::Range(_) | Obj::Bytes(_));
        if items && !format.replace("%%", "").contains('%') {
            return Ok(format.replace("%%", "%"));
        }
        let values = self.html(given)?;
        self.percent_html(format, &values)
    }

    /// The same with the texts in it as HTML.
    pub(super) fn html(&mut self, obj: &Obj) -> Result<Obj> {
        Ok(match obj {
            Obj::Str(text) => Obj::Str(Text::markup(Obj::as_markup(text))),
            Obj::Tuple(items) => {
                let mut out = Vec::new();
                for item in items.iter() {
                    out.push(self.html(item)?);
                }
                Obj::tuple(out)
            }
            Obj::List(_) | Obj::Set(_) | Obj::Special(_) => {
                let text = self.text(obj)?;
                Obj::Str(Text::markup(super::filters::markup::escaped(&text)))
            }
            other => other.clone(),
        })
    }

    /// `-x`
    pub(super) fn negate(&mut self, obj: &Obj) -> Result<Obj> {
        match obj {
            Obj::Float(f) => Ok(Obj::Float(-f)),
            Obj::Delta(d) => Ok(Obj::Delta(Delta { micros: d.micros.saturating_neg() })),
            other => match other.as_big() {
                Some(big) => Ok(Obj::big(-big)),
                None => {
                    if let Obj::Undefined(u) = other.clone().defined()? {
                        return Err(u.used());
                    }
                    Err(Raise::type_error(format!("bad operand type for unary -: '{}'", other.full_name())))
                }
            },
        }
    }
}

/// The name that Python gives what is not there, where it complains of a type.
pub(super) fn python_type(obj: &Obj) -> &str {
    match obj {
        Obj::Undefined(_) if obj.is_marker() => "UndefinedMarker",
        Obj::Failed(_) => "CapturedExceptionMarker",
        other => other.type_name(),
    }
}

/// The same where it is Python's own code that complains: those of `datetime` with their module.
pub(super) fn slot_type(obj: &Obj) -> String {
    match obj {
        Obj::Date(_) | Obj::DateTime(_) | Obj::Delta(_) | Obj::Special(_) => obj.full_name(),
        other => python_type(other).to_owned(),
    }
}

fn out_of_range() -> Raise {
    Raise::python(Class::Overflow, "date value out of range")
}

fn unsupported(op: Op, a: &Obj, b: &Obj) -> Raise {
    Raise::type_error(format!(
        "unsupported operand type(s) for {}: '{}' and '{}'",
        op.symbol(),
        a.full_name(),
        b.full_name()
    ))
}

fn zero(text: &str) -> Raise {
    Raise::python(Class::ZeroDivision, text)
}

/// None where one is no integer.
fn integers(op: Op, a: &Obj, b: &Obj) -> Option<Result<Obj>> {
    if let (Some(x), Some(y)) = (a.as_int(), b.as_int()) {
        let quick = match op {
            Op::Add => x.checked_add(y),
            Op::Sub => x.checked_sub(y),
            Op::Mul => x.checked_mul(y),
            _ => None,
        };
        if let Some(quick) = quick {
            return Some(Ok(Obj::Int(quick)));
        }
    }
    let (x, y) = (a.as_big()?, b.as_big()?);
    let is_zero = y.sign() == Sign::NoSign;
    Some(match op {
        Op::Add => Ok(Obj::big(x + y)),
        Op::Sub => Ok(Obj::big(x - y)),
        Op::Mul if x.bits() + y.bits() > MOST_BITS => Err(too_large()),
        Op::Mul => Ok(Obj::big(x * y)),
        Op::Div if is_zero => Err(zero("division by zero")),
        Op::Div => divide(&x, &y),
        Op::FloorDiv if is_zero => Err(zero("integer division or modulo by zero")),
        Op::Mod if is_zero => Err(zero("integer modulo by zero")),
        Op::FloorDiv => Ok(Obj::big(floor_div_mod(&x, &y).0)),
        Op::Mod => Ok(Obj::big(floor_div_mod(&x, &y).1)),
        Op::Pow => power(&x, &y),
    })
}

fn too_large() -> Raise {
    Raise::python(Class::Overflow, "the integer is too large for a template")
}

fn divide(x: &BigInt, y: &BigInt) -> Result<Obj> {
    let result = big_to_float(x) / big_to_float(y);
    if result.is_finite() {
        return Ok(Obj::Float(result));
    }
    Err(Raise::python(Class::Overflow, "integer division result too large for a float"))
}

/// Python's `divmod`: the remainder has the divisor's sign.
pub(super) fn floor_div_mod(x: &BigInt, y: &BigInt) -> (BigInt, BigInt) {
    let (quotient, rest) = (x / y, x % y);
    if rest.sign() != Sign::NoSign && (rest.sign() == Sign::Minus) != (y.sign() == Sign::Minus) {
        (quotient - 1, rest + y)
    } else {
        (quotient, rest)
    }
}

fn power(x: &BigInt, y: &BigInt) -> Result<Obj> {
    if y.sign() == Sign::Minus {
        return floats(Op::Pow, big_to_float(x), big_to_float(y)).map(Obj::Float);
    }
    if x.bits() <= 1 {
        let odd = y.bit(0);
        return Ok(match x.sign() {
            _ if y.sign() == Sign::NoSign => Obj::Int(1),
            Sign::Minus if !odd => Obj::Int(1),
            _ => Obj::big(x.clone()),
        });
    }
    let exponent = u32::try_from(y).map_err(|_| too_large())?;
    if x.bits().saturating_mul(u64::from(exponent)) > MOST_BITS {
        return Err(too_large());
    }
    Ok(Obj::big(x.pow(exponent)))
}

/// Python's arithmetic of floats.
pub(super) fn floats(op: Op, x: f64, y: f64) -> Result<f64> {
    Ok(match op {
        Op::Add => x + y,
        Op::Sub => x - y,
        Op::Mul => x * y,
        Op::Div if y == 0.0 => return Err(zero("float division by zero")),
        Op::Div => x / y,
        Op::FloorDiv if y == 0.0 => return Err(zero("float floor division by zero")),
        Op::FloorDiv => {
            // As Python has it: from the remainder, so that `7 // 0.1` is 69.0.
            let rest = x % y;
            let mut whole = (x - rest) / y;
            if rest != 0.0 && (rest < 0.0) != (y < 0.0) {
                whole -= 1.0;
            }
            if whole == 0.0 {
                return Ok(0f64.copysign(x / y));
            }
            let floor = whole.floor();
            if whole - floor > 0.5 { floor + 1.0 } else { floor }
        }
        Op::Mod if y == 0.0 => return Err(zero("float modulo")),
        Op::Mod => {
            let rest = x % y;
            match rest {
                0.0 => 0f64.copysign(y),
                rest if (rest < 0.0) != (y < 0.0) => rest + y,
                rest => rest,
            }
        }
        Op::Pow if x == 0.0 && y < 0.0 => return Err(zero("0.0 cannot be raised to a negative power")),
        Op::Pow if x < 0.0 && y.fract() != 0.0 => {
            return Err(Raise::unsupported("complex numbers are not supported in templates"));
        }
        Op::Pow => {
            let result = x.powf(y);
            if result.is_infinite() && x.is_finite() && y.is_finite() {
                return Err(Raise::python(Class::Overflow, "(34, 'Numerical result out of range')"));
            }
            result
        }
    })
}

/// Whether a multiplication of its own, in Python, is asked first: of ansible-core's lists and of HTML.
fn multiplies(obj: &Obj) -> bool {
    match obj {
        Obj::List(list) => list.is_lazy(),
        Obj::Str(text) => text.is_markup(),
        _ => false,
    }
}

/// `sequence * count`, either way round.
fn repeat(a: &Obj, b: &Obj) -> Result<Obj> {
    for (delta, number) in [(a, b), (b, a)] {
        if let (Obj::Delta(d), Some(n)) = (delta, number.as_number()) {
            return Ok(Obj::Delta(Delta { micros: (d.micros as f64 * n) as i64 }));
        }
    }
    let (sequence, count) = match (a, b) {
        (Obj::Str(_) | Obj::List(_) | Obj::Tuple(_) | Obj::Bytes(_), count) => (a, count),
        (count, Obj::Str(_) | Obj::List(_) | Obj::Tuple(_) | Obj::Bytes(_)) => (b, count),
        _ => return Err(unsupported(Op::Mul, a, b)),
    };
    if (multiplies(a) || multiplies(b)) && !matches!(count, Obj::Big(_)) && count.as_int().is_none() {
        let other = if multiplies(a) { b } else { a };
        let kind = slot_type(other);
        return Err(Raise::type_error(format!("'{kind}' object cannot be interpreted as an integer")));
    }
    let times = match count {
        Obj::Big(_) => {
            return Err(Raise::python(Class::Overflow, "cannot fit 'int' into an index-sized integer"));
        }
        other => other.as_int().ok_or_else(|| {
            Raise::type_error(format!("can't multiply sequence by non-int of type '{}'", other.full_name()))
        })?,
    };
    let times = usize::try_from(times).unwrap_or(0);
    let fits = |len: usize, each: usize| {
        if len.saturating_mul(times).saturating_mul(each) > MOST_BYTES {
            Err(Raise::python(Class::Overflow, "the repeated sequence is too long for a template"))
        } else {
            Ok(())
        }
    };
    let each = size_of::<Obj>();
    Ok(match sequence {
        Obj::Str(text) => {
            fits(text.as_str().len(), 1)?;
            Obj::from(text.as_str().repeat(times)).like(text)
        }
        Obj::Bytes(bytes) => {
            fits(bytes.len(), 1)?;
            Obj::Bytes(bytes.repeat(times).into())
        }
        Obj::List(items) => {
            let items = items.borrow();
            fits(items.len(), each)?;
            let repeated = Obj::list((0..times).flat_map(|_| items.iter().cloned()).collect::<Vec<_>>());
            repeated.within(sequence)
        }
        Obj::Tuple(items) => {
            fits(items.len(), each)?;
            Obj::tuple((0..times).flat_map(|_| items.iter().cloned()).collect::<Vec<_>>())
        }
        _ => return Err(unsupported(Op::Mul, a, b)),
    })
}

fn difference(a: &Obj, b: &Obj) -> Result<Obj> {
    Ok(match (a, b) {
        (Obj::Set(x), Obj::Set(y)) => {
            let y = y.borrow();
            Obj::set(x.borrow().iter().filter(|item| !y.contains(*item)).cloned().collect::<Vec<_>>())
        }
        (Obj::Delta(x), Obj::Delta(y)) => Obj::Delta(Delta { micros: x.micros.saturating_sub(y.micros) }),
        (Obj::DateTime(x), Obj::DateTime(y)) => {
            if x.offset.is_some() != y.offset.is_some() {
                return Err(Raise::type_error("can't subtract offset-naive and offset-aware datetimes"));
            }
            Obj::Delta(Delta { micros: dates::micros(x).saturating_sub(dates::micros(y)) })
        }
        (Obj::Date(x), Obj::Date(y)) => {
            Obj::Delta(Delta { micros: (dates::days(x) - dates::days(y)).saturating_mul(86_400_000_000) })
        }
        (Obj::DateTime(t), Obj::Delta(d)) => {
            let back = Delta { micros: d.micros.saturating_neg() };
            Obj::DateTime(dates::add(t, back).ok_or_else(out_of_range)?)
        }
        (Obj::Date(t), Obj::Delta(d)) => {
            let back = Delta { micros: d.micros.saturating_neg() };
            Obj::Date(dates::from_days(dates::days(t).saturating_add(back.parts().0)))
        }
        _ => return Err(unsupported(Op::Sub, a, b)),
    })
}

/// Division of time differences; None where they are none.
fn delta_ratio(op: Op, a: &Obj, b: &Obj) -> Option<Result<Obj>> {
    let (Obj::Delta(x), op) = (a, op) else { return None };
    match (op, b) {
        (Op::Div, Obj::Delta(y)) if y.micros != 0 => Some(Ok(Obj::Float(x.micros as f64 / y.micros as f64))),
        (Op::FloorDiv, Obj::Delta(y)) if y.micros != 0 => Some(Ok(Obj::Int(x.micros.div_euclid(y.micros)))),
        (Op::Div | Op::FloorDiv, Obj::Delta(_)) => Some(Err(zero("integer division or modulo by zero"))),
        (Op::FloorDiv, number) => {
            let n = number.as_int()?;
            Some(if n == 0 {
                Err(zero("integer division or modulo by zero"))
            } else {
                let floor = i128::from(x.micros).div_euclid(i128::from(n).abs());
                let exact = i128::from(x.micros) % i128::from(n) == 0;
                let micros = match n > 0 {
                    true => floor,
                    false if exact => -floor,
                    false => -floor - 1,
                };
                Ok(Obj::Delta(Delta { micros: i64::try_from(micros).unwrap_or(i64::MAX) }))
            })
        }
        (Op::Div, number) => {
            let n = number.as_number()?;
            Some(if n == 0.0 {
                Err(zero("division by zero"))
            } else {
                Ok(Obj::Delta(Delta { micros: (x.micros as f64 / n) as i64 }))
            })
        }
        _ => None,
    }
}
