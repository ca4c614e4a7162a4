//! Lookups in files of rows and sections: `csvfile`, `ini`.

use super::support::{Call, Found, find_file, key_values, read_text, term};
use crate::re::{Flags, Pattern};
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::str_repr;

/// The file of an option. Without it the real one fails over None, in words that differ by lookup.
fn located(cx: &mut Cx<'_>, name: &str, unnamed: &str) -> Result<String, Raise> {
    find_file(cx, Some("files"), name).ok_or_else(|| {
        cx.warn(format!("Unable to find '{name}' in expected paths (use -vvvvv to see paths)"));
        Raise::type_error(unnamed)
    })
}

pub(super) fn csvfile(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    if args.positional.is_empty() {
        return Err(Raise::ansible("Search key is required but was not found"));
    }
    let mut call = Call::new(args);
    let mut out = Vec::new();
    for item in std::mem::take(&mut call.terms) {
        let text = term(cx, &item)?;
        let (pairs, key) = key_values(&text);
        if key.is_empty() {
            return Err(Raise::ansible("Search key is required but was not found"));
        }
        for (name, value) in pairs {
            if !["file", "delimiter", "encoding", "default", "col", "keycol"].contains(&name.as_str()) {
                return Err(Raise::value_error(format!("{} is not a valid option", str_repr(&name))));
            }
            call.set(&name, value.into());
        }
        let file = call.text(cx, "file", "ansible.csv")?;
        let delimiter = match call.text(cx, "delimiter", "TAB")?.as_str() {
            "TAB" | "\\t" => '\t',
            other => match other.chars().collect::<Vec<_>>().as_slice() {
                [one] => *one,
                _ => return Err(Raise::type_error("\"delimiter\" must be a 1-character string")),
            },
        };
        let column = |cx: &mut Cx<'_>, name: &str, default: i64| {
            call.int(cx, "csvfile", name).map(|n| usize::try_from(n.unwrap_or(default)).unwrap_or(0))
        };
        let (col, keycol) = (column(cx, "col", 1)?, column(cx, "keycol", 0)?);
        let path = located(cx, &file, "expected str, bytes or os.PathLike object, not NoneType")?;
        let text = read_text(cx, &path)?;
        let missing = || Raise::python(crate::template::raise::Class::Index, "list index out of range");
        let mut found = None;
        for row in rows(&text, delimiter) {
            if row.get(keycol).ok_or_else(missing)? == &key {
                found = Some(row.get(col).ok_or_else(missing)?.clone());
                break;
            }
        }
        match (found, call.option("default")) {
            (Some(value), _) => out.push(value.into()),
            (None, None | Some(Obj::None)) => {}
            (None, Some(default)) => out.push(default.clone()),
        }
    }
    Ok(out)
}

/// Rows as Python's `csv` reads them in its `excel` dialect; empty ones are left out.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let (mut row, mut field) = (Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            c if quoted => field.push(c),
            '\r' | '\n' => {
                if !(row.is_empty() && field.is_empty()) {
                    row.push(std::mem::take(&mut field));
                    all.push(std::mem::take(&mut row));
                }
            }
            c if c == delimiter => row.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    if !(row.is_empty() && field.is_empty()) {
        row.push(field);
        all.push(row);
    }
    all
}

