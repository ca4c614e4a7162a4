//! `community.general.ini_file`: single settings of a file with sections.
//!
//! A file is text of lines that end with a line feed; a byte order mark and other line ends go where it is
//! written anew. What stands before the first section belongs to none.

use super::attributes::{FileArgs, absolute, is_link, real_path};
use super::{Call, ModuleDef, Support, edit};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Replace, errors};
use crate::proto::Outcome;
use crate::re::{Flags, Found, Pattern, escape};
use crate::value::{Dict, Value};
use std::fs;
use std::path::Path;

const FALSE: Default = Default::Bool(false);
const TRUE: Default = Default::Bool(true);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "ini_file",
    doc: "Tweak settings in INI files.",
    spec: &Spec {
        file_common: true,
        mutually_exclusive: &[&["value", "values"]],
        ..Spec::new(&[
            Arg::new("path", Kind::Path).required().aliases(&["dest"]),
            Arg::new("section", Kind::Str),
            Arg::new("section_has_values", Kind::List).elements(Kind::Dict).options(&Spec {
                mutually_exclusive: &[&["value", "values"]],
                ..Spec::new(&[
                    Arg::new("option", Kind::Str).required(),
                    Arg::new("value", Kind::Str),
                    Arg::new("values", Kind::List).elements(Kind::Str),
                ])
            }),
            Arg::new("option", Kind::Str),
            Arg::new("value", Kind::Str),
            Arg::new("values", Kind::List).elements(Kind::Str),
            Arg::new("backup", Kind::Bool).default(FALSE),
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
            Arg::new("exclusive", Kind::Bool).default(TRUE),
            Arg::new("no_extra_spaces", Kind::Bool).default(FALSE),
            Arg::new("ignore_spaces", Kind::Bool).default(FALSE),
            Arg::new("allow_no_value", Kind::Bool).default(FALSE),
            Arg::new("modify_inactive_option", Kind::Bool).default(TRUE),
            Arg::new("create", Kind::Bool).default(TRUE),
            Arg::new("follow", Kind::Bool).default(FALSE),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let values = given(call)?;
    let conditions = conditions(call);
    let path = call.args.str("path").to_owned();
    let target = if call.args.bool("follow") && is_link(&path) { real_path(&path) } else { path.clone() };
    let lines = read(call, &target)?;
    let before = lines.concat();
    let mut editor = Editor::new(call, values, conditions)?;
    let after = editor.edit(lines)?.concat();
    let (mut changed, msg) = (editor.changed, editor.msg);
    let text = |text: &str| if call.context.diff { text.to_owned() } else { String::new() };
    let mut diff = Dict::from([("before", text(&before)), ("after", text(&after))]);
    edit::headers(&mut diff, &format!("{path} (content)"));
    let mut backup = None;
    if changed && !call.check() {
        backup = write(call, &target, &after)?;
    }
    if !call.check() && Path::new(&path).exists() {
        changed = FileArgs::of(call, &path).apply(call, changed, None)?;
    }
    let mut outcome = Outcome::changed(changed).with("diff", diff).with("msg", msg).with("path", path);
    if let Some(name) = backup {
        outcome.set("backup_file", name);
    }
    Ok(outcome)
}

/// The values of the option, each once.
fn given(call: &Call<'_>) -> Result<Vec<String>, Outcome> {
    let list = call.args.opt_list("values").unwrap_or_default();
    let value = call.args.opt_str("value").map(str::to_owned);
    let present = call.args.str("state") == "present";
    if present && !call.args.bool("allow_no_value") && value.is_none() && list.is_empty() {
        return Err(Outcome::failed("Parameter 'value(s)' must be defined if state=present and allow_no_value=False."));
    }
    let mut unique: Vec<String> = Vec::new();
    for value in value.map_or(list, |value| vec![value]) {
        if !unique.contains(&value) {
            unique.push(value);
        }
    }
    Ok(unique)
}

/// An option that the right one among sections of one name has, with one of these values, or with any.
#[derive(Debug)]
struct Condition {
    option: String,
    values: Vec<String>,
}

/// The conditions; `invocation` shows each with its values.
fn conditions(call: &mut Call<'_>) -> Option<Vec<Condition>> {
    let given = call.args.value("section_has_values").as_list()?.to_vec();
    let mut shown = Vec::new();
    let mut conditions = Vec::new();
    for condition in given {
        let Value::Dict(mut dict) = condition else { continue };
        let values = match (dict.get("value"), dict.get("values")) {
            (Some(value), _) if !value.is_null() => vec![value.to_text()],
            (_, Some(Value::List(values))) => values.iter().map(Value::to_text).collect(),
            _ => Vec::new(),
        };
        dict.insert("values", Value::list(values.iter().map(|value| Value::from(value.as_str()))));
        let option = dict.get("option").map(Value::to_text).unwrap_or_default();
        conditions.push(Condition { option, values });
        shown.push(Value::Dict(dict));
    }
    call.args.set("section_has_values", Value::list(shown));
    Some(conditions)
}

fn read(call: &Call<'_>, path: &str) -> Result<Vec<String>, Outcome> {
    if !Path::new(path).exists() {
        if !call.args.bool("create") {
            return Err(Outcome::failed(format!("Destination {path} does not exist!")).with("rc", 257));
        }
        let folder = edit::dirname(path);
        if !Path::new(folder).exists() && !call.check() {
            fs::create_dir_all(folder).map_err(|e| Outcome::crashed(errors::os_error(&e, folder)))?;
        }
        return Ok(Vec::new());
    }
    let bytes = fs::read(path).map_err(|e| Outcome::crashed(errors::os_error(&e, path)))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let byte = e.as_bytes().get(at).copied().unwrap_or_default();
        Outcome::crashed(format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: invalid start byte"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    Ok(text.split_inclusive('\n').map(str::to_owned).collect())
}

fn write(call: &Call<'_>, path: &str, text: &str) -> Result<Option<String>, Outcome> {
    // The real one names a backup also where there was nothing to back up: an empty name.
    let backup = edit::backup(call, path)?.or_else(|| call.args.bool("backup").then(String::new));
    let path = absolute(path);
    let replace = Replace {
        unsafe_writes: call.args.bool("unsafe_writes"),
        mode: FileArgs::of(call, &path).plain_mode(),
        ..Replace::new(Path::new(&path))
    };
    replace.bytes(text.as_bytes())?;
    Ok(backup)
}

/// A line of a section, and whether it was looked at already.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    done: bool,
}

/// One edit.
struct Editor<'a> {
    call: &'a Call<'a>,
    /// The section; None means what stands before the first one.
    section: Option<&'a str>,
    option: Option<&'a str>,
    values: Vec<String>,
    conditions: Option<Vec<Condition>>,
    no_value: bool,
    changed: bool,
    msg: &'static str,
}

/// How a line that sets an option looks: group 2 is the mark that makes it a comment, 8 the value.
fn pattern(option: &str, inactive: bool) -> Result<Pattern, Outcome> {
    let start = if inactive { r"( |\t)*([#;]?)" } else { "()()" };
    let text = format!(r"{start}( |\t)*({})( |\t)*(=|$)( |\t)*(.*)", escape(option));
    Pattern::anchored(&text, Flags::default(), false).map_err(Outcome::crashed)
}

fn matched(pattern: &Pattern, line: &str) -> Result<Option<Found>, Outcome> {
    pattern.search(line, 0).map_err(Outcome::crashed)
}

fn value_of<'t>(found: &Found, line: &'t str) -> &'t str {
    found.group(line, 8).unwrap_or("")
}

