//! The local time zone: TZ or /etc/localtime, a TZif file with the rule at its end for times to come.
//!
//! A static program has no localtime(3) to lean on that would work in an empty root; without a zone
//! file it is UTC.

use super::time::{civil, days};

/// Offsets from UTC in seconds east, by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Zone {
    /// Each time in UTC with the offset that holds from then on.
    transitions: Vec<(i64, i32)>,
    /// The offset before the first one.
    first: i32,
    /// What holds after the last one.
    rule: Option<Rule>,
    /// The names of the standard and, if there is one, the summer time.
    names: Vec<String>,
}

/// A POSIX TZ text: `CET-1CEST,M3.5.0,M10.5.0/3`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rule {
    standard: i32,
    /// The summer offset, its first and last moments in local time.
    summer: Option<(i32, Moment, Moment)>,
}

/// A day of each year and a time in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Moment {
    day: Day,
    seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Day {
    /// Month, week (5 is the last), weekday from Sunday.
    Weekday(i64, i64, i64),
    /// 1 to 365, without February 29.
    Julian(i64),
    /// 0 to 365.
    Zero(i64),
}

impl Zone {
    /// The zone of a TZ value, else of /etc/localtime, else UTC.
    pub fn local(tz: Option<&str>) -> Self {
        let name = tz.map(|tz| tz.strip_prefix(':').unwrap_or(tz));
        let path = match name {
            None => "/etc/localtime".to_owned(),
            Some("") => return Self::default(),
            Some(name) if name.starts_with('/') => name.to_owned(),
            Some(name) if name.contains("..") => return Self::default(),
            Some(name) => format!("/usr/share/zoneinfo/{name}"),
        };
        let file = std::fs::read(path).ok().and_then(|bytes| Self::parse(&bytes));
        let by_rule = || Some(Self { rule: Some(Rule::parse(name?)?), names: names(name?), ..Self::default() });
        file.or_else(by_rule).unwrap_or_default()
    }

    /// Reads a TZif file; of version 2 and later the part with 64-bit times.
    fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..4)? != b"TZif" {
            return None;
        }
        if *bytes.get(4)? < b'2' {
            return Self::body(bytes.get(44..)?, &counts(bytes)?, 4).map(|(zone, _)| zone);
        }
        let second = bytes.get(44 + size(&counts(bytes)?, 4)..)?;
        let (mut zone, rest) = Self::body(second.get(44..)?, &counts(second)?, 8)?;
        let footer = std::str::from_utf8(rest).ok().and_then(|text| text.trim().lines().next().map(str::to_owned));
        zone.names = names(footer.as_deref().unwrap_or_default());
        zone.rule = footer.and_then(|text| Rule::parse(&text));
        Some(zone)
    }

    fn body<'a>(bytes: &'a [u8], counts: &[usize; 6], width: usize) -> Option<(Self, &'a [u8])> {
        let [_, _, _, times, types, _] = *counts;
        let indexes = bytes.get(times * width..)?;
        let kinds = indexes.get(times..)?;
        let offset = |kind: usize| -> Option<i32> {
            Some(i32::from_be_bytes(kinds.get(kind * 6..kind * 6 + 4)?.try_into().ok()?))
        };
        let mut zone = Self { first: if types > 0 { offset(0)? } else { 0 }, ..Self::default() };
        for i in 0..times {
            let raw = bytes.get(i * width..(i + 1) * width)?;
            let time = match width {
                4 => i64::from(i32::from_be_bytes(raw.try_into().ok()?)),
                _ => i64::from_be_bytes(raw.try_into().ok()?),
            };
            zone.transitions.push((time, offset(usize::from(*indexes.get(i)?))?));
        }
        Some((zone, bytes.get(size(counts, width)..)?))
    }

    /// The offset at a time in UTC.
    pub fn offset(&self, utc: i64) -> i32 {
        let after = self.transitions.partition_point(|(time, _)| *time <= utc);
        match (self.rule, after) {
            (Some(rule), n) if n == self.transitions.len() => rule.offset(utc),
            (_, 0) => self.first,
            (_, n) => self.transitions[n - 1].1,
        }
    }
}

impl Zone {
    /// The names of the time at an offset, and of summer time or what stands for it.
    pub fn names_at(&self, offset: i32) -> (String, String) {
        let standard = self.names.first().map_or("UTC", String::as_str);
        let summer = self.names.get(1).map_or(standard, String::as_str);
        let rule = self.rule.and_then(|rule| rule.summer);
        let now = if rule.is_some_and(|(summer, ..)| summer == offset) { summer } else { standard };
        (now.to_owned(), summer.to_owned())
    }
}

/// The names in a POSIX TZ text: `CET-1CEST,M3.5.0,M10.5.0/3` has CET and CEST.
fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(after) = skip_name(rest) {
        let name = rest.strip_suffix(after).unwrap_or_default();
        names.push(name.trim_start_matches('<').trim_end_matches('>').to_owned());
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || "+-:".contains(c));
    }
    names
}

/// The six counts of a header: is-UT, is-standard, leap seconds, times, types, characters.
fn counts(header: &[u8]) -> Option<[usize; 6]> {
    let mut counts = [0; 6];
    for (i, count) in counts.iter_mut().enumerate() {
        let raw = header.get(20 + i * 4..24 + i * 4)?;
        *count = usize::try_from(u32::from_be_bytes(raw.try_into().ok()?)).ok()?;
        // No real file comes near this; it keeps the sums below from overflowing.
        if *count > 1 << 20 {
            return None;
        }
    }
    Some(counts)
}

