//! Arithmetic of dates, times and their differences.

use super::object::Delta;
use crate::value::{Date, DateTime};

/// Days since 1970-01-01.
pub fn days(date: &Date) -> i64 {
    // Howard Hinnant's algorithm: years counted from March, so that the leap day is the last.
    let year = i64::from(date.year) - i64::from(date.month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let month = (i64::from(date.month) + 9) % 12;
    let of_year = (153 * month + 2) / 5 + i64::from(date.day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The day so many days after 1970-01-01.
pub fn from_days(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    Date { year: i32::try_from(year).unwrap_or(i32::MAX), month: month as u8, day: day as u8 }
}

/// Microseconds since 1970-01-01, in UTC where an offset is known.
pub fn micros(time: &DateTime) -> i64 {
    let seconds =
        days(&time.date) * 86_400 + i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second)
            - i64::from(time.offset.unwrap_or(0));
    seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.micro))
}

/// The time so many microseconds after 1970-01-01 UTC, shown with an offset.
pub fn from_micros(micros: i64, offset: Option<i32>) -> DateTime {
    let micros = micros.saturating_add(i64::from(offset.unwrap_or(0)) * 1_000_000);
    let (seconds, micro) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let of_day = seconds.rem_euclid(86_400);
    DateTime {
        date: from_days(seconds.div_euclid(86_400)),
        hour: (of_day / 3600) as u8,
        minute: (of_day / 60 % 60) as u8,
        second: (of_day % 60) as u8,
        micro: micro as u32,
        offset,
    }
}

/// A time plus a difference; None beyond Python's years 1 to 9999.
pub fn add(time: &DateTime, delta: Delta) -> Option<DateTime> {
    let moved = from_micros(micros(time).checked_add(delta.micros)?, time.offset);
    (1..=9999).contains(&moved.date.year).then_some(moved)
}

/// The day of the week, Monday being 0.
pub fn weekday(date: &Date) -> i64 {
    (days(date) + 3).rem_euclid(7)
}

/// The year and week that ISO 8601 counts a day in.
pub fn iso_week(date: &Date) -> (i32, i64) {
    // The week belongs to the year of its Thursday.
    let thursday = from_days(days(date) - weekday(date) + 3);
    let first = Date { year: thursday.year, month: 1, day: 1 };
    (thursday.year, (days(&thursday) - days(&first)) / 7 + 1)
}

/// Seconds east of UTC that a local time has on this machine.
pub fn local_offset(time: &DateTime) -> i32 {
    use chrono::{Local, NaiveDate, Offset, TimeZone};
    NaiveDate::from_ymd_opt(time.date.year, u32::from(time.date.month), u32::from(time.date.day))
        .and_then(|d| d.and_hms_opt(u32::from(time.hour), u32::from(time.minute), u32::from(time.second)))
        .and_then(|naive| Local.offset_from_local_datetime(&naive).earliest())
        .map_or(0, |offset| offset.fix().local_minus_utc())
}

/// The present, local without an offset, or in UTC.
pub fn now(utc: bool) -> DateTime {
    let now = chrono::Utc::now();
    let micros = now.timestamp_micros();
    if utc {
        return from_micros(micros, None);
    }
    let offset = chrono::Offset::fix(&now.with_timezone(&chrono::Local).offset().to_owned()).local_minus_utc();
    DateTime { offset: None, ..from_micros(micros, Some(offset)) }
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
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

/// C's strftime in the C locale, with glibc's flags `-`, `_`, `0`, `^`; unknown directives stay.
pub fn strftime(format: &str, time: &DateTime) -> String {
    let mut out = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flag = None;
        let mut directive = rest.next();
        if let Some(f @ ('-' | '_' | '0' | '^')) = directive {
            flag = Some(f);
            directive = rest.next();
        }
        let Some(directive) = directive else {
            out.push('%');
            break;
        };
        match (field(directive, time), text(directive, time)) {
            (Some((number, width, pad)), _) => {
                let pad = match flag {
                    Some('-') => None,
                    Some('_') => Some(' '),
                    Some('0') => Some('0'),
                    _ => Some(pad),
                };
                let digits = number.to_string();
                if let Some(pad) = pad {
                    out.extend(std::iter::repeat_n(pad, width.saturating_sub(digits.len())));
                }
                out.push_str(&digits);
            }
            (None, Some(text)) if flag == Some('^') => out.push_str(&text.to_uppercase()),
            (None, Some(text)) => out.push_str(&text),
            (None, None) => {
                out.push('%');
                out.extend(flag);
                out.push(directive);
            }
        }
    }
    out
}

