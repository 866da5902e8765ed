//! Intervals as PostgreSQL writes them, which is what clients of the original have always read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// `later - earlier` in whole seconds as PostgreSQL's `age` has it: `1 mon 26 days 10:20:30`, `00:00:00`, and with a sign at
/// each part when it is negative (<https://www.postgresql.org/docs/current/functions-datetime.html>).
pub fn interval(later: Timestamp, earlier: Timestamp) -> String {
    let (a, b) = (whole(later), whole(earlier));
    let [years, months, days, seconds] = if a >= b {
        between(a, b)
    } else {
        between(b, a).map(|part| -part)
    };
    let mut parts = Vec::new();
    for (number, unit) in [(years, "year"), (months, "mon"), (days, "day")] {
        if number != 0 {
            let plural = if number == 1 { "" } else { "s" };
            parts.push(format!("{number} {unit}{plural}"));
        }
    }
    if seconds != 0 || parts.is_empty() {
        let sign = if seconds < 0 { "-" } else { "" };
        let seconds = seconds.abs();
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        parts.push(format!("{sign}{hours:02}:{minutes:02}:{:02}", seconds % 60));
    }
    parts.join(" ")
}

fn whole(at: Timestamp) -> DateTime {
    let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
    TimeZone::UTC.to_datetime(at)
}

/// Field by field, borrowing days from the month of the earlier date. Years, months, days, seconds.
fn between(later: DateTime, earlier: DateTime) -> [i64; 4] {
    let seconds =
        |at: DateTime| i64::from(at.hour()) * 3600 + i64::from(at.minute()) * 60 + i64::from(at.second());
    let mut rest = seconds(later) - seconds(earlier);
    let mut days = i64::from(later.day()) - i64::from(earlier.day());
    let mut months = i64::from(later.month()) - i64::from(earlier.month());
    let mut years = i64::from(later.year()) - i64::from(earlier.year());
    if rest < 0 {
        rest += 24 * 3600;
        days -= 1;
    }
    if days < 0 {
        days += i64::from(earlier.days_in_month());
        months -= 1;
    }
    if months < 0 {
        months += 12;
        years -= 1;
    }
    [years, months, days, rest]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(raw: &str) -> Timestamp {
        raw.parse().unwrap()
    }

    #[test]
    fn d19_intervals_are_those_of_postgresql() {
        for (later, earlier, text) in [
            ("2016-03-10T12:00:00Z", "2016-03-01T00:00:00Z", "9 days 12:00:00"),
            (
                "2016-03-05T10:20:30Z",
                "2016-01-10T00:00:00Z",
                "1 mon 26 days 10:20:30",
            ),
            ("2016-02-01T00:00:00Z", "2016-02-01T00:00:00Z", "00:00:00"),
            ("2016-02-02T00:00:00Z", "2016-02-01T00:00:00Z", "1 day"),
            ("2017-03-01T00:00:00Z", "2016-02-01T00:00:00Z", "1 year 1 mon"),
            ("2016-03-01T00:00:00Z", "2016-01-31T00:00:00Z", "1 mon 1 day"),
            ("2016-02-01T00:00:00.9Z", "2016-02-01T00:00:00.1Z", "00:00:00"),
            (
                "2016-03-05T10:20:30Z",
                "2026-11-16T22:36:34Z",
                "-10 years -8 mons -11 days -12:16:04",
            ),
            ("2016-02-01T00:00:00Z", "2016-02-01T00:00:05Z", "-00:00:05"),
        ] {
            assert_eq!(interval(at(later), at(earlier)), text, "{later} {earlier}");
        }
    }
}
