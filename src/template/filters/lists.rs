//! Filters over sequences: `first`, `join`, `sort`, `unique`, `batch`, `flatten`, …

use super::support::{Got, alone, caused, follow, hashable, is_sequence, key, path, sig, some, tripped};
use crate::template::bounds::{MOST_ITEMS, list_fits, text_fits};
use crate::template::ops::python_type;
use crate::template::raise::Class;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use num_bigint::BigInt;
use std::rc::Rc;

pub(super) fn first(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    args.bind(&sig("sync_do_first", 2, [], 0))?;
    if let Obj::Range(range) = &input
        && !range.is_empty()
    {
        return Ok(range.at(0).into());
    }
    let items = cx.iter_lenient(&input)?;
    Ok(items.into_iter().next().unwrap_or_else(|| Obj::undefined("No first item, sequence was empty.")))
}

pub(super) fn last(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    args.bind(&sig("do_last", 2, [], 0))?;
    let function = matches!(&input, Obj::Special(special) if special.callable());
    let scalar = matches!(input, Obj::Int(_) | Obj::Big(_) | Obj::None | Obj::Bool(_) | Obj::Float(_) | Obj::Omit);
    let date = matches!(input, Obj::Date(_) | Obj::DateTime(_) | Obj::Delta(_));
    if function || scalar || date || matches!(input, Obj::Set(_) | Obj::Iter(_)) {
        return Err(Raise::type_error(format!("'{}' object is not reversible", input.full_name())));
    }
    if let Obj::Range(range) = &input
        && !range.is_empty()
    {
        return Ok(range.at(range.len() - 1).into());
    }
    let items = cx.iter_lenient(&input)?;
    Ok(items.into_iter().next_back().unwrap_or_else(|| Obj::undefined("No last item, sequence was empty.")))
}

pub(super) fn length(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    if !args.is_empty() {
        return Err(Raise::type_error(format!(
            "len() takes exactly one argument ({} given)",
            args.positional.len() + args.named.len() + 1
        )));
    }
    cx.len(&input).map(Obj::from)
}

pub(super) fn list(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "sync_do_list")?;
    Ok(Obj::list(if let Obj::List(_) = input { cx.iter(&input)? } else { cx.iter_lenient(&input)? }))
}

pub(super) fn join(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [d, attribute] = args.bind(&sig("sync_do_join", 2, ["d", "attribute"], 0))?;
    let separator = match &d {
        None => String::new(),
        Some(d) => cx.text(d)?,
    };
    let path = some(attribute).map(|a| path(&a));
    let mut out = String::new();
    for (i, item) in cx.each(&input)?.enumerate() {
        let item = item?;
        if i > 0 {
            out.push_str(&separator);
        }
        let item = match &path {
            Some(path) => follow(cx, &item, path)?.defined()?,
            None => item,
        };
        match &item {
            Obj::Str(text) => out.push_str(text.as_str()),
            other => out.push_str(&cx.text(other)?),
        }
        text_fits(out.len())?;
    }
    Ok(out.into())
}

pub(super) fn sort(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let params = ["reverse", "case_sensitive", "attribute"];
    let [reverse, case, attribute] = args.bind(&sig("do_sort", 2, params, 0))?;
    let case = case.truth(cx, false)?;
    let paths: Vec<Vec<Obj>> = match some(attribute) {
        Some(Obj::Str(text)) => text.as_str().split(',').map(|part| path(&Obj::from(part))).collect(),
        Some(other) => vec![path(&other)],
        None => vec![Vec::new()],
    };
    let items = cx.iter(&input)?;
    let reverse = reverse.int(0)? != 0;
    let mut keyed = Vec::new();
    for item in items {
        let mut keys = Vec::new();
        for path in &paths {
            keys.push(key(cx, &item, path, case)?);
        }
        keyed.push((Obj::list(keys), item));
    }
    // Python reverses before and after, which keeps equal items in their order.
    if reverse {
        keyed.reverse();
    }
    let mut sorted = cx.sort(keyed, |(key, _)| key.clone())?;
    if reverse {
        sorted.reverse();
    }
    Ok(Obj::list(sorted.into_iter().map(|(_, item)| item)))
}

