//! `debconf`: the answer to a question of a package's, by `debconf-show` and `debconf-set-selections`.

use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, words};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "debconf",
    doc: "Configure a .deb package.",
    spec: &Spec {
        required_together: &[&["question", "vtype", "value"]],
        ..Spec::new(&[
            Arg::new("name", Kind::Str).required().aliases(&["pkg"]),
            Arg::new("question", Kind::Str).aliases(&["selection", "setting"]),
            Arg::new("vtype", Kind::Str).choices(&[
                "boolean",
                "error",
                "multiselect",
                "note",
                "password",
                "seen",
                "select",
                "string",
                "text",
                "title",
            ]),
            Arg::new("value", Kind::Raw).aliases(&["answer"]),
            Arg::new("unseen", Kind::Bool).default(Default::Bool(false)),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let package = call.args.str("name");
    let known = answers(call, package)?;
    let Some(question) = call.args.opt_str("question") else {
        return Ok(Outcome::changed(false).with("msg", "").with("current", known));
    };
    let vtype = call.args.str("vtype");
    let mut value = call.args.value("value").clone();
    if vtype == "boolean" {
        value = value.to_text().to_lowercase().into();
    }
    let changed = match known.get(question).map(Value::to_text) {
        None => true,
        Some(now) => {
            let now = match vtype {
                "boolean" => now.to_lowercase().into(),
                "password" => password(call, package, question)?,
                "multiselect" if value.as_list().is_some() => {
                    value = sorted(&value)?;
                    let mut parts: Vec<&str> = now.split(',').map(str::trim).collect();
                    parts.sort_unstable();
                    Value::list(parts.into_iter().map(Value::from))
                }
                _ => now.into(),
            };
            now != value
        }
    };
    if !changed {
        return Ok(Outcome::changed(false).with("msg", "").with("current", known));
    }
    let mut msg = String::new();
    if !call.check() {
        if vtype == "multiselect"
            && let Some(items) = value.as_list()
        {
            let texts: Result<Vec<String>, Outcome> =
                items.iter().enumerate().map(|(at, item)| text(item, at)).collect();
            let texts = texts.map_err(|why| {
                let why = why.get("msg").map(Value::to_text).unwrap_or_default();
                Outcome::failed(format!("Invalid value provided for 'multiselect': {why}"))
            })?;
            value = texts.join(", ").into();
        }
        msg = set(call, package, question, vtype, &value)?;
    }
    Ok(result(call, question, value, &known).with("msg", msg))
}

fn result(call: &Call<'_>, question: &str, value: Value, known: &Dict) -> Outcome {
    // Where the question is new, the real one shows all that the package was asked before.
    let previous = match known.get(question) {
        Some(old) => Dict::from([(question, old.clone())]),
        None => {
            let mut all = known.clone();
            all.insert(question, "");
            all
        }
    };
    let current = Dict::from([(question, value)]);
    let mut diff = Dict::new();
    if call.context.diff {
        let mut after = previous.clone();
        after.update(&current);
        diff.insert("before", previous.clone());
        diff.insert("after", after);
    }
    Outcome::changed(true).with("current", current).with("previous", previous).with("diff", diff)
}

fn execute(call: &Call<'_>, argv: &[String], stdin: Option<String>) -> Result<Output, Outcome> {
    let command = call.command(argv).stdin(stdin.map(|text| format!("{text}\n").into_bytes()));
    command.run().map_err(|error| command::not_started(argv, &error))
}

fn tool(call: &Call<'_>, name: &str) -> Result<Vec<String>, Outcome> {
    Ok(vec![call.need_program(name)?.to_string_lossy().into_owned()])
}

/// What the package was told, by question.
fn answers(call: &Call<'_>, package: &str) -> Result<Dict, Outcome> {
    let mut argv = tool(call, "debconf-show")?;
    argv.extend(words::split(package).map_err(Outcome::crashed)?);
    let output = execute(call, &argv, None)?;
    if output.rc != 0 {
        return Err(Outcome::failed(output.err()));
    }
    read_answers(&output.out())
}

fn read_answers(text: &str) -> Result<Dict, Outcome> {
    let mut answers = Dict::new();
    for line in text.lines() {
        let (question, answer) =
            line.split_once(':').ok_or_else(|| Outcome::crashed("not enough values to unpack (expected 2, got 1)"))?;
        answers.insert(question.trim_matches('*').trim(), answer.trim());
    }
    Ok(answers)
}

/// The password of a question, which `debconf-show` hides; null where there is none.
fn password(call: &Call<'_>, package: &str, question: &str) -> Result<Value, Outcome> {
    let output = execute(call, &tool(call, "debconf-get-selections")?, None)?;
    if output.rc != 0 {
        let err = output.err();
        return Err(Outcome::failed(format!("Failed to get the value '{question}' from '{package}': {err}")));
    }
    for line in output.out().split('\n').filter(|line| line.starts_with(package)) {
        match line.split('\t').collect::<Vec<_>>().as_slice() {
            [_, known, "password", password, ..] if *known == question => return Ok((*password).into()),
            [_, _, _, _, ..] => {}
            _ => return Ok("".into()),
        }
    }
    Ok(Value::Null)
}

/// A list in order; of things that can be compared.
fn sorted(list: &Value) -> Result<Value, Outcome> {
    let mut items = list.as_list().unwrap_or_default().to_vec();
    let is_text = |value: &Value| value.as_str().is_some();
    if let Some(pair) = items.windows(2).find(|pair| is_text(&pair[0]) != is_text(&pair[1])) {
        let (left, right) = (pair[1].type_name(), pair[0].type_name());
        return Err(Outcome::failed(format!(
            "Invalid value provided for 'multiselect': '<' not supported between instances of '{left}' and '{right}'"
        )));
    }
    if items.iter().all(is_text) {
        items.sort_by_key(Value::to_text);
    }
    Ok(Value::list(items))
}

/// A value that must be text.
fn text(value: &Value, at: usize) -> Result<String, Outcome> {
    value.as_str().map(str::to_owned).ok_or_else(|| {
        Outcome::failed(format!("sequence item {at}: expected str instance, {} found", value.type_name()))
    })
}

/// Answers the question; gives what the tool printed. The answer goes by its standard input.
fn set(call: &Call<'_>, package: &str, question: &str, vtype: &str, value: &Value) -> Result<String, Outcome> {
    let mut argv = tool(call, "debconf-set-selections")?;
    if call.args.bool("unseen") {
        argv.push("-u".into());
    }
    let value =
        text(value, 3).map_err(|why| Outcome::crashed(why.get("msg").map(Value::to_text).unwrap_or_default()))?;
    let output = execute(call, &argv, Some(format!("{package} {question} {vtype} {value}")))?;
    if output.rc != 0 {
        return Err(Outcome::failed(output.err()));
    }
    Ok(output.out())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let answers = read_answers("* tz/Areas: Etc\n  tz/Zones/Etc:UTC\n* a/b: c: d\n").expect("read");
        assert_eq!(crate::value::repr(&answers.into()), "{'tz/Areas': 'Etc', 'tz/Zones/Etc': 'UTC', 'a/b': 'c: d'}");
        assert!(read_answers("nonsense\n").is_err());
    }

    #[test]
    fn lists_are_compared_in_order() {
        let list = |items: &[&str]| Value::list(items.iter().map(|item| Value::from(*item)));
        assert_eq!(sorted(&list(&["b", "a"])).expect("sorted"), list(&["a", "b"]));
        let mixed = Value::list([Value::from("a"), Value::from(1)]);
        let why = sorted(&mixed).expect_err("mixed");
        assert!(why.get("msg").map(Value::to_text).unwrap_or_default().ends_with("of 'int' and 'str'"));
    }
}
