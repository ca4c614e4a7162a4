//! Filters of hardware addresses: `hwaddr`, `macaddr`, `slaac`.

use super::query::Subject;
use super::{arguments, spelled, text};
use crate::template::filters::support::Got;
use crate::template::pylib::network::{Mac, Version};
use crate::template::{CallArgs, Class, Cx, Obj, Raise};

pub(in crate::template::filters) fn hwaddr(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [query, alias] = arguments(args, ["query", "alias"], "value")?;
    let alias = match alias {
        None | Some(Obj::None) => "hwaddr".to_owned(),
        Some(alias) => cx.text(&alias)?,
    };
    let query = text(cx, query)?;
    asked(cx, &input, &query, &alias)
}

pub(in crate::template::filters) fn macaddr(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [query] = arguments(args, ["query"], "value")?;
    let query = text(cx, query)?;
    asked(cx, &input, &query, "macaddr")
}

fn asked(cx: &mut Cx<'_>, input: &Obj, query: &str, alias: &str) -> Got {
    let value = spelled(cx, input)?;
    let Some(mac) = Mac::parse(&value) else {
        return match query {
            "" | "bool" => Ok(Obj::None),
            _ => {
                let value = if matches!(input, Obj::None) { "" } else { value.trim_end() };
                Err(Raise::ansible(format!("{alias}: not a hardware address: {value}").trim_end()))
            }
        };
    };
    match query {
        "" => return Ok(value.into()),
        "bool" => return Ok(true.into()),
        "int" => return Ok(Obj::big(mac.value.into())),
        _ if !FORMATS.contains(&query) => {
            return Err(Raise::ansible(format!("{alias}: unknown filter type: {query}")));
        }
        _ => {}
    }
    // The formats are those of 48 bits.
    let bytes = mac
        .bytes()
        .ok_or_else(|| Raise::python(Class::Index, format!("integer out of bounds: '{:#x}'!", mac.value)))?;
    let words = |size: usize, separator: &str| {
        let word = |word: &[u8]| word.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        bytes.chunks(size).map(word).collect::<Vec<_>>().join(separator)
    };
    Ok(match query {
        "bare" => words(6, "").to_uppercase().into(),
        "cisco" => words(2, ".").into(),
        "eui48" | "win" => words(1, "-").to_uppercase().into(),
        "linux" => words(1, ":").into(),
        "unix" => bytes.map(|byte| format!("{byte:x}")).join(":").into(),
        _ => words(3, ":").into(),
    })
}

/// The names of the formats.
const FORMATS: [&str; 9] = ["bare", "cisco", "eui48", "linux", "pgsql", "postgresql", "psql", "unix", "win"];

pub(in crate::template::filters) fn slaac(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [query] = arguments(args, ["query"], "value")?;
    let (value, query) = (spelled(cx, &input)?, text(cx, query)?);
    let subject = Subject::read(&value, None).filter(|subject| subject.net.version == Version::V6);
    let mac = Mac::parse(&query);
    Ok(match (subject, mac) {
        (Some(subject), Some(mac)) => mac.in_network(&subject.net).to_string().into(),
        _ => false.into(),
    })
}
