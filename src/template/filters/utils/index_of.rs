//! `index_of`, which is a lookup too: where in a list the items are that pass a test.

use super::options::Options;
use super::refused;
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::template::filters::support::{Got, plain_json};
use crate::template::{CallArgs, Cx, Obj, Raise};

static SPEC: Spec = Spec::new(&[
    Arg::new("data", Kind::List).required(),
    Arg::new("test", Kind::Str).required(),
    Arg::new("value", Kind::Raw),
    Arg::new("key", Kind::Str),
    Arg::new("fail_on_missing", Kind::Bool).default(Default::Bool(false)),
    Arg::new("wantlist", Kind::Bool).default(Default::Bool(false)),
]);

const NAMES: [&str; 6] = ["data", "test", "value", "key", "fail_on_missing", "wantlist"];

pub(in crate::template::filters) fn index_of(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let options = Options::read(cx, &SPEC, &NAMES, Some(input), args)?;
    let mut found = search(cx, &options)?;
    if let [_] = found.as_slice()
        && !options.args().bool("wantlist")
    {
        return Ok(found.remove(0));
    }
    Ok(Obj::list(found))
}

/// The lookup, whose items are the places.
pub(in crate::template) fn found(cx: &mut Cx<'_>, args: CallArgs) -> Result<Vec<Obj>, Raise> {
    let options = Options::read(cx, &SPEC, &NAMES, None, args)?;
    super::asks_environment(cx);
    search(cx, &options)
}

fn search(cx: &mut Cx<'_>, options: &Options) -> Result<Vec<Obj>, Raise> {
    let question = Question { test: options.args().str("test"), value: options.given("value") };
    let data = options.container("data");
    let mut found = Vec::new();
    let Some(key) = options.args().opt_str("key") else {
        for (at, item) in cx.each(&data)?.enumerate() {
            if question.holds(cx, &item?)? {
                found.push(at.into());
            }
        }
        return Ok(found);
    };
    let items = cx.iter_lenient(&data)?;
    if !items.iter().all(|item| matches!(item, Obj::Dict(_))) {
        let mut kinds = Vec::new();
        for item in items {
            let item = item.defined()?;
            plain_json(cx, &item)?;
            kinds.push(json_type(&item).to_owned());
        }
        let why = "When a key name is provided, all list entries are required to be dictionaries, got";
        return Err(refused("index_of", format!("{why} {}", and(&kinds))));
    }
    let missing_fails = options.args().bool("fail_on_missing");
    let mut missing = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some(value) = cx.dict_get(item, key)? else {
            if missing_fails {
                missing.push(format!("'{key}' was not found in '{}' at [{at}]", cx.text(item)?));
            }
            continue;
        };
        if question.holds(cx, &value.defined()?)? {
            found.push(at.into());
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    Err(refused("index_of", format!("{}. fail_on_missing=True", and(&missing))))
}

/// A test and the value that it compares with.
struct Question<'a> {
    test: &'a str,
    value: Obj,
}

impl Question<'_> {
    fn holds(&self, cx: &mut Cx<'_>, item: &Obj) -> Result<bool, Raise> {
        plain_json(cx, item)?;
        let (name, inverted) = self.name();
        let value = match &self.value {
            list @ Obj::List(_) => list.clone(),
            one if name == "in" => Obj::list([one.clone()]),
            one => one.clone(),
        };
        if cx.templar().test(name).is_none() {
            let (shown, kind) = (cx.text(item)?, json_type(item));
            let value = cx.text(&self.value)?;
            return Err(refused(
                "index_of",
                format!(
                    "Error encountered when testing value '{shown}' (type={kind}) against '{value}' (type={kind}) with \
                     '{}'.  Error was: the test '{name}' was not found.",
                    self.test
                ),
            ));
        }
        let args = CallArgs::positional((!value.is_none()).then_some(value));
        Ok(cx.test(name, item.clone(), args)? != inverted)
    }

    /// The test's own name, and whether its answer is turned round.
    fn name(&self) -> (&str, bool) {
        if self.test.starts_with('!') {
            let name = self.test.trim_start_matches('!');
            (if name == "=" { "==" } else { name }, true)
        } else if self.test.starts_with("not ") {
            // All leading letters of "not " go, those of the name too: `not odd` asks for `dd`.
            (self.test.trim_start_matches(['n', 'o', 't', ' ']), true)
        } else {
            (self.test, false)
        }
    }
}

/// The type that an item has in JSON, by Python's names.
fn json_type(item: &Obj) -> &str {
    match item {
        Obj::Tuple(_) => "list",
        other => other.native_name(),
    }
}

/// Texts in a row: `a, b and c`. One alone has nothing before the `and`.
fn and(texts: &[String]) -> String {
    let (last, before) = texts.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
    format!("{} and {last}", before.join(", "))
}
