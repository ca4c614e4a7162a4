//! jinja2's own tests: types, numbers, comparisons.

use crate::template::filters::internal::tag_names;
use crate::template::filters::support::{alone, given, hashable, plugin_type, sig};
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};
use std::cmp::Ordering;
use std::rc::Rc;

type Verdict = Result<bool, Raise>;

macro_rules! kinds {
    ($($name:ident($func:literal) = |$obj:ident| $result:expr;)*) => {
        $(pub(super) fn $name(_cx: &mut Cx<'_>, $obj: Obj, args: CallArgs) -> Verdict {
            alone(args, $func)?;
            Ok($result)
        })*
    };
}

kinds! {
    undefined("test_undefined") = |o| match o {
        Obj::Failed(_) => return o.defined().map(|_| false),
        other => matches!(other, Obj::Undefined(_)),
    };
    defined("test_defined") = |o| match o {
        Obj::Failed(_) => return o.defined().map(|_| true),
        other => !matches!(other, Obj::Undefined(_)),
    };
    none("test_none") = |o| o.is_none();
    boolean("test_boolean") = |o| matches!(o, Obj::Bool(_));
    is_false("test_false") = |o| matches!(o, Obj::Bool(false));
    is_true("test_true") = |o| matches!(o, Obj::Bool(true));
    integer("test_integer") = |o| matches!(o, Obj::Int(_) | Obj::Big(_));
    float("test_float") = |o| matches!(o, Obj::Float(_));
    number("test_number") = |o| matches!(o, Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) | Obj::Float(_));
    string("test_string") = |o| matches!(o, Obj::Str(_));
    mapping("test_mapping") = |o| matches!(o, Obj::Dict(_) | Obj::Map(_));
    sequence("test_sequence") = |o| matches!(
        o,
        Obj::Str(_)
            | Obj::Bytes(_)
            | Obj::List(_)
            | Obj::Tuple(_)
            | Obj::Dict(_)
            | Obj::Map(_)
            | Obj::Range(_)
            // That of an `if` without `else` has a length and items, to those who only ask whether it has.
            | Obj::Undefined(_)
    ) && !o.is_marker();
    escaped("test_escaped") = |o| matches!(&o, Obj::Str(text) if text.is_markup());
    callable("callable") = |o| match &o {
        Obj::Special(special) => special.callable(),
        // To be called is what it refuses only then.
        Obj::Undefined(_) => !o.is_marker(),
        _ => false,
    };
}

pub(super) fn iterable(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "test_iterable")?;
    Ok(match &input {
        Obj::Special(special) => {
            let special = Rc::clone(special);
            special.iter(cx).is_some()
        }
        Obj::None | Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) | Obj::Float(_) => false,
        Obj::Date(_) | Obj::DateTime(_) | Obj::Delta(_) | Obj::Omit => false,
        _ => true,
    })
}

pub(super) fn lower(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "test_lower")?;
    let text = cx.text(&input)?;
    Ok(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase))
}

pub(super) fn upper(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "test_upper")?;
    let text = cx.text(&input)?;
    Ok(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase))
}

/// Python's `value % divisor == 0` and the like.
fn remainder(cx: &mut Cx<'_>, input: &Obj, divisor: &Obj) -> Result<f64, Raise> {
    if let Obj::Str(format) = input {
        // To Python that is a text with values put in, and no number.
        return cx.percent_format(format.as_str(), divisor).map(|_| f64::NAN);
    }
    if let Obj::Bytes(_) = input {
        return Err(Raise::type_error("not all arguments converted during bytes formatting"));
    }
    if let (Some(a), Some(b)) = (input.as_big(), divisor.as_big()) {
        if b == num_bigint::BigInt::from(0) {
            return Err(Raise::python(Class::ZeroDivision, "integer modulo by zero"));
        }
        let rest = ((&a % &b) + &b) % &b;
        return Ok(Obj::big(rest).as_number().unwrap_or(f64::NAN));
    }
    match (input.as_number(), divisor.as_number()) {
        (Some(_), Some(0.0)) => Err(Raise::python(Class::ZeroDivision, "float modulo")),
        (Some(a), Some(b)) => Ok(((a % b) + b) % b),
        _ => Err(Raise::type_error(format!(
            "unsupported operand type(s) for %: '{}' and '{}'",
            plugin_type(input),
            plugin_type(divisor)
        ))),
    }
}

pub(super) fn odd(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "test_odd")?;
    Ok(remainder(cx, &input, &Obj::Int(2))? == 1.0)
}

pub(super) fn even(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "test_even")?;
    Ok(remainder(cx, &input, &Obj::Int(2))? == 0.0)
}

pub(super) fn divisibleby(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [number] = args.bind(&sig("test_divisibleby", 1, ["num"], 1))?;
    Ok(remainder(cx, &input, &given(number))? == 0.0)
}

/// The other operand of a comparison, which `operator`'s functions count themselves.
fn operand(args: CallArgs, name: &str) -> Result<Obj, Raise> {
    let count = args.positional.len() + args.named.len() + 1;
    match args.positional.into_iter().next() {
        Some(other) if count == 2 => Ok(other),
        _ => Err(Raise::type_error(format!("{name} expected 2 arguments, got {count}"))),
    }
}

