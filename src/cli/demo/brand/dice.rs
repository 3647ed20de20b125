//! Chance that falls the same way every time, and days counted from now.

use crate::domain::time::Time;

/// Splitmix64: small, fast, and the same on every machine.
pub(super) struct Dice(u64);

impl Dice {
    /// Dice that fall as this seed says.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below the limit; 0 when there is none.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.roll()) * limit as u128) >> 64) as usize
    }

    /// A number below the limit, small ones more often.
    pub(super) fn low(&mut self, limit: usize) -> usize {
        let first = self.below(1 << 16);
        ((limit as u128 * (first * first) as u128) >> 32) as usize
    }

    /// True this many times out of a thousand.
    pub(super) fn of_thousand(&mut self, times: usize) -> bool {
        self.below(1000) < times
    }

    /// One of the list.
    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// Dates relative to now, as the world file writes them.
#[derive(Clone, Copy)]
pub(super) struct Calendar {
    now: Time,
    midnight: Time,
}

impl Calendar {
    /// The calendar that hangs on this wall: whole seconds.
    pub(super) const fn new(now: Time) -> Self {
        const DAY: i64 = 86_400;
        let seconds = now.micros().div_euclid(1_000_000);
        let zero = Time::from_micros(0);
        Self { now: zero.plus_seconds(seconds), midnight: zero.plus_seconds(seconds.div_euclid(DAY) * DAY) }
    }

    /// Midnight (UTC) this many days from today.
    pub(super) fn day(self, days: i32) -> String {
        self.midnight.plus_seconds(i64::from(days) * 86_400).rfc3339()
    }

    /// This many seconds from now.
    pub(super) fn in_seconds(self, seconds: i64) -> String {
        self.now.plus_seconds(seconds).rfc3339()
    }

    /// A date some days ago without its time, for birthdays and the like.
    pub(super) fn date(self, days_ago: usize) -> String {
        self.midnight.plus_seconds(days_ago as i64 * -86_400).rfc3339().chars().take(10).collect()
    }
}
