//! `time.strftime` in the C locale.

use chrono::{DateTime, Datelike, FixedOffset, Local, TimeZone, Timelike, Utc};

pub(super) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
pub(super) const MONTHS: [&str; 12] = [
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
    time: DateTime<FixedOffset>,
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
                if !whole.is_finite() || whole.abs() > 8e12 {
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
}
