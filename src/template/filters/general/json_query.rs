//! `json_query`: JMESPath expressions.
//!
//! The crate reads them; what they mean is here, over our own objects, so that dictionaries keep their order
//! and integers their size, as with Python's jmespath.

use crate::template::bounds::text_fits;
use crate::template::filters::numbers::{parse_float, parse_int};
use crate::template::filters::support::{Got, given, is_mapping, plugin_type, sig, tripped};
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::{JsonStyle, key_text, write_json};
use jmespath::Variable;
use jmespath::ast::{Ast, Comparator};
use std::cmp::Ordering;
use std::rc::Rc;

pub(in crate::template::filters) fn json_query(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [expr] = args.bind(&sig("json_query", 1, ["expr"], 1))?;
    let expr = given(expr);
    if matches!(expr, Obj::Bool(_) | Obj::Int(_) | Obj::Float(_)) && cx.truthy(&expr)? {
        return Err(stopped(format!("'{}' object is not iterable", expr.type_name())));
    }
    let expr = match &expr {
        Obj::None | Obj::Bool(_) | Obj::Int(_) | Obj::Float(_) => String::new(),
        expr => cx.text(expr)?,
    };
    let context = "JMESPathError in json_query filter plugin:\n";
    // The crate's parser calls itself for each of these; Python's gives up after some hundreds of them, too.
    if expr.bytes().filter(|b| b"[({!&.|".contains(b)).count() > MOST_STEPS {
        return Err(Raise::python(Class::Recursion, "maximum recursion depth exceeded"));
    }
    if expr.is_empty() {
        return Err(Raise::ansible(format!("{context}Invalid JMESPath expression: cannot be empty.")));
    }
    let expr = quoted(&expr);
    let ast = jmespath::parse(&expr).map_err(|error| {
        let reason = error.reason.to_string();
        let reason = reason.strip_prefix("Parse error: ").unwrap_or(&reason);
        if reason.ends_with("found Eof") {
            let mark = " ".repeat(expr.chars().count() + 1);
            return Raise::ansible(format!(
                "{context}Invalid jmespath expression: Incomplete expression:\n\"{expr}\"\n{mark}^"
            ));
        }
        let (expr, column) = (crate::value::str_repr(&expr), error.offset);
        Raise::ansible(format!("{context}Invalid jmespath expression: {reason} at column {column} of {expr}"))
    })?;
    match visit(cx, &ast, &input) {
        Err(Raise::Python(Class::Value, text)) => Err(Raise::ansible(format!("{context}{text}"))),
        Err(Raise::Python(Class::Type, text)) => Err(stopped(text)),
        // What is undefined in the data is an error of the search.
        Err(raise @ (Raise::Undefined(_) | Raise::Failed(_))) => Err(stopped(tripped(raise))),
        // Where an error is made of the data, outside of the search, it speaks for itself.
        Err(Raise::Error(error)) => Err(Raise::Failed(Rc::new(*error))),
        other => other,
    }
}

/// The text of a value for an error; what is undefined in it is an error of its own.
fn told(cx: &mut Cx<'_>, value: &Obj) -> Result<String, Raise> {
    cx.text(value).map_err(|raise| match raise {
        Raise::Undefined(undefined) => undefined.error().into(),
        Raise::Failed(error) => (*error).clone().into(),
        other => other,
    })
}

/// The expression with quotes around what stands bare between backticks: `` `web` `` is `` `"web"` ``.
fn quoted(expr: &str) -> String {
    let (mut out, mut rest) = (String::new(), expr);
    while let Some(start) = rest.find(['`', '\'', '"']) {
        let mark = rest[start..].chars().next().unwrap_or('`');
        let from = &rest[start + 1..];
        // A backslash keeps the mark after it.
        let end = from.char_indices().scan(false, |escaped, (at, c)| {
            let ends = c == mark && !*escaped;
            *escaped = c == '\\' && !*escaped;
            Some((at, ends))
        });
        let Some((end, _)) = end.into_iter().find(|(_, ends)| *ends) else { break };
        let inner = &from[..end];
        out.push_str(&rest[..=start]);
        if mark == '`' && crate::value::parse_json(&inner.replace("\\`", "`")).is_err() {
            out.push_str(&format!("\"{}\"", inner.trim_start()));
        } else {
            out.push_str(inner);
        }
        out.push(mark);
        rest = &from[end + 1..];
    }
    out + rest
}

