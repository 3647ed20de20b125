//! Instants as people read them: with a zone, always (screens.md 3.10).

use crate::domain::time::Time;
use jiff::{
    civil::DateTime,
    tz::{Offset, TimeZone},
};

/// An instant ready for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// For `datetime`.
    pub iso: String,
    /// "23 Nov 2026, 10:04 CET".
    pub text: String,
    /// The same in UTC, for the title.
    pub utc: String,
}

/// An instant in a viewer's zone.
pub fn when(time: Time, zone: &TimeZone) -> When {
    read(time, zone, false)
}

/// An instant in a viewer's zone, to the second: for the event log.
pub fn moment(time: Time, zone: &TimeZone) -> When {
    read(time, zone, true)
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Lists show fifty of these: a pattern would be read anew for each.
fn read(time: Time, zone: &TimeZone, seconds: bool) -> When {
    let instant = time.timestamp();
    let text = |at: DateTime, zone: &str| {
        let month = MONTHS.get(usize::from(at.month().unsigned_abs()).wrapping_sub(1)).copied().unwrap_or_default();
        let (day, year, hour, minute) = (at.day(), at.year(), at.hour(), at.minute());
        match seconds {
            true => format!("{day} {month} {year}, {hour:02}:{minute:02}:{:02} {zone}", at.second()),
            false => format!("{day} {month} {year}, {hour:02}:{minute:02} {zone}"),
        }
    };
    let there = zone.to_offset_info(instant);
    let utc = Offset::UTC.to_datetime(instant);
    When {
        iso: format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.year(), utc.month(), utc.day(), utc.hour(), utc.minute(), utc.second()),
        text: text(there.offset().to_datetime(instant), there.abbreviation()),
        utc: text(utc, "UTC"),
    }
}

/// What a date field says, as an instant: the start of the day, or for an end the start of the next one (A-5: a
/// bare end date means through that day in the viewer's zone). `2026-11-23T14:00` is taken as it is.
pub fn from_field(typed: &str, zone: &TimeZone, end: bool) -> Option<Time> {
    let civil: jiff::civil::DateTime = match typed.parse::<jiff::civil::Date>() {
        Ok(date) if !typed.contains('T') => {
            let date = if end { date.tomorrow().ok()? } else { date };
            date.to_datetime(jiff::civil::Time::midnight())
        }
        _ => typed.parse().ok()?,
    };
    let instant = civil.to_zoned_datetime(zone.clone()).ok()?.timestamp();
    (1970..2200).contains(&civil.year()).then(|| Time::from_micros(instant.as_microsecond()))
}

/// The start of the day of an instant in a viewer's zone.
pub fn day(time: Time, zone: &TimeZone) -> Option<Time> {
    let start = time.timestamp().to_zoned_datetime(zone.clone()).start_of_day().ok()?;
    Some(Time::from_micros(start.timestamp().as_microsecond()))
}

/// An instant as [`from_field`] reads it: the day alone where it begins or ends one, else with its time.
pub fn to_field(time: Time, zone: &TimeZone, end: bool) -> String {
    let civil = time.timestamp().to_zoned_datetime(zone.clone()).datetime();
    if civil.time() != jiff::civil::Time::midnight() {
        return civil.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    }
    let day = if end { civil.date().yesterday().unwrap_or(civil.date()) } else { civil.date() };
    day.to_string()
}

/// The zone with this IANA name.
pub fn zone(name: &str) -> Option<TimeZone> {
    let plausible = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_-+".contains(&byte));
    plausible.then(|| TimeZone::get(name).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_date_means_through_that_day_in_the_viewers_zone() {
        let zone = zone("Europe/Berlin").unwrap();
        let ends = from_field("2026-11-23", &zone, true).unwrap();
        assert_eq!(when(ends, &zone).text, "24 Nov 2026, 00:00 CET");
        assert_eq!(when(ends, &zone).utc, "23 Nov 2026, 23:00 UTC");
        let starts = from_field("2026-11-23T14:30", &zone, false).unwrap();
        assert_eq!(when(starts, &zone).text, "23 Nov 2026, 14:30 CET");
        assert_eq!(to_field(ends, &zone, true), "2026-11-23");
        assert_eq!(to_field(starts, &zone, false), "2026-11-23T14:30:00");
        assert_eq!(from_field(&to_field(starts, &zone, true), &zone, true), Some(starts));
        for wrong in ["", "yesterday", "2026-13-01", "9999-01-01", "2026-11-23T25:00"] {
            assert_eq!(from_field(wrong, &zone, false), None, "{wrong}");
        }
    }
}
