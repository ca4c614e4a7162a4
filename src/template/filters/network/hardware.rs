//! Filters of hardware addresses: `hwaddr`, `macaddr`, `slaac`.

use super::query::Subject;
use super::{arguments, text};
use crate::template::filters::support::Got;
use crate::template::pylib::network::{Mac, Version};
use crate::template::{CallArgs, Cx, Obj, Raise};

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
    let value = cx.text(input)?;
    let Some(mac) = Mac::parse(&value) else {
        return match query {
            "" | "bool" => Ok(Obj::None),
            _ => {
                let value = if matches!(input, Obj::None) { "" } else { value.trim_end() };
                Err(Raise::ansible(format!("{alias}: not a hardware address: {value}").trim_end()))
            }
        };
    };
    let words = |size: usize, separator: &str| {
        let words: Vec<String> =
            mac.bytes().chunks(size).map(|word| word.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
        words.join(separator)
    };
    Ok(match query {
        "" if mac.0 == 0 => Obj::None,
        "" => value.into(),
        "bare" => words(6, "").to_uppercase().into(),
        "bool" if mac.0 == 0 => Obj::None,
        "bool" => true.into(),
        "int" => Obj::Int(mac.0 as i64),
        "cisco" => words(2, ".").into(),
        "eui48" | "win" => words(1, "-").to_uppercase().into(),
        "linux" => words(1, ":").into(),
        "pgsql" | "postgresql" | "psql" => words(3, ":").into(),
        "unix" => mac.bytes().map(|byte| format!("{byte:x}")).join(":").into(),
        other => return Err(Raise::ansible(format!("{alias}: unknown filter type: {other}"))),
    })
}

pub(in crate::template::filters) fn slaac(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [query] = arguments(args, ["query"], "value")?;
    let (value, query) = (cx.text(&input)?, text(cx, query)?);
    let subject = Subject::read(&value, None).filter(|subject| subject.net.version == Version::V6);
    let mac = Mac::parse(&query).filter(|mac| mac.0 != 0);
    Ok(match (subject, mac) {
        (Some(subject), Some(mac)) => mac.in_network(&subject.net).to_string().into(),
        _ => false.into(),
    })
}
