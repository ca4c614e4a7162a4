//! Methods and fields of numbers.
//!
//! The bitwise dunders are the only ones that ansible-core's sandbox lets pass.

use super::{Result, Table, exact};
use crate::template::bounds::text_fits;
use crate::template::{Arg, CallArgs, Class, Cx, Obj, Raise, Sig};
use num_bigint::BigInt;

/// What integers and booleans have.
pub(super) const INT: Table = &[
    ("__and__", |_, a, args| bits(a, args, |x, y| Ok(x & y))),
    ("__lshift__", |_, a, args| bits(a, args, |x, y| Ok(x << shift(&y)?))),
    ("__or__", |_, a, args| bits(a, args, |x, y| Ok(x | y))),
    ("__rshift__", |_, a, args| bits(a, args, |x, y| Ok(x >> shift(&y)?))),
    ("__xor__", |_, a, args| bits(a, args, |x, y| Ok(x ^ y))),
    ("as_integer_ratio", ratio),
    ("bit_count", bit_count),
    ("bit_length", bit_length),
    ("conjugate", conjugate),
    ("to_bytes", to_bytes),
];

/// What floats have.
pub(super) const FLOAT: Table =
    &[("as_integer_ratio", ratio), ("conjugate", conjugate), ("hex", hex), ("is_integer", is_integer)];

fn conjugate(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, &format!("{}.conjugate", obj.native_name()), 0)?;
    Ok(plain(obj))
}

/// The number itself; a boolean is 0 or 1.
fn plain(obj: &Obj) -> Obj {
    match obj {
        Obj::Bool(b) => Obj::Int(i64::from(*b)),
        other => other.clone(),
    }
}

/// A field.
pub(super) fn field(obj: &Obj, name: &str) -> Option<Obj> {
    let is_float = matches!(obj, Obj::Float(_));
    match name {
        "real" => Some(plain(obj)),
        "imag" => Some(if is_float { Obj::Float(0.0) } else { Obj::Int(0) }),
        "numerator" if !is_float => Some(plain(obj)),
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

/// `int.to_bytes(length, byteorder)`, without `signed`.
fn to_bytes(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let sig = Sig { func: "to_bytes", before: 0, params: ["length", "byteorder", "signed"], required: 0 };
    let [length, order, signed] = args.bind(&sig)?;
    if matches!(signed, Some(Obj::Bool(true))) {
        return Err(Raise::unsupported("the argument 'signed' of int.to_bytes is not supported in templates"));
    }
    let length =
        usize::try_from(length.int(1)?).map_err(|_| Raise::value_error("length argument must be non-negative"))?;
    text_fits(length)?;
    let number = obj.as_big().unwrap_or_default();
    if number.sign() == num_bigint::Sign::Minus {
        return Err(Raise::python(Class::Overflow, "can't convert negative int to unsigned"));
    }
    let mut bytes = number.magnitude().to_bytes_le();
    while bytes.len() > 1 && bytes.last() == Some(&0) {
        bytes.pop();
    }
    if bytes.len() > length && !(length == 0 && bytes == [0]) {
        return Err(Raise::python(Class::Overflow, "int too big to convert"));
    }
    bytes.resize(length, 0);
    match order.string("big") {
        Some("big") => bytes.reverse(),
        Some("little") => {}
        _ => return Err(Raise::value_error("byteorder must be either 'little' or 'big'")),
    }
    Ok(Obj::Bytes(bytes.into()))
}

/// `float.hex()`
fn hex(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "float.hex", 0)?;
    let f = obj.as_number().unwrap_or_default();
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if !f.is_finite() {
        return Ok(if f.is_nan() { "nan".into() } else { format!("{sign}inf").into() });
    }
    if f == 0.0 {
        return Ok(format!("{sign}0x0.0p+0").into());
    }
    let bits = f.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i64, bits & 0xf_ffff_ffff_ffff);
    // Numbers too small for a leading one have an exponent of their own.
    let (lead, power) = if exponent == 0 { (0, -1022) } else { (1, exponent - 1023) };
    Ok(format!("{sign}0x{lead}.{fraction:013x}p{power:+}").into())
}

fn is_integer(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "float.is_integer", 0)?;
    Ok(Obj::Bool(obj.as_number().is_some_and(|f| f.is_finite() && f.fract() == 0.0)))
}

fn ratio(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, &format!("{}.as_integer_ratio", obj.native_name()), 0)?;
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
        other => Ok(Obj::tuple([plain(other), Obj::Int(1)])),
    }
}
