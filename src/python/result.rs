//! What a module printed, read as its result.
//!
//! Follows ansible-core's "legacy" profile of messages from module to controller: plain JSON, in which errors,
//! warnings and deprecations are objects that say their type. Noise around the JSON is passed over, at its end with
//! a warning.

use crate::diag::{Error, Mark, Origin, Remark};
use crate::proto::Outcome;
use crate::value::{Dict, Surrogate, Text, Value, parse_json_noting, str_repr};
use crate::yaml::timestamp;

/// What a run left behind.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    /// Its exit status.
    pub rc: i64,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The module, as its task names it.
    pub name: String,
    /// The module's file on the controller.
    pub path: String,
}

/// A module's result, read.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// The result.
    pub outcome: Outcome,
    /// The error behind a failure, as it is told.
    pub error: Option<Error>,
    /// The warnings and deprecations in the result that have help beside their words.
    pub remarks: Vec<Remark>,
    /// What to warn of beside the module's own warnings.
    pub warnings: Vec<String>,
    /// Whether bytes that are no text were replaced in what is shown of it.
    pub replaced: bool,
}

/// The name of the key that says an object's type.
pub(super) const TYPE: &str = "__ansible_type";

/// The key by which a host says that a module could not be compiled there.
const UNCOMPILED: &str = "_ansible_uncompiled";

/// Help for whoever sees a result that is none.
const SEE: &str = "See stdout/stderr for the returned output.";

/// Reads what was printed by a module that `interpreter` ran; `traces` keeps the tracebacks in it, and `strict`
/// refuses a result with bytes that are no text.
pub fn read(printed: &Printed, interpreter: &str, traces: bool, strict: bool) -> Read {
    let mut warnings = Vec::new();
    match parse(&printed.stdout, &mut warnings) {
        Ok((_, Some(alone))) if strict => {
            let text = format!(
                "Task failed: Refusing to deserialize an invalid UTF8 string value: 'utf-8' codec can't encode \
                 character '\\u{:04x}' in position {}: surrogates not allowed",
                alone.code, alone.position
            );
            let outcome = Outcome::failed(text).with(Outcome::CRASHED, true);
            Read { outcome, warnings, ..Read::default() }
        }
        Ok((dict, _)) => match dict.get(UNCOMPILED) {
            Some(wrong) => uncompiled(printed, wrong),
            None => understood(dict, warnings, traces),
        },
        Err(why) => {
            let mut read = unreadable(printed, interpreter, &why);
            // The traceback that there is: of an interpreter that was not caught.
            if traces && !printed.stderr.trim().is_empty() {
                read.outcome.set("exception", printed.stderr.as_str());
            }
            read
        }
    }
}

/// Reads a result that was kept as a module printed it, as a job's file keeps it; None where nothing in it says
/// its type.
pub fn untagged(result: &Dict, traces: bool) -> Option<Read> {
    if let Some(wrong) = result.get(UNCOMPILED) {
        let import = wrong.get("name").map(Value::to_text).unwrap_or_default();
        let mut read = uncompiled(&Printed { name: task_name(&import), ..Printed::default() }, wrong);
        let said = read.outcome.result;
        read.outcome.result = result.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        read.outcome.result.remove(UNCOMPILED);
        read.outcome.result.update(&said);
        return Some(read);
    }
    if !result.values().any(is_tagged) {
        return None;
    }
    let own = |name: &Value| name.as_str().is_some_and(|name| name.starts_with("_ansible_"));
    let (own, said): (Vec<_>, Vec<_>) = result.iter().partition(|(name, _)| own(name));
    let said = said.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut read = understood(said, Vec::new(), traces);
    own.into_iter().for_each(|(name, value)| read.outcome.set(&name.to_text(), value.clone()));
    Some(read)
}

fn is_tagged(value: &Value) -> bool {
    match value {
        Value::List(items) => items.iter().any(is_tagged),
        Value::Dict(dict) => dict.contains(TYPE) || dict.values().any(is_tagged),
        _ => false,
    }
}