/// Whether a line is blank or a comment.
fn is_idle(line: &str) -> bool {
    let rest = line.trim_end_matches('\n').trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with(['#', ';'])
}

impl<'a> Editor<'a> {
    fn new(call: &'a Call<'a>, values: Vec<String>, conditions: Option<Vec<Condition>>) -> Result<Self, Outcome> {
        Ok(Self {
            call,
            section: call.args.opt_str("section").filter(|section| !section.is_empty()),
            option: call.args.opt_str("option"),
            values,
            conditions,
            no_value: call.args.bool("allow_no_value"),
            changed: false,
            msg: "OK",
        })
    }

    /// The option, where it is named.
    fn option(&self) -> Option<&'a str> {
        self.option.filter(|option| !option.is_empty())
    }

    fn assignment(&self, option: &str, value: &str) -> String {
        let equals = if self.call.args.bool("no_extra_spaces") { "=" } else { " = " };
        format!("{option}{equals}{value}\n")
    }

    fn change(&mut self, msg: &'static str) {
        self.changed = true;
        self.msg = msg;
    }

    fn edit(&mut self, mut lines: Vec<String>) -> Result<Vec<String>, Outcome> {
        match lines.last_mut() {
            None => lines.push("\n".into()),
            Some(last) if !last.ends_with('\n') => {
                last.push('\n');
                self.changed = true;
            }
            Some(_) => {}
        }
        let found = self.find(&lines)?;
        let (start, end) = found.unwrap_or((0, 0));
        let after = lines.split_off(end);
        let section = lines.split_off(start);
        let mut section: Vec<Line> = section.into_iter().map(|text| Line { text, done: false }).collect();
        let present = self.call.args.str("state") == "present";
        if present {
            self.present(&mut section, found.is_some())?;
        } else {
            self.absent(&mut section, found.is_some())?;
        }
        lines.extend(section.into_iter().map(|line| line.text));
        lines.extend(after);
        if present && found.is_none() {
            self.add_section(&mut lines);
        }
        Ok(lines)
    }

    /// From the section's head to the next one's. What precedes all sections has no head.
    fn find(&self, lines: &[String]) -> Result<Option<(usize, usize)>, Outcome> {
        let head = match self.section {
            Some(section) => {
                let text = format!(r"^\[\s*{}\s*]", escape(section.trim()));
                Some(Pattern::anchored(&text, Flags::default(), false).map_err(Outcome::crashed)?)
            }
            None => None,
        };
        let mut start = if head.is_none() { Some(0) } else { None };
        for (at, line) in lines.iter().enumerate() {
            if line.starts_with('[')
                && let Some(begin) = start
            {
                if self.fits(&lines[begin..at])? {
                    return Ok(Some((begin, at)));
                }
                start = None;
            }
            if let Some(head) = &head
                && matched(head, line)?.is_some()
            {
                start = Some(at);
            }
        }
        match start {
            Some(begin) if self.fits(&lines[begin..])? => Ok(Some((begin, lines.len()))),
            _ => Ok(None),
        }
    }

    fn fits(&self, lines: &[String]) -> Result<bool, Outcome> {
        for condition in self.conditions.iter().flatten() {
            let pattern = pattern(&condition.option, true)?;
            let mut fits = false;
            for line in lines {
                if let Some(found) = matched(&pattern, line)? {
                    let value = value_of(&found, line);
                    fits |= condition.values.is_empty() || condition.values.iter().any(|wanted| wanted == value);
                }
            }
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn present(&mut self, section: &mut Vec<Line>, found: bool) -> Result<(), Outcome> {
        let inactive = self.call.args.bool("modify_inactive_option");
        let mut no_value_there = false;
        let pattern = self.option.map(|option| pattern(option, inactive)).transpose()?;
        if let (Some(option), Some(pattern)) = (self.option(), &pattern) {
            no_value_there = self.update_matching(section, option, pattern)?;
        }
        if self.call.args.bool("exclusive") && !self.no_value {
            match (self.option, &pattern) {
                (Some(option), Some(pattern)) => self.override_rest(section, option, pattern, found)?,
                // Of a section that is there, the real one must look at the lines, and has nothing to look for.
                _ if found && (section.len() > 1 || !self.values.is_empty()) => {
                    return Err(Outcome::crashed("decoding to str: need a bytes-like object, NoneType found"));
                }
                _ => {}
            }
        }
        self.insert(section, no_value_there, found);
        Ok(())
    }

    /// Edits the lines that have one of the values already; says whether the option without a value is there.
    fn update_matching(&mut self, section: &mut [Line], option: &str, pattern: &Pattern) -> Result<bool, Outcome> {
        let mut no_value_there = false;
        for line in section {
            let Some(found) = matched(pattern, &line.text)? else { continue };
            let value = value_of(&found, &line.text).to_owned();
            if let Some(at) = self.values.iter().position(|wanted| *wanted == value) {
                let bare = value.is_empty() && self.no_value;
                no_value_there |= bare;
                let new = if bare { format!("{option}\n") } else { self.assignment(option, &value) };
                self.update(line, option, new)?;
                self.values.remove(at);
            } else if self.values.is_empty() && self.no_value {
                self.update(line, option, format!("{option}\n"))?;
                return Ok(true);
            }
        }
        Ok(no_value_there)
    }

    /// Puts a line in the place of another, unless only spaces differ and these don't count.
    fn update(&mut self, line: &mut Line, option: &str, new: String) -> Result<(), Outcome> {
        let mut differs = line.text != new;
        if self.call.args.bool("ignore_spaces") {
            let pattern = pattern(option, true)?;
            if let (Some(old), Some(found)) = (matched(&pattern, &line.text)?, matched(&pattern, &new)?)
                && old.group(&line.text, 2).unwrap_or("").is_empty()
            {
                differs = value_of(&old, &line.text) != value_of(&found, &new);
            }
        }
        line.done = true;
        if differs {
            line.text = new;
            self.change("option changed");
        }
        Ok(())
    }

    /// Sets the values that are left in the lines that are left, then removes the option's other lines.
    fn override_rest(
        &mut self,
        section: &mut Vec<Line>,
        option: &str,
        pattern: &Pattern,
        found: bool,
    ) -> Result<(), Outcome> {
        for line in section.iter_mut() {
            if self.values.is_empty() {
                break;
            }
            if !line.done && matched(pattern, &line.text)?.is_some() {
                let value = self.values.remove(0);
                let new = self.assignment(option, &value);
                self.update(line, option, new)?;
            }
        }
        // The head of a section is no option, whatever it looks like.
        let first = usize::from(found && self.section.is_some());
        for at in (first..section.len()).rev() {
            let Some(line) = section.get(at) else { continue };
            if !line.done && matched(pattern, &line.text)?.is_some() {
                section.remove(at);
                self.change("option changed");
            }
        }
        Ok(())
    }

    /// Inserts what is missing after the last line of the section that says something.
    fn insert(&mut self, section: &mut Vec<Line>, no_value_there: bool, found: bool) {
        let Some(option) = self.option().filter(|_| found) else { return };
        let lines: Vec<String> = if !self.values.is_empty() {
            self.values.iter().map(|value| self.assignment(option, value)).collect()
        } else if self.no_value && !no_value_there {
            vec![format!("{option}\n")]
        } else {
            return;
        };
        let last = section.iter().rposition(|line| !is_idle(&line.text)).map_or(0, |at| at + 1);
        section.splice(last..last, lines.into_iter().map(|text| Line { text, done: true }));
        self.change("option added");
    }

    fn absent(&mut self, section: &mut Vec<Line>, found: bool) -> Result<(), Outcome> {
        let Some(option) = self.option() else {
            if found {
                section.clear();
                self.change("section removed");
            }
            return Ok(());
        };
        let exclusive = self.call.args.bool("exclusive");
        let pattern = pattern(option, false)?;
        let before = section.len();
        let mut kept = Vec::with_capacity(before);
        for line in section.drain(..) {
            let gone = matched(&pattern, &line.text)?
                .is_some_and(|found| exclusive || self.values.iter().any(|v| v == value_of(&found, &line.text)));
            if !gone {
                kept.push(line);
            }
        }
        *section = kept;
        if section.len() != before {
            self.change("option changed");
        }
        Ok(())
    }

    fn add_section(&mut self, lines: &mut Vec<String>) {
        // Only with conditions that nothing before the first section fulfils: the real one then names it so.
        let name = self.section.unwrap_or("ad01e11446efb704fcdbdb21f2c43757423d91c5");
        lines.push(format!("[{name}]\n"));
        let mut values = std::mem::take(&mut self.values);
        for condition in self.conditions.iter().flatten() {
            if Some(condition.option.as_str()) == self.option {
                if !self.call.args.bool("exclusive") {
                    for value in &condition.values {
                        if !values.contains(value) {
                            values.push(value.clone());
                        }
                    }
                }
            } else if condition.values.is_empty() {
                lines.extend(self.no_value.then(|| format!("{}\n", condition.option)));
            } else {
                lines.extend(condition.values.iter().map(|value| self.assignment(&condition.option, value)));
            }
        }
        let mut msg = "section and option added";
        match self.option() {
            Some(option) if !values.is_empty() => {
                lines.extend(values.iter().map(|value| self.assignment(option, value)));
            }
            Some(option) if self.no_value => lines.push(format!("{option}\n")),
            _ => msg = "only section added",
        }
        self.change(msg);
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{has, outcome};

    #[track_caller]
    fn edits(before: &str, args: &str, after: &str, msg: &str) {
        crate::modules::testing::edits("ini_file", before, args, after, msg);
    }

    const FILE: &str = "top = 1\n\n[a]\nx = 1\n# y = 2\n\n[b]\nx=1\nx=2\nflag\n";

    #[test]
    fn options_are_set() {
        let set = |args: &str, from: &str, to: &str, msg: &str| edits(FILE, args, &FILE.replacen(from, to, 1), msg);
        set(r#""section": "a", "option": "x", "value": "1""#, "", "", "OK");
        set(r#""section": "a", "option": "x", "value": "5""#, "x = 1", "x = 5", "option changed");
        set(r#""section": "a", "option": "y", "value": "3""#, "# y = 2", "y = 3", "option changed");
        set(
            r#""section": "a", "option": "y", "value": "3", "modify_inactive_option": false"#,
            "x = 1\n",
            "x = 1\ny = 3\n",
            "option added",
        );
        set(r#""section": "b", "option": "x", "value": "2""#, "x=1\nx=2\n", "x = 2\n", "option changed");
        set(
            r#""section": "b", "option": "x", "values": ["2", "3"], "no_extra_spaces": true"#,
            "x=1\nx=2\n",
            "x=3\nx=2\n",
            "option changed",
        );
        set(r#""section": "b", "option": "x", "value": "1", "ignore_spaces": true, "exclusive": false"#, "", "", "OK");
        set(r#""section": "b", "option": "flag", "allow_no_value": true"#, "", "", "OK");
        set(r#""option": "top", "value": "2""#, "top = 1", "top = 2", "option changed");
        set(r#""option": "new", "value": "2""#, "top = 1\n", "top = 1\nnew = 2\n", "option added");
        edits(
            FILE,
            r#""section": "c", "option": "z", "value": "2""#,
            &format!("{FILE}[c]\nz = 2\n"),
            "section and option added",
        );
        edits("", r#""section": "c", "option": "z", "value": "2""#, "\n[c]\nz = 2\n", "section and option added");
        edits("[a]", r#""section": "a", "option": "z", "value": "2""#, "[a]\nz = 2\n", "option added");
    }

    #[test]
    fn options_are_removed() {
        let set = |args: &str, from: &str, to: &str, msg: &str| edits(FILE, args, &FILE.replacen(from, to, 1), msg);
        set(r#""section": "b", "option": "x", "state": "absent""#, "x=1\nx=2\n", "", "option changed");
        set(
            r#""section": "b", "option": "x", "value": "2", "exclusive": false, "state": "absent""#,
            "x=2\n",
            "",
            "option changed",
        );
        set(r#""section": "a", "state": "absent""#, "[a]\nx = 1\n# y = 2\n\n", "", "section removed");
        set(r#""section": "zz", "state": "absent""#, "", "", "OK");
    }

    #[test]
    fn sections_of_one_name() {
        let file = "[p]\nk = 1\n[p]\nk = 2\n";
        let has = r#""section": "p", "section_has_values": [{"option": "k", "value": "2"}]"#;
        let args = format!(r#"{has}, "option": "m", "value": "3""#);
        edits(file, &args, "[p]\nk = 1\n[p]\nk = 2\nm = 3\n", "option added");
        let args = format!(r#"{has}, "state": "absent""#);
        edits(file, &args, "[p]\nk = 1\n", "section removed");
        edits(
            "[p]\n",
            &args.replace("absent", "present").replace("}]", r#"}], "option": "m", "value": "3""#),
            "[p]\n[p]\nk = 2\nm = 3\n",
            "section and option added",
        );
    }

    #[test]
    fn what_is_refused() {
        let out = outcome("ini_file", r#"{"path": "/nosuch/f", "option": "x"}"#);
        has(&out, "msg", "\"Parameter 'value(s)' must be defined if state=present and allow_no_value=False.\"");
        let out = outcome("ini_file", r#"{"path": "/nosuch/f", "option": "x", "value": "y", "create": false}"#);
        has(&out, "msg", "'Destination /nosuch/f does not exist!'");
        has(&out, "rc", "257");
    }
}