pub(super) fn unique(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [case, attribute] = args.bind(&sig("unique", 2, ["case_sensitive", "attribute"], 0))?;
    let explicit_off = matches!(case, Some(Obj::Bool(false)));
    let case = case.truth(cx, false)?;
    let path = some(attribute).map(|a| path(&a)).unwrap_or_default();
    let strict = explicit_off || !path.is_empty();
    unique_items(cx, &input, case, &path, strict).map(Obj::list).map_err(|raise| match raise {
        failure @ Raise::Failed(_) if strict => caused(tripped(failure), NO_FALL_BACK),
        Raise::Undefined(u) if strict => caused(u.to_string(), NO_FALL_BACK),
        Raise::Python(_, text) if strict && !text.starts_with(NO_FALL_BACK.trim_end_matches('.')) => {
            caused(text.into_string(), NO_FALL_BACK)
        }
        other => other,
    })
}

const NO_FALL_BACK: &str = "Jinja2's unique filter failed and we cannot fall back to Ansible's version as it does not \
                            support the parameters supplied.";

/// The items that differ; unhashable ones are compared one by one, where no option forbids it.
pub(super) fn unique_items(
    cx: &mut Cx<'_>,
    input: &Obj,
    case: bool,
    path: &[Obj],
    strict: bool,
) -> Result<Vec<Obj>, Raise> {
    let mut seen = indexmap::IndexSet::new();
    let mut out = Vec::new();
    for item in cx.each(input)? {
        let item = item?;
        let key = key(cx, &item, path, case)?;
        match key.check_hashable() {
            Ok(()) => {
                if seen.insert(key) {
                    out.push(item);
                }
            }
            Err(raise) if strict => {
                let shown = if path.is_empty() { &item } else { &key };
                let cause = tripped(hashable(shown).err().unwrap_or(raise));
                return Err(caused(cause, NO_FALL_BACK));
            }
            Err(_) => return unique_slowly(cx, input),
        }
    }
    Ok(out)
}

fn unique_slowly(cx: &mut Cx<'_>, input: &Obj) -> Result<Vec<Obj>, Raise> {
    let mut out: Vec<Obj> = Vec::new();
    for item in cx.each(input)? {
        let item = item?;
        if !member(cx, &out, &item)? {
            out.push(item);
        }
    }
    Ok(out)
}

