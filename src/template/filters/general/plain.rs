//! `dict`, `dict_kv`, `counter`, `groupby_as_dict`, `version_sort`, `random_mac`, `from_csv`, `crc32`, `accumulate`.

use super::shown;
use crate::template::filters::lists::generator;
use crate::template::filters::support::{
    Got, alone, class_of, decoded, given, hashable, is_mapping, is_sequence, opt_text, sig, some,
};
use crate::template::methods::dict::pairs;
use crate::template::pylib::csv::{self, Dialect};
use crate::template::pylib::version::{Scheme, compare};
use crate::template::sorting::sorted;
use crate::template::{Arg, CallArgs, Class, Cx, Obj, Raise};
use std::cmp::Ordering;

pub(in crate::template::filters) fn dict(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "dict_filter")?;
    if let Obj::Undefined(u) = &input {
        return Err(u.used());
    }
    // A dictionary of ansible-core's own is read whole.
    let items = if is_mapping(&input) { cx.defined_items(&input)? } else { pairs(cx, &input)? };
    items.iter().try_for_each(|(key, _)| hashable(key))?;
    Ok(Obj::dict(items))
}

pub(in crate::template::filters) fn dict_kv(_: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [key] = args.bind(&sig("dict_kv", 1, ["key"], 1))?;
    let key = given(key);
    hashable(&key)?;
    Ok(Obj::dict([(key, input)]))
}

pub(in crate::template::filters) fn counter(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "counter")?;
    if !is_sequence(&input) && input.as_str().is_none() {
        let shown = shown(cx, &input)?;
        return Err(Raise::ansible(format!(
            "Argument for community.general.counter must be a sequence (string or list). {shown}"
        )));
    }
    let mut counts: indexmap::IndexMap<Obj, i64> = indexmap::IndexMap::new();
    for item in cx.each(&input)? {
        let item = item?.defined()?;
        hashable(&item).map_err(|raise| {
            Raise::ansible(format!(
                "community.general.counter needs a sequence with hashable elements (int, float or str) - {}",
                raise.text()
            ))
        })?;
        *counts.entry(item).or_default() += 1;
    }
    Ok(Obj::dict(counts.into_iter().map(|(item, count)| (item, count.into()))))
}

pub(in crate::template::filters) fn groupby_as_dict(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [attribute] = args.bind(&sig("groupby_as_dict", 1, ["attribute"], 1))?;
    let attribute = given(attribute);
    if !is_sequence(&input) && !matches!(input, Obj::Str(_) | Obj::Bytes(_)) {
        return Err(Raise::ansible("Input is not a sequence"));
    }
    let mut out: Vec<(Obj, Obj)> = Vec::new();
    for (i, item) in cx.each(&input)?.enumerate() {
        let item = item?;
        if !is_mapping(&item) {
            return Err(Raise::ansible(format!("Sequence element #{i} is not a mapping")));
        }
        let found = cx.items(&item)?.into_iter().find(|(key, _)| *key == attribute);
        let Some((_, value)) = found else {
            return Err(Raise::ansible(format!("Attribute not contained in element #{i} of sequence")));
        };
        let value = value.defined()?;
        hashable(&value)?;
        if out.iter().any(|(key, _)| *key == value) {
            let shown = cx.repr(&value)?;
            return Err(Raise::ansible(format!("Multiple sequence entries have attribute value {shown}")));
        }
        out.push((value, item));
    }
    Ok(Obj::dict(out))
}

pub(in crate::template::filters) fn version_sort(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [reverse] = args.bind(&sig("version_sort", 1, ["reverse"], 0))?;
    let reverse = reverse.int(0)? != 0;
    let mut items = Vec::new();
    for item in cx.iter(&input)? {
        // What is false is no version at all, which shows once it is compared.
        let text = if cx.truthy(&item)? { item.as_str().map(str::to_owned) } else { Some(String::new()) };
        let Some(text) = text else {
            return Err(Raise::type_error(format!("expected string or bytes-like object, got '{}'", item.type_name())));
        };
        items.push((text, item));
    }
    if items.len() > 1 && items.iter().any(|(text, _)| text.is_empty()) {
        return Err(Raise::python(Class::Attribute, "'LooseVersion' object has no attribute 'version'"));
    }
    if reverse {
        items.reverse();
    }
    let less = |(a, _): &(String, Obj), (b, _): &(String, Obj)| compare(a, b, Scheme::Loose).map(Ordering::is_lt);
    match sorted(items, less) {
        Err(error) => Err(Raise::type_error(error)),
        Ok(mut items) if reverse => {
            items.reverse();
            Ok(Obj::list(items.into_iter().map(|(_, item)| item)))
        }
        Ok(items) => Ok(Obj::list(items.into_iter().map(|(_, item)| item))),
    }
}

