//! Times for people and for machines.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// A time for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct When {
    /// `2026-03-01`
    pub day: String,
    /// `2026-03-01T10:21:27Z`
    pub exact: String,
    /// `3 days ago`
    pub ago: String,
}

impl When {
    pub(super) fn of(at: Timestamp, now: Timestamp) -> Self {
        Self {
            day: at.strftime("%Y-%m-%d").to_string(),
            exact: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            ago: ago(at, now),
        }
    }
}

/// By the calendar, as people count: yesterday is not "less than 24 hours ago".
fn ago(at: Timestamp, now: Timestamp) -> String {
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let days = (day(now) - day(at)).get_days();
    match days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        -1 => "tomorrow".to_owned(),
        2.. => format!("{} ago", many(days)),
        ..-1 => format!("in {}", many(-days)),
    }
}

fn many(days: i32) -> String {
    match days {
        0..=59 => format!("{days} days"),
        60..=729 => format!("{} months", days * 12 / 365),
        _ => format!("{} years", days * 4 / 1461),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_count() {
        let now = "2026-03-02T01:00:00Z".parse().unwrap();
        for (at, told) in [
            ("2026-03-02T00:10:00Z", "today"),
            ("2026-03-02T23:00:00Z", "today"),
            ("2026-03-01T23:00:00Z", "yesterday"),
            ("2026-02-20T00:00:00Z", "10 days ago"),
            ("2025-12-25T00:00:00Z", "2 months ago"),
            ("2025-03-02T00:00:00Z", "12 months ago"),
            ("2024-03-01T00:00:00Z", "2 years ago"),
            ("2016-03-02T00:00:00Z", "9 years ago"),
            ("2026-03-03T00:00:00Z", "tomorrow"),
            ("2026-03-12T00:00:00Z", "in 10 days"),
        ] {
            assert_eq!(When::of(at.parse().unwrap(), now).ago, told, "{at}");
        }
    }
}