/// A directive that is a number: value, width, padding.
fn field(directive: char, time: &DateTime) -> Option<(i64, usize, char)> {
    let date = &time.date;
    let of_year = days(date) - days(&Date { year: date.year, month: 1, day: 1 });
    let twelve = i64::from((time.hour + 11) % 12 + 1);
    Some(match directive {
        'Y' => (i64::from(date.year), 1, '0'),
        'C' => (i64::from(date.year) / 100, 2, '0'),
        'y' => (i64::from(date.year).rem_euclid(100), 2, '0'),
        'm' => (i64::from(date.month), 2, '0'),
        'd' => (i64::from(date.day), 2, '0'),
        'e' => (i64::from(date.day), 2, ' '),
        'H' => (i64::from(time.hour), 2, '0'),
        'k' => (i64::from(time.hour), 2, ' '),
        'I' => (twelve, 2, '0'),
        'l' => (twelve, 2, ' '),
        'M' => (i64::from(time.minute), 2, '0'),
        'S' => (i64::from(time.second), 2, '0'),
        'f' => (i64::from(time.micro), 6, '0'),
        'j' => (of_year + 1, 3, '0'),
        'u' => (weekday(date) + 1, 1, '0'),
        'w' => ((weekday(date) + 1) % 7, 1, '0'),
        'U' => ((of_year + 7 - (weekday(date) + 1) % 7) / 7, 2, '0'),
        'W' => ((of_year + 7 - weekday(date)) / 7, 2, '0'),
        'V' => (iso_week(date).1, 2, '0'),
        'G' => (i64::from(iso_week(date).0), 4, '0'),
        'g' => (i64::from(iso_week(date).0).rem_euclid(100), 2, '0'),
        's' => {
            let offset = time.offset.unwrap_or_else(|| local_offset(time));
            (micros(&DateTime { offset: Some(offset), ..*time }).div_euclid(1_000_000), 1, '0')
        }
        _ => return None,
    })
}

/// A directive that is a text.
fn text(directive: char, time: &DateTime) -> Option<String> {
    let day = DAYS[weekday(&time.date).rem_euclid(7) as usize];
    let month = MONTHS[usize::from(time.date.month.clamp(1, 12)) - 1];
    Some(match directive {
        'a' => day[..3].to_owned(),
        'A' => day.to_owned(),
        'b' | 'h' => month[..3].to_owned(),
        'B' => month.to_owned(),
        'p' => if time.hour < 12 { "AM" } else { "PM" }.to_owned(),
        'P' => if time.hour < 12 { "am" } else { "pm" }.to_owned(),
        'c' => strftime("%a %b %e %H:%M:%S %Y", time),
        'x' | 'D' => strftime("%m/%d/%y", time),
        'X' | 'T' => strftime("%H:%M:%S", time),
        'F' => strftime("%Y-%m-%d", time),
        'R' => strftime("%H:%M", time),
        'r' => strftime("%I:%M:%S %p", time),
        'z' => time.offset.map_or_else(String::new, |o| {
            format!("{}{:02}{:02}", if o < 0 { '-' } else { '+' }, o.abs() / 3600, o.abs() / 60 % 60)
        }),
        'Z' => match time.offset {
            None => String::new(),
            Some(0) => "UTC".to_owned(),
            Some(o) => format!("UTC{}{:02}:{:02}", if o < 0 { '-' } else { '+' }, o.abs() / 3600, o.abs() / 60 % 60),
        },
        'n' => "\n".to_owned(),
        't' => "\t".to_owned(),
        '%' => "%".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_there_and_back() {
        for (year, month, day, want) in
            [(1970, 1, 1, 0), (2024, 2, 29, 19_782), (1969, 12, 31, -1), (1, 1, 1, -719_162)]
        {
            let date = Date { year, month, day };
            assert_eq!(days(&date), want);
            assert_eq!(from_days(want), date);
        }
        assert_eq!(weekday(&Date { year: 2024, month: 1, day: 1 }), 0);
    }
}