/// How many brackets and operators an expression may have.
const MOST_STEPS: usize = 500;

fn failed(text: String) -> Raise {
    Raise::value_error(text)
}

/// A complaint that is no JMESPath's own.
fn stopped(why: impl std::fmt::Display) -> Raise {
    Raise::ansible(format!("Error in jmespath.search in json_query filter plugin:\n{why}"))
}

/// Whether it is one of JSON's arrays. To Python's jmespath, a tuple is nothing it knows.
fn is_array(obj: &Obj) -> bool {
    matches!(obj, Obj::List(_))
}

/// JMESPath's truth: JSON's empty things, null and false are false; 0 is true.
fn truth(cx: &mut Cx<'_>, obj: &Obj) -> Result<bool, Raise> {
    match obj {
        Obj::Tuple(_) | Obj::Range(_) | Obj::Undefined(_) => Ok(true),
        other => not_false(cx, other),
    }
}

/// What `!` asks: Python's truth, but for 0, which is true.
fn not_false(cx: &mut Cx<'_>, obj: &Obj) -> Result<bool, Raise> {
    match obj {
        Obj::Int(_) | Obj::Big(_) | Obj::Float(_) => Ok(true),
        other => cx.truthy(other),
    }
}

fn items(cx: &mut Cx<'_>, obj: &Obj) -> Result<Option<Vec<Obj>>, Raise> {
    if is_array(obj) { cx.iter(obj).map(Some) } else { Ok(None) }
}

fn literal(value: &Variable) -> Obj {
    match value {
        Variable::Null | Variable::Expref(_) => Obj::None,
        Variable::String(text) => text.as_str().into(),
        Variable::Bool(b) => Obj::Bool(*b),
        Variable::Number(number) => match number.as_i64() {
            Some(whole) => Obj::Int(whole),
            None => Obj::Float(number.as_f64().unwrap_or_default()),
        },
        Variable::Array(items) => Obj::list(items.iter().map(|item| literal(item))),
        Variable::Object(items) => Obj::dict(items.iter().map(|(key, item)| (key.as_str().into(), literal(item)))),
    }
}