pub(super) fn ini(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut call = Call::new(args);
    let mut out = Vec::new();
    for item in std::mem::take(&mut call.terms) {
        let text = term(cx, &item)?;
        let key = ini_term(&text, &mut call)?;
        if call.truth(cx, "interpolation", true)? && call.names().any(|n| n == "interpolation") {
            return Err(Raise::unsupported("The option 'interpolation' of the lookup 'ini' is not supported yet."));
        }
        let file = call.text(cx, "file", "ansible.ini")?;
        let path = located(cx, &file, "Invalid filename None.")?;
        let mut content = read_text(cx, &path)?;
        let mut section = call.text(cx, "section", "global")?;
        if call.text(cx, "type", "ini")? == "properties" {
            content = format!("[java_properties]\n{content}");
            section = "java_properties".into();
        }
        let sensitive = call.truth(cx, "case_sensitive", false)?;
        let options = section_options(&content, &section, sensitive).map_err(Raise::value_error)?;
        let Some(options) = options else {
            return Err(Raise::value_error(format!("No section {} in {}.", str_repr(&section), str_repr(&file))));
        };
        if call.truth(cx, "re", false)? {
            let pattern = Pattern::anchored(&key, Flags::default(), false)?;
            for (name, value) in &options {
                if pattern.search(name, 0)?.is_some() {
                    out.push(value.clone().map_or(Obj::None, Obj::from));
                }
            }
            continue;
        }
        let wanted = if sensitive { key } else { key.to_lowercase() };
        match options.into_iter().find(|(name, _)| *name == wanted) {
            Some((_, value)) => out.extend(value.map(Obj::from)),
            None => match call.option("default") {
                Some(Obj::None) => {}
                Some(default) => out.push(default.clone()),
                None => out.push("".into()),
            },
        }
    }
    Ok(out)
}

/// The key of a term; its `k=v` words become options.
fn ini_term(text: &str, call: &mut Call) -> Result<String, Raise> {
    if !text.contains('=') && !text.trim().contains(' ') {
        return Ok(text.to_owned());
    }
    let (pairs, rest) = key_values(text);
    for (name, value) in pairs {
        let known = ["type", "file", "section", "re", "encoding", "default", "case_sensitive", "allow_no_value"];
        if !known.contains(&name.as_str()) {
            return Err(Raise::ansible(format!("{} is not a valid option.", str_repr(&name))));
        }
        call.set(&name, value.into());
    }
    match rest.split_whitespace().next() {
        Some(key) => Ok(key.to_owned()),
        None => Err(Raise::value_error(format!(
            "No key to look up was provided as first term within string inline options: {text}"
        ))),
    }
}

type Options = Vec<(String, Option<String>)>;

/// The options of a section as `configparser` reads them, `DEFAULT`'s among them; None without it.
fn section_options(content: &str, wanted: &str, sensitive: bool) -> Result<Option<Options>, String> {
    let (mut defaults, mut own): (Options, Options) = (Vec::new(), Vec::new());
    let (mut section, mut exists) = (None::<String>, false);
    for (i, line) in content.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let into = match section.as_deref() {
            Some("DEFAULT") => Some(&mut defaults),
            Some(name) if name == wanted => Some(&mut own),
            _ => None,
        };
        if line.starts_with(char::is_whitespace) {
            // A continued value.
            if let Some((_, Some(value))) = into.and_then(|options| options.last_mut()) {
                value.push('\n');
                value.push_str(trimmed);
                continue;
            }
        } else if let Some(name) = trimmed.strip_prefix('[').and_then(|t| t.split_once(']')).map(|(n, _)| n) {
            exists |= name == wanted;
            section = Some(name.to_owned());
            continue;
        }
        if section.is_none() {
            return Err(format!(
                "File contains no section headers.\nfile: '<???>', line: {}\n{}",
                i + 1,
                str_repr(line)
            ));
        }
        let (name, value) = match trimmed.split_once(['=', ':']) {
            Some((name, value)) => (name.trim_end(), Some(value.trim().to_owned())),
            None => (trimmed, None),
        };
        let name = if sensitive { name.to_owned() } else { name.to_lowercase() };
        let into = match section.as_deref() {
            Some("DEFAULT") => &mut defaults,
            Some(name) if name == wanted => &mut own,
            _ => continue,
        };
        into.push((name, value));
    }
    if !exists && wanted != "DEFAULT" {
        return Ok(None);
    }
    let mut all = own;
    for (name, value) in defaults {
        if !all.iter().any(|(n, _)| *n == name) {
            all.push((name, value));
        }
    }
    Ok(Some(all))
}
