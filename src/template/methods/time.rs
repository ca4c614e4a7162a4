//! Methods and fields of dates, times and their differences.

use super::{Result, Table, exact, want_int, want_str};
use crate::template::{CallArgs, Cx, Obj, Raise, Special, dates};
use crate::value::{Date, DateTime, Time};
use std::rc::Rc;

pub(super) const DATE: Table = &[
    ("ctime", |_, obj, args| {
        let [] = exact(args, "datetime.ctime", 0)?;
        Ok(Obj::from(dates::strftime("%a %b %e %H:%M:%S %Y", &moment(obj)?)))
    }),
    ("isocalendar", isocalendar),
    ("isoformat", isoformat),
    ("isoweekday", |_, obj, args| counted(obj, args, "datetime.isoweekday", |date| dates::weekday(date) + 1)),
    ("replace", replace),
    ("strftime", strftime),
    ("timetuple", timetuple),
    ("toordinal", |_, obj, args| counted(obj, args, "datetime.toordinal", |date| dates::days(date) + 719_163)),
    ("weekday", |_, obj, args| counted(obj, args, "datetime.weekday", dates::weekday)),
];

pub(super) const DATETIME: Table = &[("date", date), ("time", time), ("timestamp", timestamp)];

pub(super) const DELTA: Table = &[("total_seconds", |_, obj, _| match obj {
    Obj::Delta(d) => Ok(Obj::Float(d.micros as f64 / 1e6)),
    _ => Ok(Obj::None),
})];

/// A field.
pub(super) fn field(obj: &Obj, name: &str) -> Option<Obj> {
    if let Obj::Delta(delta) = obj {
        let (days, seconds, micros) = delta.parts();
        return match name {
            "days" => Some(Obj::Int(days)),
            "seconds" => Some(Obj::Int(seconds)),
            "microseconds" => Some(Obj::Int(micros)),
            _ => None,
        };
    }
    let time = moment(obj).ok()?;
    let number = match (name, obj) {
        ("year", _) => i64::from(time.date.year),
        ("month", _) => i64::from(time.date.month),
        ("day", _) => i64::from(time.date.day),
        (_, Obj::Date(_)) => return None,
        ("hour", _) => i64::from(time.hour),
        ("minute", _) => i64::from(time.minute),
        ("second", _) => i64::from(time.second),
        ("microsecond", _) => i64::from(time.micro),
        ("tzinfo", _) if time.offset.is_none() => return Some(Obj::None),
        _ => return None,
    };
    Some(Obj::Int(number))
}

fn moment(obj: &Obj) -> Result<DateTime> {
    match obj {
        Obj::DateTime(time) => Ok(*time),
        Obj::Date(date) => Ok(DateTime { date: *date, hour: 0, minute: 0, second: 0, micro: 0, offset: None }),
        other => Err(Raise::type_error(format!("expected date, got {}", other.type_name()))),
    }
}

fn isoformat(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [separator] = exact(args, "isoformat", 0)?;
    match obj {
        Obj::DateTime(time) => {
            let separator = separator.unwrap_or_else(|| Obj::str("T"));
            Ok(Obj::from(time.to_string().replacen(' ', want_str(&separator, "isoformat() argument 1")?, 1)))
        }
        other => Ok(Obj::from(moment(other)?.date.to_string())),
    }
}

/// The fields of `time.struct_time`, as a tuple.
fn timetuple(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "datetime.timetuple", 0)?;
    let time = moment(obj)?;
    let first = Date { month: 1, day: 1, ..time.date };
    let of_year = dates::days(&time.date) - dates::days(&first) + 1;
    let small = [time.date.month, time.date.day, time.hour, time.minute, time.second].map(|n| Obj::Int(i64::from(n)));
    let [month, day, hour, minute, second] = small;
    let weekday = Obj::Int(dates::weekday(&time.date));
    let year = Obj::Int(i64::from(time.date.year));
    Ok(Obj::tuple([year, month, day, hour, minute, second, weekday, Obj::Int(of_year), Obj::Int(-1)]))
}

/// A number that a date is or has.
fn counted(obj: &Obj, args: CallArgs, name: &str, number: impl Fn(&Date) -> i64) -> Result<Obj> {
    let [] = exact(args, name, 0)?;
    Ok(Obj::Int(number(&moment(obj)?.date)))
}

fn date(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "datetime.date", 0)?;
    Ok(Obj::Date(moment(obj)?.date))
}

