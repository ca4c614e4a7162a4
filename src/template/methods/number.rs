//! Methods and fields of numbers.
//!
//! The bitwise dunders are the only ones that ansible-core's sandbox lets pass.

use super::{Result, Table, exact};
use crate::template::{CallArgs, Cx, Obj, Raise};
use num_bigint::BigInt;

pub(super) const METHODS: Table = &[
    ("__and__", |_, a, args| bits(a, args, |x, y| Ok(x & y))),
    ("__lshift__", |_, a, args| bits(a, args, |x, y| Ok(x << shift(&y)?))),
    ("__or__", |_, a, args| bits(a, args, |x, y| Ok(x | y))),
    ("__rshift__", |_, a, args| bits(a, args, |x, y| Ok(x >> shift(&y)?))),
    ("__xor__", |_, a, args| bits(a, args, |x, y| Ok(x ^ y))),
    ("as_integer_ratio", ratio),
    ("bit_count", bit_count),
    ("bit_length", bit_length),
    ("conjugate", |_, a, _| Ok(a.clone())),
    ("is_integer", is_integer),
];

/// A field.
pub(super) fn field(obj: &Obj, name: &str) -> Option<Obj> {
    let is_float = matches!(obj, Obj::Float(_));
    match name {
        "real" => Some(obj.clone()),
        "imag" => Some(if is_float { Obj::Float(0.0) } else { Obj::Int(0) }),
        "numerator" if !is_float => Some(obj.clone()),
        "denominator" if !is_float => Some(Obj::Int(1)),
        _ => None,
    }
}

fn bits(a: &Obj, args: CallArgs, run: fn(BigInt, BigInt) -> Result<BigInt>) -> Result<Obj> {
    let [b] = exact(args, "expected 1 argument", 1)?;
    let b = b.unwrap_or_default();
    match (a.as_big(), b.as_big()) {
        (Some(x), Some(y)) => run(x, y).map(Obj::big),
        _ => Err(Raise::type_error(format!("unsupported operand type: '{}'", b.type_name()))),
    }
}

fn shift(by: &BigInt) -> Result<u32> {
    match u32::try_from(by) {
        Ok(by) if by <= 1 << 20 => Ok(by),
        _ if by.sign() == num_bigint::Sign::Minus => Err(Raise::value_error("negative shift count")),
        _ => Err(Raise::value_error("too many digits in integer")),
    }
}

fn bit_length(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "int.bit_length", 0)?;
    let bits = obj.as_big().map_or(0, |b| b.bits());
    Ok(Obj::Int(i64::try_from(bits).unwrap_or(i64::MAX)))
}

fn bit_count(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "int.bit_count", 0)?;
    let ones: u32 = obj.as_big().map_or(0, |b| b.magnitude().iter_u32_digits().map(u32::count_ones).sum());
    Ok(Obj::from(ones))
}

fn is_integer(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "float.is_integer", 0)?;
    Ok(Obj::Bool(obj.as_number().is_some_and(|f| f.is_finite() && f.fract() == 0.0)))
}

fn ratio(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "as_integer_ratio", 0)?;
    match obj {
        Obj::Float(f) if f.is_finite() => {
            let (mut value, mut below) = (*f, BigInt::from(1));
            while value.fract() != 0.0 {
                value *= 2.0;
                below *= 2;
            }
            let above = BigInt::parse_bytes(format!("{value:.0}").as_bytes(), 10).unwrap_or_default();
            Ok(Obj::tuple([Obj::big(above), Obj::big(below)]))
        }
        Obj::Float(_) => Err(Raise::value_error("cannot convert NaN to integer ratio")),
        other => Ok(Obj::tuple([other.clone(), Obj::Int(1)])),
    }
}
