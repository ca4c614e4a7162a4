//! `datetime.strptime` in the C locale.

use super::time::{DAYS, MONTHS};
use crate::value::{Date, DateTime};
use chrono::{Datelike, NaiveDate};

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
    // Years have all of their digits.
    let years = match letter {
        'y' => 2,
        'Y' => 4,
        _ => 0,
    };
    if text.bytes().take_while(u8::is_ascii_digit).count() < years {
        return Ok(None);
    }
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
            r.pm = match text.get(..2).map(str::to_ascii_uppercase).as_deref() {
                Some("AM") => Some(false),
                Some("PM") => Some(true),
                _ => None,
            };
            rest = text.get(2..).unwrap_or("");
            r.pm.is_some()
        }
        'a' | 'A' | 'b' | 'B' | 'h' => match read_name(r, letter, text) {
            Some(after) => {
                rest = after;
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

/// The name of a month or a day of the week, whole or short.
fn read_name<'t>(r: &mut Reading, letter: char, text: &'t str) -> Option<&'t str> {
    let names: &[&str] = if matches!(letter, 'a' | 'A') { &DAYS } else { &MONTHS };
    let whole = matches!(letter, 'A' | 'B');
    let at = names.iter().position(|n| {
        text.get(..n.len().min(if whole { 99 } else { 3 }))
            .is_some_and(|t| t.eq_ignore_ascii_case(if whole { n } else { &n[..3] }))
    })?;
    if names.len() == 12 {
        r.month = at as u32 + 1;
    }
    let length = if whole { names[at].len() } else { 3 };
    text.get(length..)
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
