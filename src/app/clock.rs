//! The one place that reads the clock, and the one that makes fresh ids.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::policy::Day;
use crate::store::Millis;

/// What time it is. Cloning shares it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Millis + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::of(|| {
            let since = Self::time_of_day().duration_since(UNIX_EPOCH).unwrap_or_default();
            Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
        })
    }

    /// The machine's time of day, for who takes it as a function.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn time_of_day() -> SystemTime {
        SystemTime::now()
    }

    /// The day by this clock, in UTC.
    #[must_use]
    pub fn today(&self) -> Day {
        let days = self.now().div_euclid(24 * 60 * 60 * 1000);
        let span = jiff::Span::new().try_days(days).ok();
        span.and_then(|span| Day::constant(1970, 1, 1).checked_add(span).ok()).unwrap_or(Day::MAX)
    }

    /// A clock of the caller's.
    #[must_use]
    pub fn of(now: impl Fn() -> Millis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> Millis {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// An id that nobody has; ids of later moments sort after it.
#[must_use]
pub fn fresh_id(now: Millis) -> String {
    format!("{now:011x}{:010x}", rand::random::<u64>() >> 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let ids = [1, 15, 16, 1_700_000_000_000, 1_700_000_000_001].map(fresh_id);
        assert!(ids.is_sorted());
        assert_ne!(fresh_id(1), fresh_id(1));
    }
}
