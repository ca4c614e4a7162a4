//! `consolidate`: several lists of dictionaries grouped by what they have in common.

use super::options::Options;
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::template::filters::support::{Got, hashable};
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::Value;
use indexmap::{IndexMap, IndexSet};

static SOURCE: Spec = Spec::new(&[
    Arg::new("data", Kind::Raw).required(),
    Arg::new("match_key", Kind::Str).required(),
    Arg::new("name", Kind::Str).required(),
]);

static SPEC: Spec = Spec::new(&[
    Arg::new("data_sources", Kind::List).elements(Kind::Dict).options(&SOURCE).required(),
    Arg::new("fail_missing_match_key", Kind::Bool).default(Default::Bool(true)),
    Arg::new("fail_missing_match_value", Kind::Bool).default(Default::Bool(true)),
    Arg::new("fail_duplicate", Kind::Bool).default(Default::Bool(true)),
]);

const NAMES: [&str; 4] = ["data_sources", "fail_missing_match_key", "fail_missing_match_value", "fail_duplicate"];

/// One source, and its entries by the value of their key.
struct Source {
    name: Obj,
    entries: IndexMap<Obj, Obj>,
}

/// What is wrong with the sources, by the option that makes an error of it.
#[derive(Default)]
struct Faults(Vec<(&'static str, Vec<String>)>);

impl Faults {
    fn add(&mut self, option: &'static str, wanted: bool, fault: impl FnOnce() -> String) {
        if !wanted {
            return;
        }
        match self.0.iter_mut().find(|(name, _)| *name == option) {
            Some((_, faults)) => faults.push(fault()),
            None => self.0.push((option, vec![fault()])),
        }
    }

    /// Fails where there are any; the options in the order of `options`.
    fn check(&self, options: &[&str]) -> Result<(), Raise> {
        let found = options.iter().filter_map(|option| self.0.iter().find(|(name, _)| name == option));
        let texts: Vec<String> = found
            .map(|(option, faults)| {
                format!("Error when using plugin 'consolidate': '{option}' reported {}", faults.join(", "))
            })
            .collect();
        if texts.is_empty() { Ok(()) } else { Err(Raise::ansible(texts.join("; "))) }
    }
}

pub(in crate::template::filters) fn consolidate(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let options = Options::read(cx, &SPEC, &NAMES, Some(input), args)?;
    let args = options.args();
    let given: Vec<Value> = args.value("data_sources").as_list().unwrap_or_default().to_vec();
    let mut faults = Faults::default();
    let mut sources = Vec::new();
    for (number, source) in (1..).zip(&given) {
        let key = source.get("match_key").and_then(Value::as_str).unwrap_or_default();
        let mut entries = IndexMap::new();
        let mut values = Vec::new();
        let data = Obj::data(source.get("data").unwrap_or(&Value::Null)).lazy();
        for (place, entry) in (1..).zip(cx.iter(&data)?) {
            let Some(value) = keyed(cx, &entry, key)? else {
                faults.add("fail_missing_match_key", args.bool("fail_missing_match_key"), || {
                    format!("missing match key '{key}' in data source {number} in list entry {place}")
                });
                continue;
            };
            let value = value.lazy();
            values.push(value.clone());
            hashable(&value)?;
            entries.insert(value, entry);
        }
        // The real one sorts to compare, so what has no order is an error, wanted or not.
        let different = entries.len();
        cx.sort(entries.keys().cloned().collect(), Clone::clone)?;
        cx.sort(values.clone(), Clone::clone)?;
        if different != values.len() {
            faults.add("fail_duplicate", args.bool("fail_duplicate"), || {
                format!("duplicate values in data source {number}")
            });
        }
        sources.push(Source { name: source.get("name").map(Obj::data).unwrap_or_default(), entries });
    }
    faults.check(&["fail_missing_match_key", "fail_duplicate"])?;
    let all: IndexSet<Obj> = sources.iter().flat_map(|source| source.entries.keys().cloned()).collect();
    if args.bool("fail_missing_match_value") {
        missing_values(&sources, &all)?.check(&["fail_missing_match_value"])?;
    }
    let all = cx.sort(all.into_iter().collect(), Clone::clone)?;
    let grouped = all.into_iter().map(|value| {
        let of = |source: &Source| {
            (source.name.clone(), source.entries.get(&value).cloned().unwrap_or_else(|| Obj::dict([])))
        };
        let group = Obj::dict(sources.iter().map(of));
        (value, group)
    });
    Ok(Obj::dict(grouped.collect::<Vec<_>>()))
}

/// An entry's value of a key, in the words of a subscription in Python.
fn keyed(cx: &mut Cx<'_>, entry: &Obj, key: &str) -> Result<Option<Obj>, Raise> {
    match entry {
        Obj::Dict(_) => cx.dict_get(entry, key),
        Obj::Str(_) => Err(Raise::type_error("string indices must be integers, not 'str'")),
        Obj::List(_) => Err(Raise::type_error("list indices must be integers or slices, not str")),
        other => Err(Raise::type_error(format!("'{}' object is not subscriptable", other.type_name()))),
    }
}

/// The values that some sources have and others lack.
fn missing_values(sources: &[Source], all: &IndexSet<Obj>) -> Result<Faults, Raise> {
    let mut faults = Faults::default();
    for (number, source) in (1..).zip(sources) {
        let mut missing = Vec::new();
        for value in all.iter().filter(|value| !source.entries.contains_key(*value)) {
            let at = missing.len();
            let Some(text) = value.as_str() else {
                let kind = value.type_name();
                return Err(Raise::type_error(format!("sequence item {at}: expected str instance, {kind} found")));
            };
            missing.push(text.to_owned());
        }
        if !missing.is_empty() {
            faults.add("fail_missing_match_value", true, || {
                format!("missing match value {} in data source {number}", missing.join(", "))
            });
        }
    }
    Ok(faults)
}
