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