fn visit(cx: &mut Cx<'_>, ast: &Ast, data: &Obj) -> Got {
    cx.deeper(|cx| match ast {
        Ast::Identity { .. } => Ok(data.clone()),
        Ast::Literal { value, .. } => Ok(literal(value)),
        Ast::Field { name, .. } if is_mapping(data) => cx.dict_get(data, name)?.unwrap_or_default().defined(),
        Ast::Field { .. } => unknown(data),
        Ast::Expref { .. } => Ok(Obj::None),
        Ast::Subexpr { lhs, rhs, .. } => {
            let left = visit(cx, lhs, data)?;
            visit(cx, rhs, &left)
        }
        Ast::Index { idx, .. } => {
            if !is_array(data) {
                return Ok(Obj::None);
            }
            // Only the item that is asked for is looked at.
            let all = cx.iter_lenient(data)?;
            let at = if *idx < 0 { i64::from(*idx) + all.len() as i64 } else { i64::from(*idx) };
            usize::try_from(at).ok().and_then(|at| all.get(at).cloned()).unwrap_or_default().defined()
        }
        Ast::Slice { start, stop, step, .. } => {
            if *step == 0 {
                return Err(failed("slice step cannot be zero".into()));
            }
            if !is_array(data) {
                return Ok(Obj::None);
            }
            let bound = |n: &Option<i32>| n.map_or(Obj::None, |n| Obj::Int(i64::from(n)));
            cx.slice(data, [&bound(start), &bound(stop), &Obj::Int(i64::from(*step))])
        }
        Ast::Or { lhs, rhs, .. } => {
            let left = visit(cx, lhs, data)?;
            if truth(cx, &left)? { Ok(left) } else { visit(cx, rhs, data) }
        }
        Ast::And { lhs, rhs, .. } => {
            let left = visit(cx, lhs, data)?;
            if truth(cx, &left)? { visit(cx, rhs, data) } else { Ok(left) }
        }
        Ast::Not { node, .. } => {
            let value = visit(cx, node, data)?;
            Ok((!not_false(cx, &value)?).into())
        }
        Ast::Condition { predicate, then, .. } => {
            let value = visit(cx, predicate, data)?;
            if truth(cx, &value)? { visit(cx, then, data) } else { Ok(Obj::None) }
        }
        Ast::Comparison { comparator, lhs, rhs, .. } => {
            let (left, right) = (visit(cx, lhs, data)?, visit(cx, rhs, data)?);
            compared(cx, comparator, &left, &right)
        }
        Ast::ObjectValues { node, .. } => {
            let value = visit(cx, node, data)?;
            if !is_mapping(&value) {
                return unknown(&value);
            }
            Ok(Obj::list(cx.items(&value)?.into_iter().map(|(_, item)| item)))
        }
        Ast::Projection { lhs, rhs, .. } => {
            let left = visit(cx, lhs, data)?;
            if !is_array(&left) {
                return Ok(Obj::None);
            }
            let mut out = Vec::new();
            // What is undefined among them shows when it is its turn.
            for item in cx.iter_lenient(&left)? {
                let value = visit(cx, rhs, &item.defined()?)?;
                if !value.is_none() {
                    out.push(value);
                }
            }
            Ok(Obj::list(out))
        }
        Ast::Flatten { node, .. } => {
            let value = visit(cx, node, data)?;
            let Some(all) = items(cx, &value)? else { return Ok(Obj::None) };
            let mut out = Vec::new();
            for item in all {
                match items(cx, &item)? {
                    Some(inner) => out.extend(inner),
                    None => out.push(item),
                }
            }
            Ok(Obj::list(out))
        }
        Ast::MultiList { .. } | Ast::MultiHash { .. } if data.is_none() => Ok(Obj::None),
        Ast::MultiList { elements, .. } => {
            let mut out = Vec::new();
            for element in elements {
                out.push(visit(cx, element, data)?);
            }
            Ok(Obj::list(out))
        }
        Ast::MultiHash { elements, .. } => {
            let mut out = Vec::new();
            for pair in elements {
                out.push((pair.key.as_str().into(), visit(cx, &pair.value, data)?));
            }
            Ok(Obj::dict(out))
        }
        Ast::Function { name, args, .. } => function(cx, name, args, data),
    })
}

/// What members of something else than an object are: null. An `if` without `else` has none to ask for.
fn unknown(data: &Obj) -> Got {
    if let Obj::Undefined(u) = data { Err(stopped(u)) } else { Ok(Obj::None) }
}

fn is_number(obj: &Obj) -> bool {
    matches!(obj, Obj::Int(_) | Obj::Big(_) | Obj::Float(_))
}