/// The time of the day.
fn time(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "datetime.time", 0)?;
    Ok(of_day(moment(obj)?.time()))
}

/// A time of the day as an object.
pub(in crate::template) fn of_day(time: Time) -> Obj {
    Obj::Special(Rc::new(Clock(time)))
}

struct Clock(Time);

/// The time of the day that an object is.
pub(in crate::template) fn clock(special: &Rc<dyn Special>) -> Option<Time> {
    let any: &dyn std::any::Any = &**special;
    any.downcast_ref::<Clock>().map(|clock| clock.0)
}

impl Special for Clock {
    fn type_name(&self) -> &str {
        "time"
    }

    fn attr(&self, _: &mut Cx<'_>, name: &str) -> Result<Option<Obj>> {
        let day = self.0.on(Date { year: 1900, month: 1, day: 1 });
        Ok(match name {
            "hour" | "minute" | "second" | "microsecond" => field(&Obj::DateTime(day), name),
            "tzinfo" => Some(Obj::None),
            "fold" => Some(Obj::Int(0)),
            "isoformat" | "strftime" => Some(Obj::Special(Rc::new(ClockMethod(day, name == "strftime")))),
            _ => None,
        })
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

/// `isoformat` and `strftime` of a time.
struct ClockMethod(DateTime, bool);

impl Special for ClockMethod {
    fn type_name(&self) -> &str {
        "builtin_function_or_method"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, cx: &mut Cx<'_>, args: CallArgs) -> Result<Obj> {
        if self.1 {
            return strftime(cx, &Obj::DateTime(self.0), args);
        }
        let [] = exact(args, "time.isoformat", 0)?;
        Ok(Obj::str(self.0.time().to_string()))
    }
}

fn isocalendar(_: &mut Cx<'_>, obj: &Obj, _: CallArgs) -> Result<Obj> {
    let date = moment(obj)?.date;
    let (year, week) = dates::iso_week(&date);
    Ok(Obj::tuple([Obj::Int(i64::from(year)), Obj::Int(week), Obj::Int(dates::weekday(&date) + 1)]))
}

fn strftime(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [format] = exact(args, "strftime", 1)?;
    let format = format.unwrap_or_default();
    Ok(Obj::from(dates::strftime(want_str(&format, "strftime() argument 1")?, &moment(obj)?)))
}

fn timestamp(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "datetime.timestamp", 0)?;
    let time = moment(obj)?;
    let micros = match time.offset {
        Some(_) => dates::micros(&time),
        None => dates::micros(&DateTime { offset: Some(dates::local_offset(&time)), ..time }),
    };
    Ok(Obj::Float(micros as f64 / 1e6))
}

fn replace(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let mut time = moment(obj)?;
    let names = ["year", "month", "day", "hour", "minute", "second", "microsecond"];
    let mut given: Vec<(String, Obj)> =
        names.iter().map(|n| (*n).to_owned()).zip(args.positional.iter().cloned()).collect();
    given.extend(args.named.iter().map(|(n, v)| (n.to_string(), v.clone())));
    for (name, value) in given {
        if name == "tzinfo" {
            time.offset = None;
            continue;
        }
        let number = want_int(&value)?;
        let small = u8::try_from(number).map_err(|_| Raise::value_error(format!("{name} is out of range")));
        match name.as_str() {
            "year" => time.date.year = i32::try_from(number).unwrap_or(0),
            "month" => time.date.month = small?,
            "day" => time.date.day = small?,
            "hour" => time.hour = small?,
            "minute" => time.minute = small?,
            "second" => time.second = small?,
            "microsecond" => time.micro = u32::try_from(number).unwrap_or(0),
            _ => return Err(Raise::type_error(format!("'{name}' is an invalid keyword argument for replace()"))),
        }
    }
    check(&time.date)?;
    Ok(match obj {
        Obj::Date(_) => Obj::Date(time.date),
        _ => Obj::DateTime(time),
    })
}

fn check(date: &Date) -> Result<()> {
    if !(1..=9999).contains(&date.year) {
        return Err(Raise::value_error(format!("year {} is out of range", date.year)));
    }
    if !(1..=12).contains(&date.month) {
        return Err(Raise::value_error("month must be in 1..12"));
    }
    if dates::from_days(dates::days(date)) != *date {
        return Err(Raise::value_error("day is out of range for month"));
    }
    Ok(())
}