/// Whether an equal item is among them.
pub(in crate::template) fn member(cx: &mut Cx<'_>, items: &[Obj], wanted: &Obj) -> Result<bool, Raise> {
    for item in items {
        if cx.equals(item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn min(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    extreme(cx, input, args, "do_min", false)
}

pub(super) fn max(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    extreme(cx, input, args, "do_max", true)
}

fn extreme(cx: &mut Cx<'_>, input: Obj, args: CallArgs, func: &'static str, most: bool) -> Got {
    let [case, attribute] = args.bind(&sig(func, 2, ["case_sensitive", "attribute"], 0))?;
    let case = case.truth(cx, false)?;
    let path = some(attribute).map(|a| path(&a)).unwrap_or_default();
    let mut best: Option<(Obj, Obj)> = None;
    for item in cx.each(&input)? {
        let item = item?;
        let found = key(cx, &item, &path, case)?;
        let better = match &best {
            None => true,
            Some((so_far, _)) => {
                let order = cx.order(&found, so_far, if most { ">" } else { "<" })?;
                order == Some(if most { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less })
            }
        };
        if better {
            best = Some((found, item));
        }
    }
    Ok(best.map_or_else(|| Obj::undefined("No aggregated item, sequence was empty."), |(_, item)| item))
}

pub(super) fn batch(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [count, fill] = args.bind(&sig("do_batch", 1, ["linecount", "fill_with"], 1))?;
    let count = count.unwrap_or_default();
    let items = cx.iter(&input)?;
    if !items.is_empty() {
        // It is compared with how many there are, which reads what is in it. What is no number is never reached.
        cx.equals(&Obj::Int(0), &count)?;
    }
    let count = count.as_number().map_or(i64::MAX, |count| if count.fract() == 0.0 { count as i64 } else { i64::MAX });
    let mut rows = Vec::new();
    let mut row = Vec::new();
    for item in items {
        if row.len() as i64 == count {
            rows.push(Obj::list(std::mem::take(&mut row)));
        }
        row.push(item);
    }
    if !row.is_empty() {
        if let Some(fill) = some(fill) {
            list_fits(if count == i64::MAX { 0 } else { usize::try_from(count).unwrap_or(0) })?;
            while count < i64::MAX && (row.len() as i64) < count {
                row.push(fill.clone());
            }
        }
        rows.push(Obj::list(row));
    }
    Ok(Obj::iter(rows))
}

pub(super) fn slice(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [count, fill] = args.bind(&sig("sync_do_slice", 1, ["slices", "fill_with"], 1))?;
    let items = cx.iter(&input)?;
    if let Some(other) = count.as_ref().filter(|count| count.as_number().is_none()) {
        let kind = other.type_name();
        return Err(Raise::type_error(format!("unsupported operand type(s) for //: 'int' and '{kind}'")));
    }
    if matches!(count, Some(Obj::Float(0.0))) {
        return Err(Raise::python(Class::ZeroDivision, "float floor division by zero"));
    }
    let count = count.int(0)?;
    if count == 0 {
        return Err(Raise::python(Class::ZeroDivision, "integer division or modulo by zero"));
    }
    let count = usize::try_from(count).unwrap_or(0);
    list_fits(count)?;
    let fill = some(fill);
    let each = items.len().checked_div(count).unwrap_or(0);
    let extra = items.len() - each * count;
    let mut rest = items.into_iter();
    let mut rows = Vec::new();
    for i in 0..count {
        let mut row: Vec<Obj> = rest.by_ref().take(each + usize::from(i < extra)).collect();
        if let Some(fill) = fill.as_ref().filter(|_| i >= extra) {
            row.push(fill.clone());
        }
        rows.push(Obj::list(row));
    }
    Ok(Obj::iter(rows))
}

pub(super) fn flatten(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [levels, skip] = args.bind(&sig("flatten", 1, ["levels", "skip_nulls"], 0))?;
    let skip = skip.truth(cx, true)?;
    let levels = match some(levels) {
        None => None,
        // No level is asked for before a list is met.
        Some(Obj::Str(_)) => {
            for item in cx.each(&input)? {
                if is_sequence(&item?.defined()?) {
                    return Err(Raise::type_error("'>=' not supported between instances of 'str' and 'int'"));
                }
            }
            None
        }
        Some(other) => other.as_number().map(|n| n as i64),
    };
    let mut out = Vec::new();
    flatten_into(cx, &input, levels, skip, &mut out)?;
    Ok(Obj::list(out))
}

/// The items of nested lists in one list, down to a number of levels.
pub(in crate::template) fn flatten_into(
    cx: &mut Cx<'_>,
    input: &Obj,
    levels: Option<i64>,
    skip: bool,
    out: &mut Vec<Obj>,
) -> Result<(), Raise> {
    for item in cx.each(input)? {
        let mut item = item?;
        if skip {
            // It is compared with what is skipped.
            item = item.defined()?;
        }
        if skip && (cx.equals(&item, &Obj::None)? || matches!(item.as_str(), Some("None" | "null"))) {
            continue;
        }
        if is_sequence(&item) && levels.is_none_or(|l| l >= 1) {
            cx.deeper(|cx| flatten_into(cx, &item, levels.map(|l| l - 1), skip, out))?;
        } else {
            out.push(item);
        }
    }
    Ok(())
}

pub(super) fn sum(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [attribute, start] = args.bind(&sig("sync_do_sum", 2, ["attribute", "start"], 0))?;
    let path = some(attribute).map(|a| path(&a)).unwrap_or_default();
    let mut total = start.unwrap_or(Obj::Int(0));
    let items = cx.each(&input)?;
    if total.as_str().is_some() {
        return Err(Raise::type_error("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    for item in items {
        let item = item?;
        let item = if path.is_empty() { item } else { follow(cx, &item, &path)?.defined()? };
        total = cx.add_objects(&total, &item)?;
    }
    Ok(total)
}

pub(super) fn zip(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let strict = match args.take("strict") {
        Some(strict) => cx.truthy(&strict)?,
        None => false,
    };
    if !args.named.is_empty() {
        let name = args.named.first().map(|(n, _)| n.to_string()).unwrap_or_default();
        return Err(Raise::type_error(format!("zip() got an unexpected keyword argument '{name}'")));
    }
    let columns = columns(cx, input, args.positional)?;
    let shortest = columns.iter().map(Vec::len).min().unwrap_or(0);
    let mut rows = Vec::with_capacity(shortest);
    // The first that has no more ends it, after those before it were read.
    for i in 0..=shortest {
        let row = columns.iter().map_while(|column| column.get(i).cloned()).collect::<Result<Vec<Obj>, Raise>>()?;
        if i < shortest {
            rows.push(Obj::tuple(row));
        }
    }
    if strict {
        check_lengths(&columns)?;
    }
    Ok(Obj::iter(rows))
}

/// The items of one of several lists.
type Column = Vec<Result<Obj, Raise>>;

fn check_lengths(columns: &[Column]) -> Result<(), Raise> {
    let first = columns.first().map_or(0, Vec::len);
    for (i, column) in columns.iter().enumerate().skip(1) {
        if column.len() == first {
            continue;
        }
        let word = if column.len() < first { "shorter" } else { "longer" };
        let others = if i == 1 { "argument 1".to_owned() } else { format!("arguments 1-{i}") };
        return Err(Raise::value_error(format!("zip() argument {} is {word} than {others}", i + 1)));
    }
    Ok(())
}

/// The items of each of several lists, with what is undefined in them; a tuple's is no error.
fn columns(cx: &mut Cx<'_>, input: Obj, others: Vec<Obj>) -> Result<Vec<Column>, Raise> {
    std::iter::once(input).chain(others).map(|source| column(cx, source)).collect()
}

fn column(cx: &mut Cx<'_>, source: Obj) -> Result<Column, Raise> {
    cx.each(&source).map(Iterator::collect).map_err(|raise| match raise {
        raise if raise.is(Class::Type) => Raise::type_error(format!("'{}' object is not iterable", source.type_name())),
        other => other,
    })
}

pub(super) fn zip_longest(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let fill = args.take("fillvalue").unwrap_or_default();
    if !args.named.is_empty() {
        return Err(Raise::type_error("zip_longest() got an unexpected keyword argument"));
    }
    let columns = columns(cx, input, args.positional)?;
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row = |i: usize| {
        let items = columns.iter().map(|column| column.get(i).cloned().unwrap_or_else(|| Ok(fill.clone())));
        items.collect::<Result<Vec<Obj>, Raise>>().map(Obj::tuple)
    };
    Ok(Obj::iter((0..longest).map(row).collect::<Result<Vec<Obj>, Raise>>()?))
}

/// How many tuples combinatorial filters make at most.
const MOST: usize = MOST_ITEMS;

/// How long such a tuple is at most.
const MOST_COLUMNS: usize = 1000;

fn too_many() -> Raise {
    Raise::python(Class::Overflow, "too many combinations")
}

pub(super) fn product(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let repeat = usize::try_from(args.take("repeat").int(1)?)
        .map_err(|_| Raise::value_error("repeat argument cannot be negative"))?;
    // Nothing is read of what is taken no times.
    let mut columns = Vec::new();
    for source in std::iter::once(input).chain(args.positional).filter(|_| repeat > 0) {
        columns.push(column(cx, source)?.into_iter().collect::<Result<Vec<Obj>, Raise>>()?);
    }
    Ok(Obj::iter(products(&columns, repeat)?.into_iter().map(Obj::tuple)))
}

/// All rows with one item of each column, the last column moving fastest.
pub(in crate::template) fn products(columns: &[Vec<Obj>], repeat: usize) -> Result<Vec<Vec<Obj>>, Raise> {
    if repeat.saturating_mul(columns.len()) > MOST_COLUMNS {
        return Err(too_many());
    }
    let mut rows: Vec<Vec<Obj>> = vec![Vec::new()];
    for column in (0..repeat).flat_map(|_| columns) {
        if rows.len().saturating_mul(column.len()) > MOST {
            return Err(too_many());
        }
        let longer = rows
            .iter()
            .flat_map(|row| column.iter().map(move |item| row.iter().chain(std::iter::once(item)).cloned().collect()));
        rows = longer.collect();
    }
    Ok(rows)
}

pub(super) fn permutations(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [size] = args.bind(&sig("permutations", 1, ["r"], 0))?;
    choose(cx, &input, some(size), true)
}

pub(super) fn combinations(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    if args.is_empty() {
        return Err(Raise::type_error("combinations() missing required argument 'r' (pos 2)"));
    }
    let [size] = args.bind(&sig("combinations", 1, ["r"], 1))?;
    choose(cx, &input, size, false)
}

fn choose(cx: &mut Cx<'_>, input: &Obj, size: Option<Obj>, ordered: bool) -> Got {
    let items = cx.iter(input)?;
    let size = match size {
        None => items.len(),
        size => usize::try_from(size.int(0)?).map_err(|_| Raise::value_error("r must be non-negative"))?,
    };
    let mut out = Vec::new();
    let mut chosen = Vec::new();
    if size > MOST_COLUMNS && size <= items.len() {
        return Err(too_many());
    }
    // How many there will be: n!/(n-r)!, for combinations divided by r!.
    let mut count = 1f64;
    for i in 0..size.min(items.len()) {
        count *= (items.len() - i) as f64 / if ordered { 1.0 } else { (i + 1) as f64 };
    }
    if size <= items.len() && count > MOST as f64 {
        return Err(too_many());
    }
    if size <= items.len() {
        grow(&items, size, ordered, &mut chosen, &mut out)?;
    }
    Ok(Obj::iter(out))
}

fn grow(items: &[Obj], size: usize, ordered: bool, chosen: &mut Vec<usize>, out: &mut Vec<Obj>) -> Result<(), Raise> {
    if chosen.len() == size {
        if out.len() >= MOST {
            return Err(too_many());
        }
        // There may be millions of them: none has room for more than it holds.
        let mut row = Vec::with_capacity(size);
        row.extend(chosen.iter().filter_map(|i| items.get(*i).cloned()));
        out.push(Obj::tuple(row));
        return Ok(());
    }
    let from = if ordered { 0 } else { chosen.last().map_or(0, |last| last + 1) };
    for i in from..items.len() {
        if ordered && chosen.contains(&i) {
            continue;
        }
        chosen.push(i);
        grow(items, size, ordered, chosen, out)?;
        chosen.pop();
    }
    Ok(())
}

pub(super) fn random(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [start, step, seed] = args.bind(&sig("rand", 2, ["start", "step", "seed"], 0))?;
    let mut random = generator(cx, some(seed))?;
    if let Some(end) = input.as_big() {
        let (start, step) = (whole(start, 0)?, whole(step, 1)?);
        let width = end.clone() - start;
        let count = match step.signum() {
            0 => BigInt::ZERO,
            sign => (&width + step - sign) / step,
        };
        return match count.to_biguint() {
            Some(count) if count.bits() > 0 => Ok(Obj::big(BigInt::from(random.below_big(&count)) * step + start)),
            _ if step == 1 => Err(Raise::value_error(format!("empty range for randrange() ({start}, {end}, {width})"))),
            _ => Err(Raise::value_error("empty range for randrange()")),
        };
    }
    let has_items = match &input {
        Obj::None | Obj::Float(_) | Obj::Big(_) | Obj::Omit => false,
        Obj::Special(special) => Rc::clone(special).iter(cx).is_some(),
        _ => true,
    };
    if !has_items {
        return Err(Raise::ansible("random can only be used on sequences and integers"));
    }
    if start.truth(cx, false)? || step.truth(cx, false)? {
        return Err(Raise::ansible("start and step can only be used with integer values"));
    }
    if let Obj::Range(range) = &input {
        return match range.len() {
            0 => Err(Raise::python(Class::Index, "Cannot choose from an empty sequence")),
            count => Ok(range.at(random.below(count as u64) as usize).into()),
        };
    }
    let items = cx.iter_lenient(&input).map_err(|raise| match raise {
        Raise::Python(..) => Raise::ansible("random can only be used on sequences and integers"),
        other => other,
    })?;
    let at = random.below(items.len() as u64) as usize;
    if let (Obj::Dict(dict), false) = (&input, items.is_empty()) {
        // A dictionary's items are looked up by the number.
        let found = dict.borrow().get(&Obj::from(at)).cloned();
        return found.ok_or_else(|| Raise::python(Class::Key, at.to_string()));
    }
    items.into_iter().nth(at).ok_or_else(|| Raise::python(Class::Index, "Cannot choose from an empty sequence"))
}

/// A start or step: 0, none or empty is the default; digits in text count.
fn whole(arg: Option<Obj>, default: i64) -> Result<i64, Raise> {
    match arg {
        Some(Obj::Str(text)) if !text.as_str().is_empty() => text.as_str().trim().parse().map_err(|_| {
            Raise::value_error(format!(
                "invalid literal for int() with base 10: {}",
                crate::value::str_repr(text.as_str())
            ))
        }),
        None | Some(Obj::None | Obj::Str(_)) => Ok(default),
        other => match other.int(default)? {
            0 => Ok(default),
            number => Ok(number),
        },
    }
}

/// A generator with a seed, or one that the operating system seeds.
pub(in crate::template) fn generator(
    cx: &mut Cx<'_>,
    seed: Option<Obj>,
) -> Result<crate::template::pylib::random::Random, Raise> {
    use crate::template::pylib::random::Random;
    match seed {
        None => Random::system().map_err(|e| Raise::python(Class::Os, e)),
        Some(seed) => match seed.as_big() {
            Some(number) => Ok(Random::from_int(&number)),
            None if !matches!(seed, Obj::Str(_) | Obj::Float(_) | Obj::Bytes(_) | Obj::None) => Err(Raise::type_error(
                "The only supported seed types are: None,\nint, float, str, bytes, and bytearray.",
            )),
            None => Ok(Random::from_text(&cx.text(&seed)?)),
        },
    }
}

pub(super) fn shuffle(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [seed] = args.bind(&sig("randomize_list", 1, ["seed"], 0))?;
    let Ok(mut items) = cx.iter(&input) else {
        return Ok(input);
    };
    let seed = match seed {
        Some(seed) if cx.truthy(&seed)? => Some(seed),
        _ => None,
    };
    generator(cx, seed)?.shuffle(&mut items);
    Ok(Obj::list(items))
}

pub(super) fn items(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_items")?;
    if let Obj::Undefined(_) = input {
        return Ok(Obj::iter([]));
    }
    if !super::support::is_mapping(&input) {
        return Err(Raise::type_error("Can only get item pairs from a mapping."));
    }
    let items = cx.defined_items(&input)?.into_iter().map(|(key, value)| Obj::tuple([key, value]));
    Ok(Obj::iter(items.collect::<Vec<_>>()))
}

/// The text of a path or name, which several filters take.
pub(super) fn texts(cx: &mut Cx<'_>, input: &Obj) -> Result<Vec<String>, Raise> {
    let mut out = Vec::new();
    for item in cx.each(input)? {
        let item = item?;
        out.push(match item.as_str() {
            Some(text) => text.to_owned(),
            None => {
                let text = format!("expected str, bytes or os.PathLike object, not {}", python_type(&item));
                return Err(Raise::type_error(text));
            }
        });
    }
    Ok(out)
}