pub(in crate::template::filters) fn random_mac(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [seed] = args.bind(&sig("random_mac", 1, ["seed"], 0))?;
    let Some(text) = input.as_str() else {
        let (class, shown) = (class_of(&input), cx.text(&input)?);
        return Err(Raise::ansible(format!("Invalid value type ({class}) for random_mac ({shown})")));
    };
    let text = text.to_lowercase();
    let items: Vec<&str> = text.split(':').collect();
    if items.len() > 5 {
        return Err(Raise::ansible(format!("Invalid value ({text}) for random_mac: 5 colon(:) separated items max")));
    }
    let digit = |b: &u8| matches!(b, b'a'..=b'f' | b'0'..=b'9');
    let wrong: Vec<String> = items
        .iter()
        .filter_map(|item| match item.as_bytes() {
            [] => Some("empty item".to_owned()),
            [a, b, ..] if digit(a) && digit(b) => None,
            _ => Some(format!("{item} not hexa byte")),
        })
        .collect();
    if !wrong.is_empty() {
        let wrong = wrong.join(",");
        let wrong = wrong.trim_matches(',');
        return Err(Raise::ansible(format!("Invalid value ({text}) for random_mac: {wrong}")));
    }
    let mut random = generator(cx, some(seed))?;
    // Ten digits, the first of which is not 0.
    let (low, high) = (0x10_0000_0000_u64, 0xff_ffff_ffff);
    let digits = format!("{:x}", low + random.below(high - low + 1));
    let mut out = text.clone();
    for pair in digits.as_bytes().chunks(2).take(6 - items.len()) {
        out.push(':');
        out.extend(pair.iter().map(|b| char::from(*b)));
    }
    Ok(out.into())
}

pub(in crate::template::filters) fn from_csv(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let params = ["dialect", "fieldnames", "delimiter", "skipinitialspace", "strict"];
    let [dialect, names, delimiter, skip, strict] = args.bind(&sig("from_csv", 1, params, 0))?;
    let dialect = opt_text(cx, &dialect)?.unwrap_or_else(|| "excel".into());
    let usual = match dialect.as_str() {
        "excel" | "unix" => ',',
        "excel-tab" => '\t',
        other => {
            return Err(Raise::ansible(format!("Dialect '{other}' is not supported by your version of python.")));
        }
    };
    let delimiter = match opt_text(cx, &delimiter)? {
        None => usual,
        Some(text) => match text.chars().collect::<Vec<_>>().as_slice() {
            [one] => *one,
            _ => {
                let text = "Unable to create custom dialect: \"delimiter\" must be a 1-character string";
                return Err(Raise::ansible(text));
            }
        },
    };
    let dialect = Dialect { delimiter, skips_blanks: skip.truth(cx, false)?, strict: strict.truth(cx, false)? };
    let text = decoded(cx, &input)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let read = csv::rows(text.split_inclusive('\n'), dialect).collect::<Result<Vec<_>, _>>();
    let mut lines = read.map_err(|why| Raise::ansible(format!("Unable to process file: {why}")))?.into_iter();
    let names: Vec<Obj> = match some(names) {
        Some(names) => cx.iter(&names)?,
        None => lines.next().unwrap_or_default().into_iter().map(Obj::from).collect(),
    };
    let mut out = Vec::new();
    for line in lines {
        let mut fields = line.into_iter().map(Obj::from);
        let mut row: Vec<(Obj, Obj)> =
            names.iter().map(|name| (name.clone(), fields.next().unwrap_or_default())).collect();
        let rest: Vec<Obj> = fields.collect();
        if !rest.is_empty() {
            row.push((Obj::None, Obj::list(rest)));
        }
        out.push(Obj::dict(row));
    }
    Ok(Obj::list(out))
}

pub(in crate::template::filters) fn crc32(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "crc32s")?;
    let Some(text) = input.as_str() else {
        let (class, shown) = (class_of(&input), cx.repr(&input)?);
        return Err(Raise::ansible(format!("Invalid value type ({class}) for crc32 ({shown})")));
    };
    let step = |crc: u32, _: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    let crc = text.bytes().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(byte), step));
    Ok(format!("{:x}", !crc).into())
}

pub(in crate::template::filters) fn accumulate(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "list_accumulate")?;
    if !is_sequence(&input) && input.as_str().is_none() {
        let (class, shown) = (class_of(&input), cx.repr(&input)?);
        return Err(Raise::ansible(format!("Invalid value type ({class}) for accumulate ({shown})")));
    }
    let mut sum: Option<Obj> = None;
    let mut out = Vec::new();
    for item in cx.each(&input)? {
        let item = item?;
        let next = match sum {
            Some(sum) => cx.add_objects(&sum, &item)?,
            None => item,
        };
        out.push(next.clone());
        sum = Some(next);
    }
    Ok(Obj::list(out))
}
