//! `pprint`: long texts and tuples are broken into lines, as Python does.
//!
//! Lists and dictionaries come to it wrapped in ansible-core's own classes, which it does not take apart.

use super::support::{Got, alone};
use crate::template::pylib::pretty::{Place, break_line, write_text};
use crate::template::{CallArgs, Cx, Obj, Raise};

pub(super) fn pprint(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_pprint")?;
    let mut out = String::new();
    write(cx, &input, Place { indent: 0, behind: 0, top: true }, &mut out)?;
    Ok(out.into())
}

fn write(cx: &mut Cx<'_>, obj: &Obj, place: Place, out: &mut String) -> Result<(), Raise> {
    let whole = cx.repr(obj)?;
    match obj {
        Obj::Str(text) if !place.fits(&whole) && !text.is_markup() => write_text(text.as_str(), place, out),
        Obj::Tuple(items) if !place.fits(&whole) && !items.is_group() => write_tuple(cx, items, place, out)?,
        _ => out.push_str(&whole),
    }
    Ok(())
}

fn write_tuple(cx: &mut Cx<'_>, items: &[Obj], place: Place, out: &mut String) -> Result<(), Raise> {
    let end = if items.len() == 1 { ",)" } else { ")" };
    let indent = place.indent + 1;
    out.push('(');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
            break_line(out, indent);
        }
        let behind = if i + 1 == items.len() { place.behind + end.len() } else { 1 };
        cx.deeper(|cx| write(cx, item, Place { indent, behind, top: false }, out))?;
    }
    out.push_str(end);
    Ok(())
}
