//! Dates and times of YAML 1.1: `2001-12-14`, `2001-12-14t21:59:43.10-05:00`.

use crate::value::{Date, DateTime, Value};

/// Whether a plain scalar is taken for a date or a time.
pub(super) fn looks_like(text: &str) -> bool {
    match Parts::read(text) {
        // A date alone must have two digits for month and day.
        Some(parts) => parts.time.is_some() || text.len() == 10,
        None => false,
    }
}

struct Parts {
    date: [u32; 3],
    time: Option<Time>,
}

struct Time {
    clock: [u32; 3],
    micro: u32,
    /// Seconds east of UTC.
    offset: Option<i64>,
}

/// Reads from the front of a text.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    /// A number of at least and at most so many digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
    }

    fn take(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        if !wanted.contains(first) {
            return None;
        }
        self.0 = rest;
        Some(*first)
    }

    fn blanks(&mut self) -> usize {
        let mut count = 0;
        while self.take(b" \t").is_some() {
            count += 1;
        }
        count
    }
}

impl Parts {
    fn read(text: &str) -> Option<Self> {
        let mut at = Cursor(text.strip_suffix('\n').unwrap_or(text).as_bytes());
        let year = at.digits(4, 4)?;
        at.take(b"-")?;
        let month = at.digits(1, 2)?;
        at.take(b"-")?;
        let day = at.digits(1, 2)?;
        let date = [year, month, day];
        if at.0.is_empty() {
            return Some(Self { date, time: None });
        }
        if at.take(b"Tt").is_none() && at.blanks() == 0 {
            return None;
        }
        let hour = at.digits(1, 2)?;
        at.take(b":")?;
        let minute = at.digits(2, 2)?;
        at.take(b":")?;
        let second = at.digits(2, 2)?;
        let mut micro = 0;
        if at.take(b".").is_some() {
            let mut scale = 100_000;
            while let Some(digit) = at.digits(1, 1) {
                micro += digit * scale;
                scale /= 10;
            }
        }
        let offset = if at.0.is_empty() { None } else { Some(zone(&mut at)?) };
        at.0.is_empty().then_some(Self { date, time: Some(Time { clock: [hour, minute, second], micro, offset }) })
    }
}

fn zone(at: &mut Cursor<'_>) -> Option<i64> {
    at.blanks();
    let sign = at.take(b"Z+-")?;
    if sign == b'Z' {
        return Some(0);
    }
    let hours = at.digits(1, 2)?;
    let minutes = if at.take(b":").is_some() { at.digits(2, 2)? } else { 0 };
    let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
    Some(if sign == b'-' { -seconds } else { seconds })
}

/// The date or time that a text says; None where it says none.
pub fn timestamp(text: &str) -> Option<Value> {
    construct(text).ok()
}

/// The date or time that a text says; else what Python's `datetime` says about it.
pub(super) fn construct(text: &str) -> Result<Value, String> {
    let parts = Parts::read(text).ok_or("'NoneType' object has no attribute 'groupdict'")?;
    let date = date(parts.date)?;
    let Some(time) = parts.time else { return Ok(Value::Date(date)) };
    let offset = match time.offset {
        Some(s) if s.abs() >= 86_400 => return Err(out_of_range(s)),
        other => other.and_then(|s| i32::try_from(s).ok()),
    };
    let [hour, minute, second] = time.clock;
    let hour = within(hour, 23, "hour")?;
    let minute = within(minute, 59, "minute")?;
    let second = within(second, 59, "second")?;
    Ok(Value::DateTime(DateTime { date, hour, minute, second, micro: time.micro, offset }))
}

fn out_of_range(offset: i64) -> String {
    let (days, seconds) = (offset.div_euclid(86_400), offset.rem_euclid(86_400));
    let seconds = if seconds == 0 { String::new() } else { format!(", seconds={seconds}") };
    format!(
        "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), \
         not datetime.timedelta(days={days}{seconds})."
    )
}

fn within(number: u32, most: u8, what: &str) -> Result<u8, String> {
    u8::try_from(number).ok().filter(|n| *n <= most).ok_or_else(|| format!("{what} must be in 0..{most}"))
}

fn date([year, month, day]: [u32; 3]) -> Result<Date, String> {
    if year == 0 {
        return Err("year 0 is out of range".into());
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let most = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return Err("month must be in 1..12".into()),
    };
    if day == 0 || day > most {
        return Err("day is out of range for month".into());
    }
    // All three are bounded by now.
    Ok(Date { year: year as i32, month: month as u8, day: day as u8 })
}
