//! Times as Ansible's modules print and read them, in the local time zone.

use super::Env;
use super::zone::Zone;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Days since 1970-01-01 of a date.
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have the leap day at their end.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// Seconds and microseconds since 1970 of a time.
fn since_epoch(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_micros()),
        Err(before) => (-i64::try_from(before.duration().as_secs()).unwrap_or(0), 0),
    }
}

/// Seconds since 1970 as a float, Python's `time.time()`.
pub fn now_float() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |after| after.as_secs_f64())
}

/// `str(datetime.now())` of a time: `2024-01-02 03:04:05.000006`, local.
pub fn local_text(env: &Env, time: SystemTime) -> String {
    let (seconds, micros) = since_epoch(time);
    let text = format_local(env, seconds, ' ', "");
    if micros == 0 { text } else { format!("{text}.{micros:06}") }
}

/// The end of a backup's name: `2024-01-02@03:04:05~`, local.
pub fn backup_suffix(env: &Env) -> String {
    format_local(env, since_epoch(SystemTime::now()).0, '@', "~")
}

fn format_local(env: &Env, seconds: i64, between: char, end: &str) -> String {
    let local = seconds.saturating_add(i64::from(zone(env).offset(seconds)));
    let (year, month, day) = civil(local.div_euclid(86_400));
    let clock = local.rem_euclid(86_400);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}{end}")
}

fn zone(env: &Env) -> Zone {
    Zone::local(env.get("TZ").as_deref())
}

/// The local time zone at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneAt {
    /// Seconds east of UTC.
    pub offset: i32,
    /// The name then: `CET`.
    pub name: String,
    /// The name of summer time, or the same where there is none.
    pub summer_name: String,
}

/// The local time zone at a time in seconds since 1970.
pub fn zone_at(env: &Env, utc: i64) -> ZoneAt {
    let zone = zone(env);
    let offset = zone.offset(utc);
    let (name, summer_name) = zone.names_at(offset);
    ZoneAt { offset, name, summer_name }
}

/// `str(timedelta)`: `0:00:01.000002`, `1 day, 0:00:00`.
pub fn delta_text(delta: Duration) -> String {
    let (seconds, micros) = (delta.as_secs(), delta.subsec_micros());
    let mut text = match seconds / 86_400 {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    text.push_str(&format!("{}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60));
    if micros != 0 {
        text.push_str(&format!(".{micros:06}"));
    }
    text
}

/// `time.mktime(time.strptime(text, format))`: seconds since 1970; the error is Python's.
pub fn parse_local(env: &Env, text: &str, format: &str) -> Result<i64, String> {
    let fields = strptime(text, format)?;
    let local = days(fields.year, fields.month, 1) * 86_400
        + (fields.day - 1) * 86_400
        + fields.hour * 3600
        + fields.minute * 60
        + fields.second;
    let zone = zone(env);
    let guess = local - i64::from(zone.offset(local));
    Ok(local - i64::from(zone.offset(guess)))
}

/// The moment, in seconds since 1970, at which a clock that knows no summer time shows `local`.
///
/// Python's `time.mktime` of a time that says that it is not summer time.
pub fn standard_to_utc(env: &Env, local: i64) -> i64 {
    const HALF_A_YEAR: i64 = 182 * 86_400;
    let zone = zone(env);
    let guess = local - i64::from(zone.offset(local));
    let is_summer = |offset| {
        let (name, summer) = zone.names_at(offset);
        name == summer
    };
    let here = zone.offset(guess);
    let others = [guess - HALF_A_YEAR, guess + HALF_A_YEAR].map(|utc| zone.offset(utc));
    let standard = if is_summer(here) { others.into_iter().find(|offset| !is_summer(*offset)) } else { None };
    local - i64::from(standard.unwrap_or(here))
}

struct Fields {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    afternoon: Option<bool>,
    day_of_year: Option<i64>,
}

fn strptime(text: &str, format: &str) -> Result<Fields, String> {
    let mismatch = || {
        let (text, format) = (crate::value::str_repr(text), crate::value::str_repr(format));
        format!("time data {text} does not match format {format}")
    };
    let mut fields =
        Fields { year: 1900, month: 1, day: 1, hour: 0, minute: 0, second: 0, afternoon: None, day_of_year: None };
    let mut rest = text;
    let mut directives = format.chars();
    while let Some(c) = directives.next() {
        if c == '%' {
            let directive = directives.next().ok_or_else(|| format!("stray % in format '{format}'"))?;
            if !"YymdHIMSfjbBaApP%".contains(directive) {
                return Err(format!("'{directive}' is a bad directive in format '{format}'"));
            }
            rest = fields.take(directive, rest).ok_or_else(mismatch)?;
        } else if c.is_whitespace() {
            rest = rest.trim_start();
        } else {
            rest = rest.strip_prefix(c).ok_or_else(mismatch)?;
        }
    }
    if !rest.is_empty() {
        return Err(format!("unconverted data remains: {rest}"));
    }
    if let Some(afternoon) = fields.afternoon {
        fields.hour = fields.hour % 12 + if afternoon { 12 } else { 0 };
    }
    if let Some(n) = fields.day_of_year {
        (fields.year, fields.month, fields.day) = civil(days(fields.year, 1, 1) + n - 1);
    }
    let next = if fields.month == 12 { days(fields.year + 1, 1, 1) } else { days(fields.year, fields.month + 1, 1) };
    if fields.day > next - days(fields.year, fields.month, 1) {
        return Err("day is out of range for month".into());
    }
    Ok(fields)
}

impl Fields {
    /// Takes one directive's text off the front and gives the rest.
    fn take<'a>(&mut self, directive: char, text: &'a str) -> Option<&'a str> {
        let (value, rest) = match directive {
            'Y' => number(text, 4, 0, 9999)
                .filter(|_| text.get(..4).is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit())))?,
            'y' => number(text, 2, 0, 99)?,
            'm' => number(text, 2, 1, 12)?,
            'd' => number(text, 2, 1, 31)?,
            'H' => number(text, 2, 0, 23)?,
            'I' => number(text, 2, 1, 12)?,
            'M' => number(text, 2, 0, 59)?,
            'S' => number(text, 2, 0, 61)?,
            'f' => number(text, 6, 0, 999_999)?,
            'j' => number(text, 3, 1, 366)?,
            'b' => name(text, &MONTHS, Some(3))?,
            'B' => name(text, &MONTHS, None)?,
            'a' => name(text, &WEEKDAYS, Some(3))?,
            'A' => name(text, &WEEKDAYS, None)?,
            'p' | 'P' => name(text, &["am", "pm"], None)?,
            _ => (0, text.strip_prefix('%')?),
        };
        match directive {
            'Y' => self.year = value,
            // POSIX: 69 to 99 are the last century.
            'y' => self.year = value + if value >= 69 { 1900 } else { 2000 },
            'm' => self.month = value,
            'b' | 'B' => self.month = value + 1,
            'd' => self.day = value,
            'H' | 'I' => self.hour = value,
            'M' => self.minute = value,
            'S' => self.second = value,
            'j' => self.day_of_year = Some(value),
            'p' | 'P' => self.afternoon = Some(value == 1),
            _ => {}
        }
        Some(rest)
    }
}

