//! `time.strftime` and `datetime.strptime` in the C locale.

use crate::value::{Date, DateTime};
use chrono::{DateTime as Chrono, Datelike, FixedOffset, Local, NaiveDate, TimeZone, Timelike, Utc};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment with its offset, and the name of its zone.
#[derive(Clone, Debug)]
pub struct Moment {
    time: Chrono<FixedOffset>,
    zone: String,
}

impl Moment {
    /// A moment by its seconds since 1970, in UTC or in local time; None is now.
    pub fn new(seconds: Option<f64>, utc: bool) -> Result<Self, String> {
        let time = match seconds {
            None => Utc::now(),
            Some(seconds) => {
                let whole = seconds.floor();
                let range = || "timestamp out of range for platform time_t".to_owned();
                if !whole.is_finite() || whole.abs() > 9e15 {
                    return Err(range());
                }
                Utc.timestamp_opt(whole as i64, 0).single().ok_or_else(range)?
            }
        };
        if utc {
            return Ok(Self { time: time.fixed_offset(), zone: "GMT".into() });
        }
        let time = time.with_timezone(&Local).fixed_offset();
        let zone = if time.offset().local_minus_utc() == 0 { "UTC".to_owned() } else { time.format("%z").to_string() };
        Ok(Self { time, zone })
    }

    /// The text of a format, as glibc's `strftime` writes it.
    pub fn format(&self, format: &str) -> String {
        let mut out = String::new();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let mut written = String::from("%");
            let (mut pad, mut upper) = (None, false);
            let mut width = String::new();
            while let Some(&flag) = chars.peek() {
                match flag {
                    '1'..='9' => width.push(flag),
                    '0' if !width.is_empty() => width.push(flag),
                    '-' | '_' | '0' => pad = Some(flag),
                    '^' => upper = true,
                    '#' | 'E' | 'O' => {}
                    _ => break,
                }
                written.push(flag);
                chars.next();
            }
            let Some(letter) = chars.next() else {
                out.push_str(&written);
                break;
            };
            written.push(letter);
            let text = self.field(letter, pad).map(|text| {
                let width = width.parse::<usize>().unwrap_or(0).min(1000);
                let digits = text.bytes().all(|b| b.is_ascii_digit());
                if digits && pad != Some('_') { format!("{text:0>width$}") } else { format!("{text:>width$}") }
            });
            match text {
                Some(text) if upper => out.push_str(&text.to_uppercase()),
                Some(text) => out.push_str(&text),
                None => out.push_str(&written),
            }
        }
        out
    }

    fn field(&self, letter: char, pad: Option<char>) -> Option<String> {
        let t = &self.time;
        let number = |value: i64, width: usize, default: char| match pad.unwrap_or(default) {
            '-' => value.to_string(),
            '_' => format!("{value:>width$}"),
            _ => format!("{value:0width$}"),
        };
        let day = DAYS[t.weekday().num_days_from_sunday() as usize % 7];
        let month = MONTHS[t.month0() as usize % 12];
        let hour12 = i64::from(t.hour12().1);
        let (yday, wday) = (i64::from(t.ordinal0()), i64::from(t.weekday().num_days_from_sunday()));
        Some(match letter {
            'a' => day[..3].into(),
            'A' => day.into(),
            'b' | 'h' => month[..3].into(),
            'B' => month.into(),
            'c' => self.format("%a %b %e %H:%M:%S %Y"),
            'C' => number(i64::from(t.year().div_euclid(100)), 2, '0'),
            'd' => number(t.day().into(), 2, '0'),
            'D' | 'x' => self.format("%m/%d/%y"),
            'e' => number(t.day().into(), 2, '_'),
            'F' => self.format("%Y-%m-%d"),
            'g' => number(i64::from(t.iso_week().year().rem_euclid(100)), 2, '0'),
            'G' => t.iso_week().year().to_string(),
            'H' => number(t.hour().into(), 2, '0'),
            'I' => number(hour12, 2, '0'),
            'j' => number(yday + 1, 3, '0'),
            'k' => number(t.hour().into(), 2, '_'),
            'l' => number(hour12, 2, '_'),
            'm' => number(t.month().into(), 2, '0'),
            'M' => number(t.minute().into(), 2, '0'),
            'n' => "\n".into(),
            'p' => if t.hour() < 12 { "AM" } else { "PM" }.into(),
            'P' => if t.hour() < 12 { "am" } else { "pm" }.into(),
            'r' => self.format("%I:%M:%S %p"),
            'R' => self.format("%H:%M"),
            's' => t.timestamp().to_string(),
            'S' => number(t.second().into(), 2, '0'),
            't' => "\t".into(),
            'T' | 'X' => self.format("%H:%M:%S"),
            'u' => t.weekday().number_from_monday().to_string(),
            'U' => number((yday + 7 - wday) / 7, 2, '0'),
            'V' => number(t.iso_week().week().into(), 2, '0'),
            'w' => wday.to_string(),
            'W' => number((yday + 7 - (wday + 6) % 7) / 7, 2, '0'),
            'y' => number(i64::from(t.year().rem_euclid(100)), 2, '0'),
            'Y' => t.year().to_string(),
            'z' => {
                let offset = t.offset().local_minus_utc();
                let sign = if offset < 0 { '-' } else { '+' };
                format!("{sign}{:02}{:02}", offset.abs() / 3600, offset.abs() / 60 % 60)
            }
            'Z' => self.zone.clone(),
            '%' => "%".into(),
            _ => return None,
        })
    }
}

