//! `to_time_unit` and its like: text such as `1d 2h` in a unit.

use crate::re::{Flags, Pattern};
use crate::template::filters::support::{Got, opt_text};
use crate::template::{CallArgs, Cx, Obj, Raise};

/// Units, their short forms and their milliseconds.
const UNITS: [(&str, &str, f64); 12] = [
    ("millisecond", "ms", 1.0),
    ("msec", "ms", 1.0),
    ("msecond", "ms", 1.0),
    ("sec", "s", 1000.0),
    ("second", "s", 1000.0),
    ("hour", "h", 3_600_000.0),
    ("min", "m", 60_000.0),
    ("minute", "m", 60_000.0),
    ("day", "d", 86_400_000.0),
    ("week", "w", 604_800_000.0),
    ("month", "mo", 2_592_000_000.0),
    ("year", "y", 31_536_000_000.0),
];

/// The short form of a unit by any of its names.
fn short(name: &str) -> Option<&'static str> {
    let one = name.trim_end_matches('s');
    let long = UNITS.iter().find(|(long, _, _)| *long == one);
    long.or_else(|| UNITS.iter().find(|(_, short, _)| *short == name)).map(|(_, short, _)| *short)
}

fn converted(cx: &mut Cx<'_>, input: &Obj, unit: &str, mut args: CallArgs) -> Got {
    // Other lists than empty ones are compared with 0 by what is in them.
    match input {
        Obj::List(_) => drop(cx.iter(input)?),
        Obj::Dict(_) => cx.items(input)?.into_iter().try_for_each(|(_, value)| value.defined().map(drop))?,
        _ => {}
    }
    if input.as_str() == Some("0") {
        return Ok(0.into());
    }
    const DAY: f64 = 86_400_000.0;
    let mut own = |name: &str| -> Result<Option<f64>, Raise> {
        match args.take(name) {
            None => Ok(None),
            Some(days) => Ok(days.as_number().map(|days| days * DAY)),
        }
    };
    let (year, month) = (own("year")?, own("month")?);
    let Some(unit) = short(unit) else {
        return Err(Raise::ansible(format!(
            "to_time_unit() can not convert to the following unit: {unit}. Available units (singular or plural): {}. \
             Available short units: ms, s, m, h, d, w, mo, y",
            UNITS.map(|(long, _, _)| long).join(", ")
        )));
    };
    if !args.positional.is_empty() || !args.named.is_empty() {
        let names: Vec<String> = args.named.iter().map(|(name, _)| name.to_string()).collect();
        return Err(Raise::ansible(format!("to_time_unit() got unknown keyword arguments: {}", names.join(", "))));
    }
    let factor = |unit: &str| match unit {
        "y" => year.unwrap_or(365.0 * DAY),
        "mo" => month.unwrap_or(30.0 * DAY),
        other => UNITS.iter().find(|(_, short, _)| *short == other).map_or(1.0, |(_, _, factor)| *factor),
    };
    if let Obj::Undefined(u) = input {
        return Err(u.used());
    }
    if let Obj::Bytes(_) = input {
        return Err(Raise::type_error("cannot use a string pattern on a bytes-like object"));
    }
    let Some(text) = input.as_str() else {
        return Err(crate::template::filters::support::no_attribute(input, "split"));
    };
    let refused = || Raise::ansible(format!("to_time_unit() can not interpret following string: {text}"));
    let pattern = Pattern::anchored(r"(-?\d+)(\w+)", Flags::default(), false)?;
    let mut sum = 0.0;
    for word in text.split_whitespace() {
        let found = pattern.search(word, 0)?.ok_or_else(refused)?;
        let count: f64 = found.group(word, 1).unwrap_or("").parse().map_err(|_| refused())?;
        let of = found.group(word, 2).and_then(short).ok_or_else(refused)?;
        sum += count * factor(of);
    }
    // Python's division of numbers gives a float, rounded to twelve places.
    let rounded = cx.filter("round", (sum / factor(unit)).into(), CallArgs::positional([Obj::Int(12)]))?;
    rounded.defined()
}

pub(in crate::template::filters) fn to_time_unit(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let unit = args.take("unit").or_else(|| (!args.positional.is_empty()).then(|| args.positional.remove(0)));
    let unit = opt_text(cx, &unit)?.unwrap_or_else(|| "ms".into());
    converted(cx, &input, &unit, args)
}

macro_rules! units {
    ($($name:ident = $unit:literal;)*) => {
        $(pub(in crate::template::filters) fn $name(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
            converted(cx, &input, $unit, args)
        })*
    };
}

units! {
    to_milliseconds = "ms";
    to_seconds = "s";
    to_minutes = "m";
    to_hours = "h";
    to_days = "d";
    to_weeks = "w";
    to_months = "mo";
    to_years = "y";
}
