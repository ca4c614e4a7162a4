//! `keep_keys`, `remove_keys` and `replace_keys`: dictionaries of a list with other keys.

use super::shown;
use crate::re::{Flags, Pattern};
use crate::template::filters::support::{Got, class_of, is_mapping, is_sequence, opt_text, sig};
use crate::template::{CallArgs, Cx, Obj, Raise};

/// How a key is compared with the targets.
enum Match {
    Equal(Vec<String>),
    Starts(Vec<String>),
    Ends(Vec<String>),
    Regex(Vec<Pattern>),
}

impl Match {
    /// The first target that a key matches.
    fn find(&self, key: &str) -> Result<Option<usize>, Raise> {
        Ok(match self {
            Self::Equal(all) => all.iter().position(|t| t == key),
            Self::Starts(all) => all.iter().position(|t| key.starts_with(t)),
            Self::Ends(all) => all.iter().position(|t| key.ends_with(t)),
            Self::Regex(all) => {
                for (i, pattern) in all.iter().enumerate() {
                    if pattern.search(key, 0)?.is_some() {
                        return Ok(Some(i));
                    }
                }
                None
            }
        })
    }

    fn new(kind: &str, targets: Vec<String>, invalid: impl Fn() -> Raise) -> Result<Self, Raise> {
        Ok(match kind {
            "starts_with" => Self::Starts(targets),
            "ends_with" => Self::Ends(targets),
            "regex" => {
                let compiled = targets.iter().map(|t| Pattern::anchored(t, Flags::default(), false));
                Self::Regex(compiled.collect::<Result<_, _>>().map_err(|_| invalid())?)
            }
            _ => Self::Equal(targets),
        })
    }
}

type Rows = Vec<Vec<(String, Obj)>>;

/// The list's dictionaries with keys of text, and the kind of comparison.
fn read(cx: &mut Cx<'_>, input: &Obj, kind: &Option<Obj>) -> Result<(Rows, String), Raise> {
    if !is_sequence(input) && input.as_str().is_none() {
        let shown = shown(cx, input)?;
        return Err(Raise::ansible(format!("First argument must be a list. {shown}")));
    }
    let mut dicts = Vec::new();
    for item in cx.each(input)? {
        let item = item?;
        if !is_mapping(&item) {
            let shown = shown(cx, &item)?;
            return Err(Raise::ansible(format!("The data items must be dictionaries. {shown}")));
        }
        dicts.push(item);
    }
    let mut rows = Vec::new();
    for item in dicts {
        let items = cx.items(&item)?;
        let keys: Vec<Obj> = items.iter().map(|(key, _)| key.clone()).collect();
        let text = items.into_iter().map(|(key, value)| key.as_str().map(|k| (k.to_owned(), value)));
        match text.collect::<Option<Vec<_>>>() {
            Some(row) => rows.push(row),
            None => {
                let shown = cx.repr(&Obj::list(keys))?;
                return Err(Raise::ansible(format!("Top level keys must be strings. keys: dict_keys({shown})")));
            }
        }
    }
    let kind = opt_text(cx, kind)?.unwrap_or_else(|| "equal".into());
    if !["equal", "starts_with", "ends_with", "regex"].contains(&kind.as_str()) {
        return Err(Raise::ansible(format!(
            "The matching_parameter must be one of ['equal', 'starts_with', 'ends_with', 'regex']. \
             matching_parameter={kind}"
        )));
    }
    Ok((rows, kind))
}

