//! `fact_diff`, a unified diff of two values, and `param_list_compare`, a list of parameters with `all` and `!name`.

use super::options::{Options, named};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::re::{Flags, Pattern};
use crate::template::filters::json::in_own_order;
use crate::template::filters::support::{Got, no_attribute, plain_json, told_apart};
use crate::template::pylib::text::lines as split_lines;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::{JsonStyle, Value, diff_lines, repr, unified, write_json};

static VARS: Spec = Spec::new(&[Arg::new("skip_lines", Kind::List).elements(Kind::Str)]);

static PLUGIN: Spec = Spec::new(&[
    Arg::new("name", Kind::Str).default(Default::Str("ansible.utils.native")),
    Arg::new("vars", Kind::Dict).default(Default::EmptyDict).options(&VARS),
]);

static DIFF: Spec = Spec::new(&[
    Arg::new("before", Kind::Raw).required(),
    Arg::new("after", Kind::Raw).required(),
    Arg::new("plugin", Kind::Dict).default(Default::EmptyDict).options(&PLUGIN),
    Arg::new("common", Kind::Bool).default(Default::Bool(false)),
]);

static COMPARED: Spec =
    Spec::new(&[Arg::new("base", Kind::List).elements(Kind::Str), Arg::new("target", Kind::List).elements(Kind::Str)]);

pub(in crate::template::filters) fn fact_diff(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let options = Options::read(cx, &DIFF, &["before", "after", "plugin", "common"], Some(input), args)?;
    let plugin = options.args().value("plugin");
    if plugin.get("name").and_then(Value::as_str) != Some("ansible.utils.native") {
        let text = "cannot access local variable 'result' where it is not associated with a value";
        return Err(Raise::python(crate::template::Class::Runtime, text));
    }
    let skipped = patterns(plugin.get("vars").and_then(|vars| vars.get("skip_lines")))?;
    let mut sides = Vec::new();
    for name in ["before", "after"] {
        sides.push(kept_lines(cx, options.given(name), &skipped)?);
    }
    let mut texts = Vec::new();
    for side in sides {
        texts.push(diff_lines(&side_text(cx, &side)?));
    }
    let [before, after] = texts.as_slice() else { return Ok(Obj::None) };
    let mut lines = unified(before, after, ["before", "after"], before.len().max(after.len()));
    let differs = !lines.is_empty();
    if options.args().bool("common") {
        lines.retain(|line| !line.starts_with(['+', '-']));
    }
    if differs {
        lines.push("\n".into());
    }
    let text = without_escapes(&lines.concat())?;
    Ok(repr(&Value::list(split_lines(&text).into_iter().map(Value::from))).into())
}

fn patterns(given: Option<&Value>) -> Result<Vec<Pattern>, Raise> {
    let mut out = Vec::new();
    for text in given.and_then(Value::as_list).unwrap_or_default() {
        let text = text.to_text();
        out.push(Pattern::anchored(&text, Flags::default(), false).map_err(|error| {
            told_apart(format!(
                "Error when using filter plugin 'fact_diff': The regex '{text}', is not valid. The error was {error}."
            ))
        })?);
    }
    Ok(out)
}

/// A side as the list of its lines without those that are skipped; as it is where none are.
fn kept_lines(cx: &mut Cx<'_>, side: Obj, skipped: &[Pattern]) -> Got {
    if skipped.is_empty() {
        return Ok(side);
    }
    let lines = match &side {
        Obj::Str(text) => split_lines(text.as_str()).into_iter().map(Obj::from).collect(),
        other => cx.iter(other)?,
    };
    let mut left = Vec::new();
    for line in lines {
        let text = cx.text(&line)?;
        let mut skip = false;
        for pattern in skipped {
            skip = skip || pattern.search(&text, 0)?.is_some();
        }
        if !skip {
            left.push(line);
        }
    }
    Ok(Obj::list(left))
}

/// A side as a text: dictionaries as JSON, lists item by item.
fn side_text(cx: &mut Cx<'_>, side: &Obj) -> Result<String, Raise> {
    match side {
        Obj::Str(text) => Ok(text.as_str().to_owned()),
        Obj::None => Ok(String::new()),
        Obj::List(_) => {
            let mut lines = Vec::new();
            for item in cx.each(side)? {
                let item = item?;
                lines.push(cx.text(&item)?);
            }
            Ok(lines.join("\n") + "\n")
        }
        Obj::Dict(_) | Obj::Map(_) => {
            plain_json(cx, side)?;
            let style = JsonStyle { indent: Some(4), sort_keys: false, unicode: false };
            let value = cx.value(side)?;
            Ok(write_json(&in_own_order(cx, &value)?, style) + "\n")
        }
        other => Err(no_attribute(other, "splitlines")),
    }
}

/// Text without a terminal's escape sequences.
fn without_escapes(text: &str) -> Result<String, Raise> {
    let pattern = Pattern::new("\\x1B[@-_][0-?]*[ -/]*[@-~]", Flags::default())?;
    Ok(pattern.replace(text, &crate::re::Template::literal(""), 0)?.0)
}

pub(in crate::template::filters) fn param_list_compare(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let given = named(&["base", "target"], Some(input), args);
    if given.len() < 2 {
        return Err(Raise::ansible(
            "Missing either 'base' or 'other value in filter input,refer 'ansible.utils.param_list_compare' filter \
             plugin documentation for details",
        ));
    }
    let args = CallArgs { positional: Vec::new(), named: given };
    let options = Options::read_as(cx, "param_list_compare filter", &COMPARED, &[], None, args)?;
    // What is compared is what was given, not what the check made of it.
    let (base, target) = (options.given("base"), options.given("target"));
    let (mut all, mut without, mut more, mut unsupported) = (false, Vec::new(), Vec::new(), Vec::new());
    let items = cx.iter(&target)?;
    // Its own items are looked at before any is looked for in the base.
    if let Some(other) = items.iter().find(|item| item.as_str().is_none()) {
        if let Obj::Undefined(u) = other {
            return Err(u.used());
        }
        return Err(no_attribute(other, "startswith"));
    }
    for item in items {
        let text = item.as_str().unwrap_or_default();
        if text == "all" {
            all = true;
        } else if let Some(name) = text.strip_prefix('!') {
            without.push(Obj::str(name));
        } else if cx.contains(&base, &item)? {
            more.push(item);
        } else {
            unsupported.push(item);
        }
    }
    let result = if all { base } else { Obj::list([]) };
    let Obj::List(list) = &result else { return Err(no_list(cx, &result, &without, &more)?) };
    let mut items = cx.iter(&result)?;
    for name in &without {
        if let Some(at) = items.iter().position(|item| item.as_str() == name.as_str()) {
            items.remove(at);
        }
    }
    for item in more {
        if !items.iter().any(|have| have.as_str() == item.as_str()) {
            items.push(item);
        }
    }
    // The base itself changes, as in the real one: a template that looks at it afterwards sees that.
    *list.borrow_mut() = cx.sort(items, Clone::clone)?;
    Ok(Obj::dict([("actionable".into(), result), ("unsupported".into(), Obj::list(unsupported))]))
}

/// The complaint about a base that is no list, by the first method that it lacks.
fn no_list(cx: &mut Cx<'_>, base: &Obj, without: &[Obj], more: &[Obj]) -> Result<Raise, Raise> {
    for name in without {
        if cx.contains(base, name)? {
            return Ok(no_attribute(base, "remove"));
        }
    }
    for name in more {
        if !cx.contains(base, name)? {
            return Ok(no_attribute(base, "append"));
        }
    }
    Ok(no_attribute(base, "sort"))
}
