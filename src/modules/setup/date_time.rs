//! `date_time`: now, in the host's time zone.

use super::Host;
use crate::host::time;
use crate::value::Dict;
use std::time::{SystemTime, UNIX_EPOCH};

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = i64::try_from(since.as_secs()).unwrap_or_default();
    let zone = time::zone_at(host.env, epoch);
    let local = Moment::new(epoch + i64::from(zone.offset), since.subsec_micros());
    let utc = Moment::new(epoch, since.subsec_micros());
    let Moment { year, month, day, hour, minute, second, micros, weekday, day_of_year } = local;
    let (date, clock) = (format!("{year:04}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"));
    // %W: weeks begin on Monday, and days before the first one are in week 0.
    let week = (day_of_year + 7 - (weekday + 6) % 7) / 7;
    let basic = format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}");
    let minutes = zone.offset.abs() / 60;
    let sign = if zone.offset < 0 { '-' } else { '+' };
    let weekday_name = usize::try_from(weekday).ok().and_then(|i| WEEKDAYS.get(i)).copied().unwrap_or_default();
    let facts = Dict::from([
        ("year", format!("{year:04}")),
        ("month", format!("{month:02}")),
        ("weekday", weekday_name.to_owned()),
        ("weekday_number", weekday.to_string()),
        ("weeknumber", format!("{week:02}")),
        ("day", format!("{day:02}")),
        ("hour", format!("{hour:02}")),
        ("minute", format!("{minute:02}")),
        ("second", format!("{second:02}")),
        ("epoch", epoch.to_string()),
        ("epoch_int", epoch.to_string()),
        ("date", date),
        ("time", clock),
        ("iso8601_micro", format!("{}.{micros:06}Z", utc.iso())),
        ("iso8601", format!("{}Z", utc.iso())),
        ("iso8601_basic", format!("{basic}{micros:06}")),
        ("iso8601_basic_short", basic),
        ("tz", zone.name),
        ("tz_dst", zone.summer_name),
        ("tz_offset", format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)),
    ]);
    Dict::from([("date_time", facts)])
}

struct Moment {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: u32,
    /// From Sunday, 0.
    weekday: i64,
    /// From 0.
    day_of_year: i64,
}

impl Moment {
    fn new(seconds: i64, micros: u32) -> Self {
        let days = seconds.div_euclid(86_400);
        let rest = seconds.rem_euclid(86_400);
        let (year, month, day) = time::civil(days);
        Self {
            year,
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            micros,
            weekday: (days + 4).rem_euclid(7),
            day_of_year: days - time::days(year, 1, 1),
        }
    }

    fn iso(&self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn moments() {
        let moment = Moment::new(1_795_539_532, 0);
        assert_eq!(moment.iso(), "2026-11-24T16:58:52");
        assert_eq!((moment.weekday, moment.day_of_year), (2, 327));
    }
}