/// What `strptime` has read so far.
struct Reading {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    micro: u32,
    offset: Option<i32>,
    pm: Option<bool>,
    ordinal: Option<u32>,
}

/// `datetime.strptime`.
pub fn strptime(text: &str, format: &str) -> Result<DateTime, String> {
    let quoted = crate::value::str_repr;
    let fail = || format!("time data {} does not match format {}", quoted(text), quoted(format));
    let mut r = Reading {
        year: 1900,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        micro: 0,
        offset: None,
        pm: None,
        ordinal: None,
    };
    let format_ = expand(format);
    let mut rest = text;
    let mut chars = format_.chars();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            let trimmed = rest.trim_start();
            if trimmed.len() == rest.len() {
                return Err(fail());
            }
            rest = trimmed;
            continue;
        }
        if c != '%' {
            let mut other = rest.chars();
            if !other.next().is_some_and(|o| o.to_lowercase().eq(c.to_lowercase())) {
                return Err(fail());
            }
            rest = other.as_str();
            continue;
        }
        let Some(letter) = chars.next() else {
            return Err(format!("stray % in format {}", quoted(format)));
        };
        rest = read_field(&mut r, letter, rest, format)?.ok_or_else(fail)?;
    }
    if !rest.is_empty() {
        return Err(format!("unconverted data remains: {rest}"));
    }
    finish(r)
}

