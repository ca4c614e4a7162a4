//! Dates and times as YAML has them, printed as Python's `str` and `isoformat` do.

use std::fmt;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

/// A day with a time and, where one was written, an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime {
    /// The day.
    pub date: Date,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
    /// The second.
    pub second: u8,
    /// The microseconds.
    pub micro: u32,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
}

/// A time of the day, as TOML and `datetime.time()` give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time {
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
    /// The second.
    pub second: u8,
    /// The microseconds.
    pub micro: u32,
}

impl Time {
    /// This time of a day.
    pub fn on(self, date: Date) -> DateTime {
        let Self { hour, minute, second, micro } = self;
        DateTime { date, hour, minute, second, micro, offset: None }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        if self.micro == 0 { Ok(()) } else { write!(f, ".{:06}", self.micro) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl DateTime {
    /// Its time of the day.
    pub fn time(&self) -> Time {
        Time { hour: self.hour, minute: self.minute, second: self.second, micro: self.micro }
    }

    /// `2024-01-02T03:04:05+00:00`, as Python's `isoformat`.
    pub fn isoformat(&self) -> String {
        self.to_string().replacen(' ', "T", 1)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.date, self.time())?;
        if let Some(offset) = self.offset {
            let sign = if offset < 0 { '-' } else { '+' };
            let seconds = offset.abs();
            write!(f, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
        }
        Ok(())
    }
}