fn compared(cx: &mut Cx<'_>, comparator: &Comparator, left: &Obj, right: &Obj) -> Got {
    let equal = |cx: &mut Cx<'_>| {
        // Nothing in an array may be undefined, wherever the two differ.
        for side in [left, right] {
            items(cx, side)?;
        }
        // True is not 1 here.
        let mixed = matches!(left, Obj::Bool(_)) != matches!(right, Obj::Bool(_));
        if mixed { Ok(false) } else { cx.equals(left, right) }
    };
    let order = match comparator {
        Comparator::Equal => return equal(cx).map(Obj::from),
        Comparator::NotEqual => return equal(cx).map(|same| (!same).into()),
        _ if !is_number(left) || !is_number(right) => return Ok(Obj::None),
        _ => cx.order(left, right, "<")?,
    };
    let Some(order) = order else { return Ok(false.into()) };
    Ok(match comparator {
        Comparator::LessThan => order == Ordering::Less,
        Comparator::LessThanEqual => order != Ordering::Greater,
        Comparator::GreaterThan => order == Ordering::Greater,
        _ => order != Ordering::Less,
    }
    .into())
}

/// A function: its name, the types that each argument may have, and whether the last may come again.
struct Function {
    name: &'static str,
    args: &'static [&'static [&'static str]],
    more: bool,
}

const fn func(name: &'static str, args: &'static [&'static [&'static str]]) -> Function {
    Function { name, args, more: false }
}

const NUMBER: &[&str] = &["number"];
const STRING: &[&str] = &["string"];
const OBJECT: &[&str] = &["object"];
const ARRAY: &[&str] = &["array"];
const NUMBERS: &[&str] = &["array-number"];
const STRINGS: &[&str] = &["array-string"];
const SORTABLE: &[&str] = &["array-string", "array-number"];
const EXPREF: &[&str] = &["expref"];
const ANY: &[&str] = &[];

/// All functions, sorted by name.
static FUNCTIONS: &[Function] = &[
    func("abs", &[NUMBER]),
    func("avg", &[NUMBERS]),
    func("ceil", &[NUMBER]),
    func("contains", &[&["array", "string"], ANY]),
    func("ends_with", &[STRING, STRING]),
    func("floor", &[NUMBER]),
    func("join", &[STRING, STRINGS]),
    func("keys", &[OBJECT]),
    func("length", &[&["string", "array", "object"]]),
    func("map", &[EXPREF, ARRAY]),
    func("max", &[&["array-number", "array-string"]]),
    func("max_by", &[ARRAY, EXPREF]),
    Function { name: "merge", args: &[OBJECT], more: true },
    func("min", &[&["array-number", "array-string"]]),
    func("min_by", &[ARRAY, EXPREF]),
    Function { name: "not_null", args: &[ANY], more: true },
    func("reverse", &[&["array", "string"]]),
    func("sort", &[SORTABLE]),
    func("sort_by", &[ARRAY, EXPREF]),
    func("starts_with", &[STRING, STRING]),
    func("sum", &[NUMBERS]),
    func("to_array", &[ANY]),
    func("to_number", &[ANY]),
    func("to_string", &[ANY]),
    func("type", &[ANY]),
    func("values", &[OBJECT]),
];

/// An argument: a value, or an expression that the function applies.
enum Argument<'a> {
    Value(Obj),
    Expref(&'a Ast),
}

fn type_of(obj: &Obj) -> &'static str {
    match obj {
        Obj::None => "null",
        Obj::Bool(_) => "boolean",
        obj if is_number(obj) => "number",
        Obj::Str(_) => "string",
        obj if is_mapping(obj) => "object",
        obj if is_array(obj) => "array",
        _ => "unknown",
    }
}

/// The type that messages tell: the crate of Python's knows no container and no text of a variable.
fn told_type<'k>(value: &Obj, kind: &'k str) -> &'k str {
    match value {
        Obj::List(_) | Obj::Dict(_) | Obj::Map(_) => "unknown",
        Obj::Str(text) if text.is_tagged() || text.is_markup() => "unknown",
        _ => kind,
    }
}

