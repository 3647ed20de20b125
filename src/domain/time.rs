//! Instants in UTC, to the microsecond (Z-1).

use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970 in UTC, the precision that both databases keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

impl Time {
    /// From microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The same by reference, for what borrows it.
    pub const fn as_micros(&self) -> &i64 {
        &self.0
    }

    /// This many seconds later (earlier, when negative).
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + seconds * 1_000_000)
    }

    /// Whole seconds from `earlier` to this instant.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0) / 1_000_000
    }

    /// Reads RFC 3339, as the world file writes it.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|instant| Self(instant.as_microsecond()))
    }

    /// As a `jiff` instant; an instant outside its years becomes the nearest one inside.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX })
    }

    /// RFC 3339 in UTC, as exports, machine readings and `<time datetime>` have it.
    pub fn rfc3339(self) -> String {
        self.timestamp().to_string()
    }
}

/// `[starts, ends)`: half open, open where a side is missing (A-5, Z-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Period {
    /// First instant inside; none: since always.
    pub starts: Option<Time>,
    /// First instant after; none: for good.
    pub ends: Option<Time>,
}

impl Period {
    /// Since always and for good.
    pub const ALWAYS: Self = Self { starts: None, ends: None };

    /// Whether it has begun and not ended.
    pub fn contains(self, now: Time) -> bool {
        self.starts.is_none_or(|starts| starts <= now) && !self.ended(now)
    }

    /// Whether it is over; what is over is no longer held.
    pub fn ended(self, now: Time) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    /// What lies in both.
    pub fn within(self, other: Self) -> Self {
        let ends = match (self.ends, other.ends) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self { starts: self.starts.max(other.starts), ends }
    }
}

/// Whether what ends at `ours` lasts at least as long as what ends at `theirs` (none: for good).
pub fn lasts_as_long(ours: Option<Time>, theirs: Option<Time>) -> bool {
    match (ours, theirs) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(ours), Some(theirs)) => ours >= theirs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_half_open() {
        let at = |micros| Some(Time::from_micros(micros));
        let period = Period { starts: at(10), ends: at(20) };
        let inside: Vec<i64> = (8..22).filter(|micros| period.contains(Time::from_micros(*micros))).collect();
        assert_eq!(inside, (10..20).collect::<Vec<_>>());
        assert_eq!(period.within(Period { starts: at(5), ends: at(15) }), Period { starts: at(10), ends: at(15) });
        assert_eq!(period.within(Period::ALWAYS), period);
    }
}
