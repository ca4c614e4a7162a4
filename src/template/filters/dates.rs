//! Filters of dates: `strftime`, `to_datetime`.

use super::support::{Got, opt_text, sig, some};
use crate::template::pylib::strptime::strptime;
use crate::template::pylib::time::Moment;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};

pub(super) fn strftime(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [second, utc] = args.bind(&sig("strftime", 1, ["second", "utc"], 0))?;
    let utc = utc.truth(cx, false)?;
    let seconds = match some(second) {
        None => None,
        Some(second) => {
            let number = match &second {
                Obj::Str(text) => super::numbers::parse_float(text.as_str()),
                other => other.as_number(),
            };
            match number {
                Some(number) => Some(number),
                None => {
                    let shown = cx.text(&second)?;
                    return Err(Raise::ansible(format!("Invalid value for epoch value ({shown})")));
                }
            }
        }
    };
    let Some(format) = input.as_str() else {
        let kind = if input.is_none() { "None" } else { input.type_name() };
        return Err(Raise::type_error(format!("strftime() argument 1 must be str, not {kind}")));
    };
    Ok(Moment::new(seconds, utc).map_err(Raise::value_error)?.format(format).into())
}

pub(super) fn to_datetime(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [format] = args.bind(&sig("to_datetime", 1, ["format"], 0))?;
    let format = opt_text(cx, &format)?.unwrap_or_else(|| "%Y-%m-%d %H:%M:%S".into());
    let Some(text) = input.as_str() else {
        let kind = if input.is_none() { "None" } else { input.type_name() };
        return Err(Raise::type_error(format!("strptime() argument 1 must be str, not {kind}")));
    };
    strptime(text, &format).map(Obj::DateTime).map_err(Raise::value_error)
}