/// Fails where an item of a container is undefined: a plugin's containers are read whole to be compared.
fn known(cx: &mut Cx<'_>, obj: &Obj) -> Result<Vec<Obj>, Raise> {
    match obj {
        Obj::List(_) => cx.iter(obj),
        Obj::Dict(_) => {
            cx.items(obj)?.into_iter().try_for_each(|(_, value)| value.defined().map(|_| ()))?;
            Ok(Vec::new())
        }
        _ => Ok(Vec::new()),
    }
}

/// The same for both sides of a comparison, and for the items of two lists.
fn both_known(cx: &mut Cx<'_>, a: &Obj, b: &Obj) -> Result<(), Raise> {
    let (left, right) = (known(cx, a)?, known(cx, b)?);
    items_known(cx, left, right)
}

/// The same where an order is asked for, which mappings have not: they are not read.
fn lists_known(cx: &mut Cx<'_>, a: &Obj, b: &Obj) -> Result<(), Raise> {
    let mut items = |side: &Obj| if let Obj::Dict(_) = side { Ok(Vec::new()) } else { known(cx, side) };
    let (left, right) = (items(a)?, items(b)?);
    items_known(cx, left, right)
}

fn items_known(cx: &mut Cx<'_>, left: Vec<Obj>, right: Vec<Obj>) -> Result<(), Raise> {
    for item in if left.is_empty() || right.is_empty() { Vec::new() } else { [left, right].concat() } {
        known(cx, &item)?;
    }
    Ok(())
}

/// The same for a container and what is looked for in it.
pub(super) fn among_known(cx: &mut Cx<'_>, seq: &Obj, item: &Obj) -> Result<(), Raise> {
    if let Obj::List(_) = seq {
        let items = known(cx, seq)?;
        for one in items.iter().chain((!items.is_empty()).then_some(item)) {
            known(cx, one)?;
        }
    }
    Ok(())
}

pub(super) fn eq(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let other = operand(args, "eq")?;
    both_known(cx, &input, &other)?;
    cx.equals(&input, &other)
}

pub(super) fn ne(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let other = operand(args, "ne")?;
    both_known(cx, &input, &other)?;
    cx.equals(&input, &other).map(|equal| !equal)
}

pub(super) fn lt(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let other = operand(args, "lt")?;
    lists_known(cx, &input, &other)?;
    Ok(cx.order(&input, &other, "<")? == Some(Ordering::Less))
}

pub(super) fn le(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let other = operand(args, "le")?;
    lists_known(cx, &input, &other)?;
    Ok(matches!(cx.order(&input, &other, "<=")?, Some(Ordering::Less | Ordering::Equal)))
}

pub(super) fn gt(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let other = operand(args, "gt")?;
    lists_known(cx, &input, &other)?;
    Ok(cx.order(&input, &other, ">")? == Some(Ordering::Greater))
}

pub(super) fn ge(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let other = operand(args, "ge")?;
    lists_known(cx, &input, &other)?;
    Ok(matches!(cx.order(&input, &other, ">=")?, Some(Ordering::Greater | Ordering::Equal)))
}

pub(super) fn is_in(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [seq] = args.bind(&sig("test_in", 1, ["seq"], 1))?;
    let seq = given(seq);
    among_known(cx, &seq, &input)?;
    cx.contains(&seq, &input)
}

pub(super) fn sameas(_cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [other] = args.bind(&sig("test_sameas", 1, ["other"], 1))?;
    let other = given(other);
    // Python's `is`: small integers and short strings are one object each, floats are not.
    Ok(match (&input, &other) {
        (Obj::Bool(a), Obj::Bool(b)) => a == b,
        (Obj::Bool(_), _) | (_, Obj::Bool(_)) | (Obj::Float(_), _) | (_, Obj::Float(_)) => false,
        (a, b) => a == b,
    })
}

pub(super) fn filter(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "test_filter")?;
    // A quirk of the real one: what is no name is taken for known.
    hashable(&input)?;
    Ok(input.as_str().is_none_or(|name| cx.templar().filter(name).is_some()))
}

pub(super) fn test(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "test_test")?;
    hashable(&input)?;
    Ok(input.as_str().is_none_or(|name| cx.templar().test(name).is_some()))
}

/// The kinds of tags that ansible-core knows.
const TAGS: [&str; 6] =
    ["Deprecated", "Origin", "SensitiveData", "SourceWasEncrypted", "TrustedAsTemplate", "VaultedValue"];

pub(super) fn tagged(_: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "tagged")?;
    Ok(!tag_names(&input).is_empty())
}

pub(super) fn tagged_with(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [name] = args.bind(&sig("tagged_with", 1, ["tag_name"], 1))?;
    let name = cx.text(&given(name))?;
    if !TAGS.contains(&name.as_str()) {
        return Err(Raise::value_error(format!("Unknown tag name {}.", crate::value::str_repr(&name))));
    }
    Ok(tag_names(&input).contains(&name.as_str()))
}