/// The targets of `keep_keys` and `remove_keys`.
fn targets(cx: &mut Cx<'_>, target: Option<Obj>, kind: &str) -> Result<Match, Raise> {
    let target = target.unwrap_or_default();
    let mut all = Vec::new();
    match &target {
        Obj::Str(text) => all.push(text.as_str().to_owned()),
        Obj::List(_) | Obj::Tuple(_) => {
            for item in cx.each(&target)? {
                let item = item?;
                let Some(text) = item.as_str() else {
                    let shown = shown(cx, &item)?;
                    return Err(Raise::ansible(format!("The target items must be strings. {shown}")));
                };
                all.push(text.to_owned());
            }
        }
        other => {
            let class = class_of(other);
            return Err(Raise::ansible(format!("The target must be a string or a list. target is {class}.")));
        }
    }
    if all.is_empty() || target.as_str() == Some("") {
        return Err(Raise::ansible("The target can't be empty."));
    }
    if kind == "regex" && all.len() > 1 {
        return Err(Raise::ansible("Single item is required in the target list if matching_parameter=regex."));
    }
    let shown = all.first().cloned().unwrap_or_default();
    Match::new(kind, all, || {
        Raise::ansible(format!("The target must be a valid regex if matching_parameter=regex. target is {shown}"))
    })
}

fn dicts(rows: Rows) -> Obj {
    Obj::list(rows.into_iter().map(|row| Obj::dict(row.into_iter().map(|(key, value)| (Obj::from(key), value)))))
}

/// Fails at the first value that is undefined: the dictionaries are read whole.
fn all_defined(rows: &Rows) -> Result<(), Raise> {
    rows.iter().flatten().try_for_each(|(_, value)| value.clone().defined().map(drop))
}

fn filtered(cx: &mut Cx<'_>, input: &Obj, args: CallArgs, func: &'static str, keep: bool) -> Got {
    let [target, kind] = args.bind(&sig(func, 1, ["target", "matching_parameter"], 0))?;
    let (mut rows, kind) = read(cx, input, &kind)?;
    let targets = targets(cx, target, &kind)?;
    all_defined(&rows)?;
    for row in &mut rows {
        let mut left = Vec::new();
        for (key, value) in std::mem::take(row) {
            if targets.find(&key)?.is_some() == keep {
                left.push((key, value));
            }
        }
        *row = left;
    }
    Ok(dicts(rows))
}

pub(in crate::template::filters) fn keep_keys(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    filtered(cx, &input, args, "keep_keys", true)
}

pub(in crate::template::filters) fn remove_keys(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    filtered(cx, &input, args, "remove_keys", false)
}

pub(in crate::template::filters) fn replace_keys(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [target, kind] = args.bind(&sig("replace_keys", 1, ["target", "matching_parameter"], 0))?;
    let (mut rows, kind) = read(cx, &input, &kind)?;
    let target = target.unwrap_or_default();
    if !matches!(target, Obj::List(_)) {
        return Err(Raise::type_error("not all arguments converted during string formatting"));
    }
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for item in cx.each(&target)? {
        let item = item?;
        if !is_mapping(&item) {
            let shown = shown(cx, &item)?;
            return Err(Raise::ansible(format!("The target items must be dictionaries. {shown}")));
        }
        let (Some(from), Some(to)) = (cx.dict_get(&item, "before")?, cx.dict_get(&item, "after")?) else {
            return Err(Raise::ansible("All dictionaries in target must include attributes: after, before."));
        };
        for (name, value, into) in [("before", from, &mut before), ("after", to, &mut after)] {
            let Some(text) = value.as_str() else {
                let shown = shown(cx, &value)?;
                return Err(Raise::ansible(format!("The attributes {name} must be strings. {shown}")));
            };
            into.push(text.to_owned());
        }
    }
    if before.is_empty() {
        return Err(Raise::ansible("The target can't be empty."));
    }
    let targets = Match::new(&kind, before, || {
        Raise::ansible("The attributes before must be valid regex if matching_parameter=regex.")
    })?;
    all_defined(&rows)?;
    for (key, _) in rows.iter_mut().flatten() {
        if let Some(new) = targets.find(key)?.and_then(|at| after.get(at)) {
            key.clone_from(new);
        }
    }
    Ok(dicts(rows))
}
