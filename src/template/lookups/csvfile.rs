//! The lookup `csvfile`: a column of the row whose key is found.

use super::support::{Call, Found, key_values, located, read_encoded, term};
use crate::template::pylib::csv::{self, Dialect};
use crate::template::pylib::text::whole_lines;
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::str_repr;

const OPTIONS: [&str; 6] = ["file", "delimiter", "encoding", "default", "col", "keycol"];

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
            if !OPTIONS.contains(&name.as_str()) {
                return Err(Raise::value_error(format!("{} is not a valid option", str_repr(&name))));
            }
            call.set(&name, value.into());
        }
        match one(cx, &call, &key)? {
            Some(value) => out.push(value.into()),
            None => match call.option("default") {
                None | Some(Obj::None) => {}
                Some(list @ Obj::List(_)) => out.extend(cx.iter(&list.clone())?),
                Some(default) => out.push(default.clone()),
            },
        }
    }
    Ok(out)
}

fn one(cx: &mut Cx<'_>, call: &Call, key: &str) -> Result<Option<String>, Raise> {
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
    let encoding = call.text(cx, "encoding", "utf-8")?;
    let text = read_encoded(cx, &path, &encoding, false)?;
    let missing = || Raise::python(Class::Index, "list index out of range");
    for row in csv::rows(whole_lines(&text), Dialect::new(delimiter)) {
        let row = row.map_err(Raise::ansible)?;
        if row.get(keycol).ok_or_else(missing)? == key {
            return Ok(Some(row.get(col).ok_or_else(missing)?.clone()));
        }
    }
    Ok(None)
}