/// The longest number of at most `width` digits that is in range.
fn number(text: &str, width: usize, low: i64, high: i64) -> Option<(i64, &str)> {
    let digits = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
    (1..=digits).rev().find_map(|n| {
        let value = text[..n].parse().ok()?;
        (low..=high).contains(&value).then(|| (value, &text[n..]))
    })
}

fn name<'a>(text: &'a str, names: &[&str], width: Option<usize>) -> Option<(i64, &'a str)> {
    names.iter().enumerate().find_map(|(i, name)| {
        let name = width.map_or(*name, |width| &name[..width]);
        let start = text.get(..name.len())?;
        start.eq_ignore_ascii_case(name).then(|| Some((i64::try_from(i).ok()?, &text[name.len()..])))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_there_and_back() {
        for day in [-719_468, -1, 0, 59, 60, 11_016, 19_782, 2_932_896] {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), day);
        }
        assert_eq!(civil(19_782), (2024, 2, 29));
    }

    #[test]
    fn deltas() {
        assert_eq!(delta_text(Duration::from_micros(1_003_456)), "0:00:01.003456");
        assert_eq!(delta_text(Duration::from_secs(90_061)), "1 day, 1:01:01");
    }

    #[test]
    fn texts_and_parsing() {
        let env = Env::default().with("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");
        assert_eq!(
            local_text(&env, UNIX_EPOCH + Duration::from_micros(1_720_000_000_000_001)),
            "2024-07-03 11:46:40.000001"
        );
        assert_eq!(parse_local(&env, "202407031146.40", "%Y%m%d%H%M.%S"), Ok(1_720_000_000));
        assert_eq!(parse_local(&env, "Jul 3 2024", "%b %d %Y"), Ok(1_719_957_600));
        assert_eq!(standard_to_utc(&env, 1_720_007_200), 1_720_003_600);
        assert_eq!(standard_to_utc(&env, 1_704_070_800), 1_704_067_200);
        assert_eq!(standard_to_utc(&Env::default().with("TZ", "UTC"), 5), 5);
        assert_eq!(parse_local(&env, "x", "%Y"), Err("time data 'x' does not match format '%Y'".to_owned()));
        assert_eq!(parse_local(&env, "2024x", "%Y"), Err("unconverted data remains: x".to_owned()));
    }
}