/// The length of a body.
fn size(counts: &[usize; 6], width: usize) -> usize {
    let [ut, std, leaps, times, types, chars] = *counts;
    times * (width + 1) + types * 6 + chars + leaps * (width + 4) + std + ut
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let mut text = skip_name(text)?;
        let standard = -i32::try_from(clock(&mut text)?).ok()?;
        if text.is_empty() {
            return Some(Self { standard, summer: None });
        }
        text = skip_name(text)?;
        let mut summer = standard + 3600;
        if !text.is_empty() && !text.starts_with(',') {
            summer = -i32::try_from(clock(&mut text)?).ok()?;
        }
        // Without days, POSIX leaves them open; the usual reading is the United States'.
        let days = if text.is_empty() { ",M3.2.0,M11.1.0" } else { text };
        let (start, end) = days.strip_prefix(',')?.split_once(',')?;
        Some(Self { standard, summer: Some((summer, Moment::parse(start)?, Moment::parse(end)?)) })
    }

    fn offset(&self, utc: i64) -> i32 {
        let Some((summer, start, end)) = self.summer else { return self.standard };
        let year = civil((utc + i64::from(self.standard)).div_euclid(86_400)).0;
        let start = start.seconds_of(year) - i64::from(self.standard);
        let end = end.seconds_of(year) - i64::from(summer);
        let in_summer = if start < end { (start..end).contains(&utc) } else { !(end..start).contains(&utc) };
        if in_summer { summer } else { self.standard }
    }
}

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('/').unwrap_or((text, "2"));
        let mut time = time;
        let seconds = clock(&mut time)?;
        let day = if let Some(rest) = day.strip_prefix('M') {
            let mut parts = rest.split('.').map(str::parse);
            let (month, week, weekday) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
            if !(1..=12).contains(&month) || !(1..=5).contains(&week) || !(0..=6).contains(&weekday) {
                return None;
            }
            Day::Weekday(month, week, weekday)
        } else if let Some(rest) = day.strip_prefix('J') {
            Day::Julian(rest.parse().ok().filter(|n| (1..=365).contains(n))?)
        } else {
            Day::Zero(day.parse().ok().filter(|n| (0..=365).contains(n))?)
        };
        Some(Self { day, seconds })
    }

    /// The moment of a year, in seconds since 1970 on the local clock.
    fn seconds_of(self, year: i64) -> i64 {
        let day = match self.day {
            Day::Zero(n) => days(year, 1, 1) + n,
            Day::Julian(n) => {
                days(year, 1, 1) + n - 1 + i64::from(n >= 60 && days(year, 3, 1) - days(year, 2, 1) == 29)
            }
            Day::Weekday(month, week, weekday) => {
                let first = days(year, month, 1);
                // 1970-01-01 was a Thursday.
                let mut day = first + (weekday - (first + 4)).rem_euclid(7) + (week - 1) * 7;
                let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
                while day >= next {
                    day -= 7;
                }
                day
            }
        };
        day * 86_400 + self.seconds
    }
}

fn skip_name(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('<') {
        return rest.split_once('>').map(|(_, rest)| rest);
    }
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    (end >= 3).then(|| &text[end..])
}

/// Takes `[+-]hh[:mm[:ss]]` off the front, in seconds.
fn clock(text: &mut &str) -> Option<i64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-:".contains(c)).unwrap_or(text.len());
    let (own, rest) = text.split_at(end);
    *text = rest;
    let sign = if own.starts_with('-') { -1 } else { 1 };
    let mut seconds = 0;
    let mut unit = 3600;
    for part in own.trim_start_matches(['+', '-']).split(':') {
        seconds += part.parse::<i64>().ok().filter(|n| *n < 1000)? * unit;
        unit /= 60;
    }
    Some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let zone = Zone::local(Some("CET-1CEST,M3.5.0,M10.5.0/3"));
        // date -d @… in Europe/Berlin: 2024-03-31 changes at 01:00 UTC, 2024-10-27 too.
        assert_eq!(zone.offset(1_711_846_799), 3600);
        assert_eq!(zone.offset(1_711_846_800), 7200);
        assert_eq!(zone.offset(1_729_990_799), 7200);
        assert_eq!(zone.offset(1_729_990_800), 3600);
        assert_eq!(Zone::local(Some("<-03>3")).offset(0), -10_800);
        assert_eq!(Zone::local(Some("UTC0")).offset(0), 0);
        // The southern half: summer spans the new year.
        let zone = Zone::local(Some("AEST-10AEDT,M10.1.0,M4.1.0/3"));
        assert_eq!(zone.offset(1_704_067_200), 39_600);
        assert_eq!(zone.offset(1_719_792_000), 36_000);
    }

    #[test]
    fn names_of_a_rule() {
        assert_eq!(names("CET-1CEST,M3.5.0,M10.5.0/3"), ["CET", "CEST"]);
        assert_eq!(names("<+0530>-5:30"), ["+0530"]);
        assert_eq!(names(""), Vec::<String>::new());
    }

    #[test]
    fn a_broken_file_is_no_zone() {
        assert_eq!(Zone::parse(b"TZif2"), None);
        assert_eq!(Zone::parse(b"nope"), None);
    }
}