fn expand(format: &str) -> String {
    [("%c", "%a %b %d %H:%M:%S %Y"), ("%x", "%m/%d/%y"), ("%X", "%H:%M:%S")]
        .iter()
        .fold(format.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn finish(mut r: Reading) -> Result<DateTime, String> {
    if let Some(pm) = r.pm {
        r.hour = r.hour % 12 + if pm { 12 } else { 0 };
    }
    if let Some(date) = r.ordinal.and_then(|o| NaiveDate::from_yo_opt(r.year, o)) {
        (r.month, r.day) = (date.month(), date.day());
    }
    if NaiveDate::from_ymd_opt(r.year, r.month, r.day).is_none() {
        return Err("day is out of range for month".into());
    }
    Ok(DateTime {
        date: Date { year: r.year, month: r.month as u8, day: r.day as u8 },
        hour: r.hour as u8,
        minute: r.minute as u8,
        second: r.second.min(59) as u8,
        micro: r.micro,
        offset: r.offset,
    })
}

/// Reads one field; None where the text does not fit.
fn read_field<'t>(r: &mut Reading, letter: char, text: &'t str, format: &str) -> Result<Option<&'t str>, String> {
    let name = |all: &[&str], short: bool| {
        all.iter().position(|n| {
            let n = if short { &n[..3] } else { n };
            text.get(..n.len()).is_some_and(|t| t.eq_ignore_ascii_case(n))
        })
    };
    let mut rest = text;
    let mut number = |low: u32, high: u32, width: usize| {
        let digits = rest.bytes().take(width).take_while(u8::is_ascii_digit).count();
        let fits = |n: usize| rest[..n].parse::<u32>().ok().filter(|v| (low..=high).contains(v));
        let length = (1..=digits).rev().find(|n| fits(*n).is_some())?;
        let value = fits(length);
        rest = &rest[length..];
        value
    };
    let put = |slot: &mut u32, value: Option<u32>| value.map(|v| *slot = v).is_some();
    let good = match letter {
        'd' | 'e' => put(&mut r.day, number(1, 31, 2)),
        'm' => put(&mut r.month, number(1, 12, 2)),
        'H' => put(&mut r.hour, number(0, 23, 2)),
        'I' => put(&mut r.hour, number(1, 12, 2)),
        'M' => put(&mut r.minute, number(0, 59, 2)),
        'S' => put(&mut r.second, number(0, 61, 2)),
        'j' => {
            r.ordinal = number(1, 366, 3);
            r.ordinal.is_some()
        }
        'w' => number(0, 6, 1).is_some(),
        'Y' => {
            let four = text.len() >= 4 && text.bytes().take(4).all(|b| b.is_ascii_digit());
            four && number(0, 9999, 4).map(|y| r.year = y as i32).is_some()
        }
        'y' => number(0, 99, 2).map(|y| r.year = y as i32 + if y < 69 { 2000 } else { 1900 }).is_some(),
        'f' => {
            let digits = text.bytes().take(6).take_while(u8::is_ascii_digit).count();
            rest = &text[digits..];
            let value = text[..digits].parse::<u32>().ok();
            value.map(|v| r.micro = v * 10u32.pow(6 - digits as u32)).is_some()
        }
        'p' => {
            r.pm = name(&["AMx", "PMx"].map(|n| &n[..2]), false).map(|i| i == 1);
            rest = text.get(2..).unwrap_or("");
            r.pm.is_some()
        }
        'b' | 'B' | 'h' => match name(&MONTHS, letter != 'B') {
            Some(i) => {
                r.month = i as u32 + 1;
                rest = &text[if letter == 'B' { MONTHS[i].len() } else { 3 }..];
                true
            }
            None => false,
        },
        'a' | 'A' => match name(&DAYS, letter == 'a') {
            Some(i) => {
                rest = &text[if letter == 'A' { DAYS[i].len() } else { 3 }..];
                true
            }
            None => false,
        },
        'z' => return Ok(read_offset(r, text)),
        'Z' => {
            let found = ["utc", "gmt"].iter().any(|z| text.get(..3).is_some_and(|t| t.eq_ignore_ascii_case(z)));
            rest = text.get(3..).unwrap_or("");
            found
        }
        '%' => {
            rest = text.strip_prefix('%').unwrap_or(text);
            rest.len() < text.len()
        }
        other => {
            let format = crate::value::str_repr(format);
            return Err(format!("'{other}' is a bad directive in format {format}"));
        }
    };
    Ok(good.then_some(rest))
}

/// `+0100`, `-01:30`, `Z`.
fn read_offset<'t>(r: &mut Reading, text: &'t str) -> Option<&'t str> {
    if let Some(rest) = text.strip_prefix('Z') {
        r.offset = Some(0);
        return Some(rest);
    }
    let sign = match text.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours: i32 = text.get(1..3)?.parse().ok()?;
    let rest = text.get(3..)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes: i32 = rest.get(..2)?.parse().ok()?;
    r.offset = Some(sign * (hours * 3600 + minutes * 60));
    rest.get(2..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn format(seconds: f64, format: &str, want: &str) {
        assert_eq!(Moment::new(Some(seconds), true).unwrap().format(format), want);
    }

    #[test]
    fn formats() {
        format(1441357287.0, "%Y-%m-%d %H:%M:%S", "2015-09-04 09:01:27");
        format(
            0.0,
            "%a %A %b %B %j %U %W %V %G %y %e|%-d|%_d %p %I %Z %z %s %c %x %X %%",
            "Thu Thursday Jan January 001 00 00 01 1970 70  1|1| 1 AM 12 GMT +0000 0 Thu Jan  1 00:00:00 1970 01/01/70 00:00:00 %",
        );
    }

    #[test]
    fn reads() {
        let got = strptime("2016-08-14 20:00:12", "%Y-%m-%d %H:%M:%S").unwrap();
        assert_eq!(got.to_string(), "2016-08-14 20:00:12");
        let got = strptime("4 Sep 15 01:02 PM +0130", "%d %b %y %I:%M %p %z").unwrap();
        assert_eq!(got.to_string(), "2015-09-04 13:02:00+01:30");
        let got = strptime("2015-12-25T03:04:05.5Z", "%Y-%m-%dT%H:%M:%S.%fZ").unwrap();
        assert_eq!(got.to_string(), "2015-12-25 03:04:05.500000");
        assert_eq!(strptime("x", "%Y").unwrap_err(), "time data 'x' does not match format '%Y'");
        assert_eq!(strptime("2015x", "%Y").unwrap_err(), "unconverted data remains: x");
        assert_eq!(strptime("x", "%Q").unwrap_err(), "'Q' is a bad directive in format '%Q'");
    }
}