fn parse(stdout: &str, warnings: &mut Vec<String>) -> Result<(Dict, Option<Surrogate>), String> {
    let text = json_lines(stdout, warnings)?;
    match parse_json_noting(&text) {
        Ok((Value::Dict(dict), alone)) => Ok((dict, alone)),
        Ok((other, _)) => {
            Err(format!("Malformed result. Received <class '{}'> instead of <class 'dict'>.", other.type_name()))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The lines from the first that begins with `{` to the last that ends with `}`.
fn json_lines(stdout: &str, warnings: &mut Vec<String>) -> Result<String, String> {
    let lines: Vec<&str> = stdout.lines().collect();
    let start = lines.iter().position(|line| line.trim().starts_with('{')).ok_or("No start of json char found")?;
    let lines = &lines[start..];
    let end = lines.iter().rposition(|line| line.trim().ends_with('}')).ok_or("No end of json char found")?;
    let junk = &lines[end + 1..];
    if junk.iter().any(|line| !line.trim().is_empty()) {
        warnings.push(format!("Module invocation had junk after the JSON data: {}", junk.join("\n")));
    }
    Ok(lines[..=end].join("\n"))
}

/// A module with an error of syntax: ansible-core sees it on the controller, as it packs the module.
fn uncompiled(printed: &Printed, wrong: &Value) -> Read {
    let number = |key: &str| wrong.get(key).and_then(Value::as_int).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let said = wrong.get("msg").map(Value::to_text).unwrap_or_default();
    let text = format!("Unable to compile {}: {said}", str_repr(&printed.name));
    let origin = (!printed.path.is_empty()).then(|| Origin {
        line: number("line"),
        column: number("column"),
        ..Origin::file(printed.path.as_str())
    });
    let outcome = Outcome::failed(format!("Task failed: {text}"));
    Read { outcome, error: Some(Error::user(text).at(origin.as_ref()).apart()), ..Read::default() }
}

/// The name of a module as a task has it, by the name by which it is imported.
fn task_name(import: &str) -> String {
    let own = ["ansible.legacy.", "ansible.modules."].into_iter().find_map(|own| import.strip_prefix(own));
    match (own, import.strip_prefix("ansible_collections.")) {
        (Some(name), _) => name.to_owned(),
        (None, Some(name)) => name.replacen(".plugins.modules.", ".", 1),
        (None, None) => import.to_owned(),
    }
}

fn understood(dict: Dict, mut warnings: Vec<String>, traces: bool) -> Read {
    if dict.get("results").is_some_and(|results| results.as_list().is_none()) {
        warnings.push("Found internal 'results' key in module return, renamed to 'ansible_module_results'.".into());
    }
    let mut outcome = Outcome::default();
    let mut remarks = Vec::new();
    let mut exception = None;
    // What the module says, and what is wrong with that.
    let (mut said, mut told) = (Vec::new(), Vec::new());
    for (key, value) in &dict {
        let name = key.to_text();
        match name.as_str() {
            "exception" => exception = Some(value.clone()),
            "warnings" => {
                remarks.extend(helped(value).map(Remark::warning));
                said.extend(listed(&name, value, &mut told).iter().map(|item| brief_or(item, text_of)));
            }
            "deprecations" => {
                remarks.extend(helped(value).map(|error| Remark::deprecation(error, "")));
                let all = listed(&name, value, &mut told).iter().filter_map(|item| deprecation(item, &mut told));
                let all: Vec<Value> = all.collect();
                if !all.is_empty() {
                    outcome.set("deprecations", all);
                }
            }
            "_ansible_suppress_tmpdir_delete" => {}
            "add_host" | "add_group" => {
                warnings
                    .push(format!("Removed unexpected internal key in module return: {name} = {}", value.to_text()));
            }
            _ if name.starts_with("_ansible_") && name != "_ansible_parsed" => {
                warnings
                    .push(format!("Removed unexpected internal key in module return: {name} = {}", value.to_text()));
            }
            "results" if value.as_list().is_none() => outcome.set("ansible_module_results", plain(value)),
            "ansible_facts" => match facts(value) {
                Value::Dict(facts) => outcome.set("ansible_facts", facts),
                other => return no_facts(&other, warnings),
            },
            "failed" if value.truthy() => outcome.set("failed", true),
            _ => outcome.set(&name, plain(value)),
        }
    }
    said.extend(told.into_iter().map(Value::from));
    if !said.is_empty() {
        outcome.set("warnings", said);
    }
    let failed = outcome.is_failed();
    let error = summarized(&mut outcome, exception, failed, traces);
    Read { outcome, error, remarks, warnings, replaced: false }
}

/// The events of a list that say what may be done.
fn helped(value: &Value) -> impl Iterator<Item = Error> {
    let events = value.as_list().unwrap_or_default().iter().filter_map(|item| event_error(item.get("event")?));
    events.filter(|error| error.help.is_some())
}

/// The items of what has to be a list.
fn listed<'a>(name: &str, value: &'a Value, told: &mut Vec<String>) -> &'a [Value] {
    if !matches!(value, Value::List(_) | Value::Null) {
        let kind = value.type_name();
        told.push(format!("Task result `{name}` was <class '{kind}'> instead of <class 'list'>."));
    }
    value.as_list().unwrap_or_default()
}

/// What is no dictionary holds no facts: ansible-core fails as it reads them.
fn no_facts(value: &Value, warnings: Vec<String>) -> Read {
    let text = format!("'{}' object has no attribute 'keys'", value.type_name());
    let outcome = Outcome::failed(format!("Task failed: {text}"));
    Read { outcome, error: Some(Error::user(text)), warnings, ..Read::default() }
}

/// Facts that no module may set are taken out.
fn facts(value: &Value) -> Value {
    let Value::Dict(facts) = plain(value) else { return plain(value) };
    let discovered =
        |name: &str| name.starts_with("discovered_interpreter_") || name.starts_with("ansible_discovered_interpreter_");
    let kept = facts.iter().filter(|(name, _)| !name.as_str().is_some_and(discovered));
    Value::Dict(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// A value without what ansible-core's types wrap around it.
fn plain(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::list(items.iter().map(plain)),
        Value::Dict(dict) => match dict.get(TYPE) {
            Some(_) if dict.contains("event") => brief_or(value, text_of),
            Some(_) if dict.contains("value") => {
                let value = dict.get("value").map(plain).unwrap_or_default();
                match (&value, mark(dict)) {
                    (Value::Str(text), Some(mark)) => Value::Str(Text::marked(text.shared(), mark)),
                    _ => value,
                }
            }
            Some(kind) if dict.contains("iso8601") => {
                let text = dict.get("iso8601").map(Value::to_text).unwrap_or_default();
                moment(&kind.to_text(), &text).unwrap_or_else(|| Value::from(text))
            }
            _ => Value::Dict(dict.iter().map(|(k, v)| (k.clone(), plain(v))).collect()),
        },
        other => other.clone(),
    }
}

/// A date or time by the name of its type.
fn moment(kind: &str, text: &str) -> Option<Value> {
    match kind {
        "AnsibleSerializableTime" => match timestamp(&format!("1970-01-01T{text}"))? {
            Value::DateTime(time) => Some(Value::Time(time.time())),
            _ => None,
        },
        _ => timestamp(text),
    }
}

/// The mark of a tagged value that its module deprecates.
fn mark(tagged: &Dict) -> Option<Mark> {
    let tags = tagged.get("tags").and_then(Value::as_list)?;
    let tag = tags.iter().find(|tag| tag.get(TYPE).is_some_and(|kind| kind.as_str() == Some("Deprecated")))?;
    let text = |key: &str| tag.get(key).filter(|value| value.truthy()).map(Value::to_text);
    let by = tag.get("deprecator").filter(|by| !by.is_null());
    let of = |key: &str| by.and_then(|by| by.get(key)).map(plain).filter(Value::truthy).map(|value| value.to_text());
    Some(Mark {
        msg: text("msg")?,
        help: text("help_text"),
        date: text("date"),
        version: text("version"),
        kind: of("type"),
        name: of("resolved_name").unwrap_or_default(),
    })
}

fn text_of(value: &Value) -> Value {
    Value::from(value.to_text())
}

fn brief_or(value: &Value, otherwise: impl Fn(&Value) -> Value) -> Value {
    match value.get("event").and_then(event_error) {
        Some(error) => Value::from(error.line()),
        None => otherwise(value),
    }
}

/// What a deprecation is where it is registered; None where it is none.
fn deprecation(value: &Value, told: &mut Vec<String>) -> Option<Value> {
    let Some(event) = value.get("event") else {
        let wrong = match (value, value.get("msg")) {
            (Value::Dict(dict), Some(msg)) => return Some(old_deprecation(dict, msg)),
            (Value::Dict(_), None) => "'msg'".to_owned(),
            (other, _) => format!("'{}' object has no attribute 'pop'", other.type_name()),
        };
        told.push(format!("Task result `deprecations` contained an invalid item: {wrong}"));
        return None;
    };
    let msg = event_error(event).map(|error| error.line()).unwrap_or_default();
    let mut told = Dict::from([("msg", msg)]);
    let deprecator = value.get("deprecator").filter(|deprecator| !deprecator.is_null());
    let name = deprecator.and_then(|by| by.get("resolved_name")).map(Value::to_text).unwrap_or_default();
    if deprecator.is_some() {
        let collection: Vec<&str> = name.split('.').take(2).collect();
        told.insert("collection_name", collection.join("."));
    }
    told.update(&when(value));
    if let Some(deprecator) = deprecator {
        let kind = deprecator.get("type").map(plain).unwrap_or_default();
        told.insert("deprecator", Dict::from([("resolved_name", Value::from(name.as_str())), ("type", kind)]));
    }
    Some(Value::Dict(told))
}

/// The date, or else the version, which may be none.
fn when(value: &Value) -> Dict {
    let given = |key: &'static str| Some((key, value.get(key).filter(|when| !when.is_null())?.clone()));
    Dict::from([given("date").or_else(|| given("version")).unwrap_or(("version", Value::Null))])
}

/// A deprecation as modules of old tell it.
fn old_deprecation(dict: &Dict, msg: &Value) -> Value {
    let value = Value::Dict(dict.clone());
    let collection = value.get("collection_name").filter(|name| name.truthy()).cloned();
    let of = |name: &Value| Dict::from([("resolved_name", name.clone()), ("type", Value::Null)]);
    let deprecator = collection.as_ref().map_or(Value::Null, |name| of(name).into());
    let mut told = Dict::from([
        ("msg", plain(msg)),
        ("collection_name", collection.unwrap_or_default()),
        ("deprecator", deprecator),
    ]);
    told.update(&when(&value));
    Value::Dict(told)
}

/// An event with those that it comes from.
fn event_error(event: &Value) -> Option<Error> {
    let mut error = Error::user(event.get("msg")?.to_text());
    let chain = event.get("chain").filter(|chain| chain.get("follow").is_none_or(Value::truthy));
    if let Some(cause) = chain.and_then(|chain| chain.get("event")).and_then(event_error) {
        error = cause.context(error.message);
    }
    match event.get("help_text").filter(|help| help.truthy()) {
        Some(help) => Some(error.help(help.to_text())),
        None => Some(error),
    }
}

/// The error behind a failure; what a module says of it stays in the result as text.
fn summarized(outcome: &mut Outcome, exception: Option<Value>, failed: bool, traces: bool) -> Option<Error> {
    let event = exception.as_ref().and_then(|exception| exception.get("event"));
    let told = event.and_then(event_error);
    let trace = match (event, exception.as_ref()) {
        _ if !traces => None,
        (Some(event), _) => event.get("formatted_traceback").map(Value::to_text),
        (None, Some(text)) if text.truthy() => Some(text.to_text()),
        _ => None,
    };
    if let Some(trace) = trace.map(|trace| trace.trim_end().to_owned()).filter(|trace| !trace.is_empty()) {
        outcome.set("exception", format!("{trace}\n"));
    }
    if !failed {
        return None;
    }
    let said = outcome.get("msg").map(Value::to_text);
    let error = told.unwrap_or_else(|| Error::user(said.clone().unwrap_or_else(|| "Unknown error.".into())));
    let error = error.context("Module failed.");
    if said.is_none() {
        outcome.set("msg", error.clone().context("Task failed.").line());
    }
    Some(error)
}

fn unreadable(printed: &Printed, interpreter: &str, why: &str) -> Read {
    let gone = ["No such file or directory", "not found", "command not found"].iter().any(|words| {
        let text = format!("{interpreter}: {words}");
        !interpreter.is_empty() && (printed.stderr.contains(&text) || printed.stdout.contains(&text))
    });
    let error = if gone {
        let help = "Consider overriding the configured interpreter path for this host. ";
        Error::user(format!("The module interpreter '{interpreter}' was not found.")).help(format!("{help}{SEE}"))
    } else {
        Error::user(why).context("Module result deserialization failed.").help(SEE)
    };
    let (stdout, stderr) = (shown(&printed.stdout), shown(&printed.stderr));
    let replaced = stdout != printed.stdout || stderr != printed.stderr;
    let outcome = Outcome::failed(error.line())
        .with("module_stdout", stdout)
        .with("module_stderr", stderr)
        .with("rc", printed.rc);
    Read { outcome, error: Some(error.apart().context("Action failed.")), replaced, ..Read::default() }
}

/// A printed text as it is shown: a byte that belongs to none is a question mark.
fn shown(printed: &str) -> String {
    let mut parts = printed.split("\\udc");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).filter(|hex| u8::from_str_radix(hex, 16).is_ok_and(|byte| byte >= 0x80));
        match byte.and_then(|_| part.get(2..)) {
            Some(rest) => shown.push_str(&format!("?{rest}")),
            None => shown.push_str(&format!("\\udc{part}")),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str) -> Read {
        let printed = Printed { rc: 1, stdout: stdout.into(), stderr: "err\n".into(), ..Printed::default() };
        read(&printed, "/usr/bin/python3", true, true)
    }

    #[track_caller]
    fn msg(read: &Read, text: &str) {
        assert_eq!(read.outcome.get("msg").map(Value::to_text).as_deref(), Some(text));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let stdout = crate::proto::printed_text(b"{\"a\": \"\xc3\xbc\xff\"}");
        let printed = Printed { stdout, ..Printed::default() };
        let msg = read(&printed, "", false, true).outcome.get("msg").map(Value::to_text).unwrap_or_default();
        assert!(msg.ends_with("can't encode character '\\udcff' in position 1: surrogates not allowed"), "{msg}");
        assert!(!read(&printed, "", false, false).outcome.is_failed());
    }

    #[test]
    fn what_is_no_text_is_shown_as_question_marks() {
        let printed = Printed { stdout: crate::proto::printed_text(b"caf\xe9 \\udc"), ..Printed::default() };
        let read = read(&printed, "", false, true);
        assert_eq!(read.outcome.get("module_stdout"), Some(&Value::from("caf? \\udc")));
        assert!(read.replaced);
    }

    #[test]
    fn noise_around_a_result_is_passed_over() {
        let read = said("hello\n\n{\"a\": 1,\n\"msg\": \"x\"}\nbye\n");
        msg(&read, "x");
        assert_eq!(read.warnings, ["Module invocation had junk after the JSON data: bye"]);
        assert!(said("{\"a\": 1}\n\n").warnings.is_empty());
    }

    #[test]
    fn what_is_no_result_is_a_failure_with_all_that_was_printed() {
        let read = said("hello\n");
        msg(&read, "Module result deserialization failed: No start of json char found");
        assert_eq!(read.outcome.get("module_stdout"), Some(&Value::from("hello\n")));
        assert_eq!(
            read.error.unwrap().context("Task failed.").to_string(),
            "Task failed: Action failed: Module result deserialization failed: No start of json char found\n\nTask \
             failed: Action failed.\n\n<<< caused by >>>\n\nModule result deserialization failed: No start of json char \
             found See stdout/stderr for the returned output."
        );
        msg(&said("{\"a\": }"), "Module result deserialization failed: Expecting value: line 1 column 7 (char 6)");
        let printed = Printed { rc: 127, stderr: "/bin/sh: 1: /nope: not found\n".into(), ..Printed::default() };
        msg(&read_with(&printed, "/nope"), "The module interpreter '/nope' was not found.");
    }

    fn read_with(printed: &Printed, interpreter: &str) -> Read {
        read(printed, interpreter, false, true)
    }

    #[test]
    fn failures_tell_their_causes() {
        let event = r#"{"msg": "I failed", "chain": {"event": {"msg": "division by zero"}, "follow": true}}"#;
        let failed = said(&format!(r#"{{"failed": true, "msg": "I failed", "exception": {{"event": {event}}}}}"#));
        msg(&failed, "I failed");
        assert_eq!(failed.error.unwrap().line(), "Module failed: I failed: division by zero");
        let crashed = said(&format!(r#"{{"failed": true, "exception": {{"event": {event}}}}}"#));
        msg(&crashed, "Task failed: Module failed: I failed: division by zero");
        let old = said(r#"{"failed": true, "msg": "no", "exception": "Traceback: x  \n"}"#);
        assert_eq!(old.outcome.get("exception"), Some(&Value::from("Traceback: x\n")));
    }

    #[test]
    fn typed_objects_become_plain_ones() {
        let read = said(
            r#"{"warnings": [{"event": {"msg": "a warning"}, "__ansible_type": "WarningSummary"}, "old"],
                "deprecations": [{"event": {"msg": "old"}, "date": "2030-01-01", "__ansible_type": "DeprecationSummary",
                  "deprecator": {"resolved_name": "ansible.legacy.x", "type": {"value": "module", "__ansible_type": "PluginType"}}}],
                "x": {"value": "y", "tags": [], "__ansible_type": "_AnsibleTaggedStr"}, "_ansible_foo": 1,
                "ansible_facts": {"a": 1, "discovered_interpreter_python": "/evil"}}"#,
        );
        let shown = crate::value::repr(&read.outcome.result.into());
        assert_eq!(
            shown,
            "{'warnings': ['a warning', 'old'], 'deprecations': [{'msg': 'old', 'collection_name': 'ansible.legacy', \
             'date': '2030-01-01', 'deprecator': {'resolved_name': 'ansible.legacy.x', 'type': 'module'}}], 'x': 'y', \
             'ansible_facts': {'a': 1}}"
        );
        assert_eq!(read.warnings, ["Removed unexpected internal key in module return: _ansible_foo = 1"]);
    }
}