fn check(cx: &mut Cx<'_>, function: &Function, types: &[&str], argument: &Argument<'_>) -> Result<(), Raise> {
    if types.is_empty() {
        return Ok(());
    }
    let (value, kind) = match argument {
        Argument::Expref(_) if types.contains(&"expref") => return Ok(()),
        Argument::Expref(_) => (Obj::from("<expression>"), "expref"),
        Argument::Value(value) => (value.clone(), type_of(value)),
    };
    if types.contains(&kind) {
        return Ok(());
    }
    let inner: Vec<&str> = types.iter().filter_map(|name| name.strip_prefix("array-")).collect();
    let (shown, received) = if kind == "array" && !inner.is_empty() {
        match misfit(cx, &value, &inner)? {
            // For items, it is Python's type that is told.
            Some(item) => (item.clone(), plugin_type(&item).to_owned()),
            None => return Ok(()),
        }
    } else {
        (value.clone(), told_type(&value, kind).to_owned())
    };
    let names: Vec<Obj> = types.iter().map(|name| Obj::from(*name)).collect();
    let (shown, names) = (told(cx, &shown)?, cx.repr(&Obj::list(names))?);
    Err(failed(format!(
        "In function {}(), invalid type for value: {shown}, expected one of: {names}, received: \"{received}\"",
        function.name
    )))
}

/// The first item of an array that is not of the type that all must have: of some types, the one that the first item is.
fn misfit(cx: &mut Cx<'_>, array: &Obj, types: &[&str]) -> Result<Option<Obj>, Raise> {
    let mut wanted = (types.len() == 1).then(|| types[0]);
    for item in cx.iter_lenient(array)? {
        let item = item.defined()?;
        let kind = type_of(&item);
        wanted = wanted.or_else(|| types.iter().copied().find(|name| *name == kind));
        if wanted != Some(kind) {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn function(cx: &mut Cx<'_>, name: &str, args: &[Ast], data: &Obj) -> Got {
    let Some(function) = FUNCTIONS.binary_search_by(|f| f.name.cmp(name)).ok().and_then(|at| FUNCTIONS.get(at)) else {
        return Err(failed(format!("Unknown function: {name}()")));
    };
    let (count, wanted) = (args.len(), function.args.len());
    if function.more && count < wanted || !function.more && count != wanted {
        let least = if function.more { "at least " } else { "" };
        let plural = if wanted == 1 { "argument" } else { "arguments" };
        return Err(failed(format!("Expected {least}{wanted} {plural} for function {name}(), received {count}")));
    }
    let mut given = Vec::new();
    for (i, arg) in args.iter().enumerate() {
        let argument = match arg {
            Ast::Expref { ast, .. } => Argument::Expref(ast),
            other => Argument::Value(visit(cx, other, data)?),
        };
        let types = function.args.get(i).or_else(|| function.args.last()).copied().unwrap_or_default();
        check(cx, function, types, &argument)?;
        given.push(argument);
    }
    call(cx, name, &given)
}

fn call(cx: &mut Cx<'_>, name: &str, given: &[Argument<'_>]) -> Got {
    let value = |at: usize| match given.get(at) {
        Some(Argument::Value(value)) => value.clone(),
        _ => Obj::None,
    };
    let (first, second) = (value(0), value(1));
    match name {
        "abs" => cx.filter("abs", first, CallArgs::default())?.defined(),
        "avg" => average(cx, &first),
        "ceil" | "floor" => Ok(match first.as_number().filter(|_| matches!(first, Obj::Float(_))) {
            Some(f) => {
                crate::template::filters::support::float_to_int(if name == "ceil" { f.ceil() } else { f.floor() })
                    .unwrap_or_default()
            }
            None => first,
        }),
        "contains" if first.as_str().is_some() && second.as_str().is_none() => Ok(false.into()),
        "contains" => {
            // Nothing in an array may be undefined, wherever it stands.
            items(cx, &first)?;
            cx.contains(&first, &second).map(Obj::from)
        }
        "ends_with" => Ok(first.as_str().zip(second.as_str()).is_some_and(|(a, b)| a.ends_with(b)).into()),
        "starts_with" => Ok(first.as_str().zip(second.as_str()).is_some_and(|(a, b)| a.starts_with(b)).into()),
        "join" => cx.filter("join", second, CallArgs::positional([first]))?.defined(),
        "keys" => Ok(Obj::list(cx.items(&first)?.into_iter().map(|(key, _)| key))),
        "values" => {
            let values = cx.items(&first)?.into_iter().map(|(_, item)| item.defined());
            values.collect::<Result<Vec<_>, _>>().map(Obj::list)
        }
        "length" => cx.filter("length", first, CallArgs::default())?.defined(),
        "map" => mapped(cx, given, &second),
        "max" | "min" if items(cx, &first)?.is_some_and(|all| all.is_empty()) => Ok(Obj::None),
        "max" | "min" => cx.filter(name, first, CallArgs::positional([Obj::Bool(true)]))?.defined(),
        "max_by" | "min_by" | "sort_by" => by(cx, name, &first, given),
        "merge" => merge(cx, given),
        "not_null" => Ok((0..given.len()).map(value).find(|v| !v.is_none()).unwrap_or_default()),
        "reverse" if first.as_str().is_some() => cx.filter("reverse", first, CallArgs::default())?.defined(),
        "reverse" => Ok(Obj::list(items(cx, &first)?.unwrap_or_default().into_iter().rev())),
        "sort" => {
            let all = items(cx, &first)?.unwrap_or_default();
            cx.sort(all, Obj::clone).map(Obj::list)
        }
        "sum" => {
            let mut sum = Obj::Int(0);
            for item in items(cx, &first)?.unwrap_or_default() {
                sum = cx.add_objects(&sum, &item)?;
            }
            Ok(sum)
        }
        "to_array" if is_array(&first) => Ok(first),
        "to_array" => Ok(Obj::list([first])),
        "to_number" => to_number(&first),
        "to_string" if first.as_str().is_some() => Ok(first),
        "to_string" => {
            let mut out = String::new();
            json(cx, &first, &mut out)?;
            Ok(out.into())
        }
        "type" => Ok(match type_of(&first) {
            "unknown" => Obj::None,
            known => known.into(),
        }),
        other => Err(failed(format!("Unknown function: {other}()"))),
    }
}

fn average(cx: &mut Cx<'_>, list: &Obj) -> Got {
    let all = items(cx, list)?.unwrap_or_default();
    let sum: f64 = all.iter().filter_map(Obj::as_number).sum();
    Ok(if all.is_empty() { Obj::None } else { (sum / all.len() as f64).into() })
}

fn to_number(obj: &Obj) -> Got {
    Ok(match obj {
        obj if is_number(obj) => obj.clone(),
        Obj::Str(text) => match parse_int(text.as_str(), 10) {
            Some(whole) => Obj::big(whole),
            None => parse_float(text.as_str()).map_or(Obj::None, Obj::Float),
        },
        Obj::None | Obj::Bool(_) | Obj::List(_) | Obj::Dict(_) | Obj::Map(_) => Obj::None,
        Obj::Undefined(u) => return Err(stopped(u)),
        other => {
            let words = "int() argument must be a string, a bytes-like object or a real number, not";
            return Err(stopped(format!("{words} '{}'", other.full_name())));
        }
    })
}

/// JSON as Python's own module writes it without blanks, with the text of what JSON has no word for.
fn json(cx: &mut Cx<'_>, value: &Obj, out: &mut String) -> Result<(), Raise> {
    text_fits(out.len())?;
    match value {
        Obj::List(_) | Obj::Tuple(_) => {
            out.push('[');
            for (at, item) in cx.each(value)?.enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                let item = item?.defined()?;
                cx.deeper(|cx| json(cx, &item, out))?;
            }
            out.push(']');
        }
        Obj::Dict(_) | Obj::Map(_) => {
            out.push('{');
            for (at, (key, item)) in cx.items(value)?.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                if !matches!(key, Obj::None | Obj::Bool(_) | Obj::Str(_)) && !is_number(&key) {
                    let kind = plugin_type(&key);
                    return Err(stopped(format!("keys must be str, int, float, bool or None, not {kind}")));
                }
                let key = key_text(&cx.value(&key)?);
                out.push_str(&write_json(&key.into(), JsonStyle::default()));
                out.push(':');
                let item = item.defined()?;
                cx.deeper(|cx| json(cx, &item, out))?;
            }
            out.push('}');
        }
        Obj::None | Obj::Bool(_) | Obj::Int(_) | Obj::Float(_) | Obj::Str(_) => {
            out.push_str(&write_json(&cx.value(value)?, JsonStyle::default()));
        }
        Obj::Big(_) => out.push_str(&cx.text(value)?),
        other => {
            let text = cx.text(other)?;
            out.push_str(&write_json(&text.into(), JsonStyle::default()));
        }
    }
    Ok(())
}

fn mapped(cx: &mut Cx<'_>, given: &[Argument<'_>], list: &Obj) -> Got {
    let Some(Argument::Expref(ast)) = given.first() else { return Ok(Obj::None) };
    let mut out = Vec::new();
    for item in cx.iter_lenient(list)? {
        out.push(visit(cx, ast, &item.defined()?)?);
    }
    Ok(Obj::list(out))
}

fn merge(cx: &mut Cx<'_>, given: &[Argument<'_>]) -> Got {
    let mut out: indexmap::IndexMap<Obj, Obj> = indexmap::IndexMap::new();
    for argument in given {
        if let Argument::Value(value) = argument {
            for (key, item) in cx.items(value)? {
                out.insert(key, item.defined()?);
            }
        }
    }
    Ok(Obj::dict(out))
}

/// `sort_by`, `max_by` and `min_by`: keys must be all numbers or all strings.
fn by(cx: &mut Cx<'_>, name: &str, list: &Obj, given: &[Argument<'_>]) -> Got {
    let Some(Argument::Expref(ast)) = given.get(1) else { return Ok(Obj::None) };
    let mut pairs: Vec<(Obj, Obj)> = Vec::new();
    let mut wanted = vec!["number", "string"];
    for item in cx.iter_lenient(list)? {
        // Python makes a list of them to sort, once it has looked at the first.
        if name == "sort_by" && pairs.len() == 1 {
            items(cx, list)?;
        }
        let item = item.defined()?;
        let key = visit(cx, ast, &item)?;
        let kind = told_type(&key, type_of(&key));
        if !wanted.contains(&kind) {
            // Of the first key in sorting, it is the item that is told.
            let first = name == "sort_by" && pairs.is_empty();
            let (shown, wanted) = if first { (item, vec!["string", "number"]) } else { (key, wanted) };
            let wanted: Vec<Obj> = wanted.into_iter().map(Obj::from).collect();
            let (shown, wanted) = (told(cx, &shown)?, cx.repr(&Obj::list(wanted))?);
            return Err(failed(format!(
                "In function {name}(), invalid type for value: {shown}, expected one of: {wanted}, received: \"{kind}\""
            )));
        }
        if name == "sort_by" {
            wanted = vec![kind];
            pairs.push((key, item));
            continue;
        }
        // The first of equals counts, for the greatest too.
        let (symbol, better) = if name == "max_by" { (">", Ordering::Greater) } else { ("<", Ordering::Less) };
        match pairs.first() {
            Some((best, _)) if cx.order(&key, &best.clone(), symbol)? != Some(better) => {}
            _ => pairs = vec![(key, item)],
        }
    }
    if name == "sort_by" {
        let sorted = cx.sort(pairs, |(key, _)| key.clone())?;
        return Ok(Obj::list(sorted.into_iter().map(|(_, item)| item)));
    }
    Ok(pairs.pop().map_or(Obj::None, |(_, item)| item))
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;

    #[test]
    fn functions_are_sorted() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
