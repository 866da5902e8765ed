//! Times as people and machines write them in queries.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned, tz::TimeZone};

/// A time as somebody gave it: refusals repeat it with its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The instant.
    pub at: Timestamp,
    /// The offset that it was written with.
    pub offset: Offset,
}

/// The text is none of the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotMoment;

impl Given {
    /// An instant in UTC.
    pub fn utc(at: Timestamp) -> Self {
        Self {
            at,
            offset: Offset::UTC,
        }
    }
}

/// As Go prints a time, which is what the original's sentences contain: `2021-01-01 00:00:00 +0000 UTC`.
impl std::fmt::Display for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = Zoned::new(self.at, TimeZone::fixed(self.offset));
        let fraction = at.strftime("%.9f").to_string();
        let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
        let zone = at.strftime("%z").to_string();
        let name = if zone == "+0000" { "UTC" } else { &zone };
        write!(f, "{}{fraction} {zone} {name}", at.strftime("%Y-%m-%d %H:%M:%S"))
    }
}

/// Reads RFC 3339 with a zone, a date (its midnight in UTC), or a time relative to `now`: `now`, `yesterday`,
/// `last-week`, `last-month`, `30m`, `12h`, `7d`, `2w`, the last four also with `ago`.
///
/// # Errors
/// When it is none of these.
pub fn moment(raw: &str, now: Timestamp) -> Result<Given, NotMoment> {
    match raw {
        "now" => return Ok(Given::utc(now)),
        "yesterday" => return back(now, SignedDuration::from_hours(24)),
        "last-week" => return back(now, SignedDuration::from_hours(7 * 24)),
        "last-month" => {
            let month_ago = now.to_zoned(TimeZone::UTC).checked_sub(1.month());
            return Ok(Given::utc(month_ago.map_err(|_| NotMoment)?.timestamp()));
        }
        _ => {}
    }
    if let Ok(length) = ago(raw) {
        return back(now, length);
    }
    if is_date(raw) {
        let date: Date = raw.parse().map_err(|_| NotMoment)?;
        let midnight = TimeZone::UTC
            .to_timestamp(date.at(0, 0, 0, 0))
            .map_err(|_| NotMoment)?;
        return Ok(Given::utc(midnight));
    }
    rfc3339(raw)
}

fn back(now: Timestamp, length: SignedDuration) -> Result<Given, NotMoment> {
    now.checked_sub(length).map(Given::utc).map_err(|_| NotMoment)
}

/// Reads a length: `30m`, `12h`, `7d`, `2w`, with or without `ago` after it.
///
/// # Errors
/// When it is none.
pub fn ago(raw: &str) -> Result<SignedDuration, NotMoment> {
    let raw = raw
        .strip_suffix("ago")
        .map_or(raw, |rest| rest.trim_end_matches([' ', '+', '-']));
    let unit = raw.chars().next_back().ok_or(NotMoment)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'w' => 7 * 24 * 3600,
        _ => return Err(NotMoment),
    };
    let number = &raw[..raw.len() - 1];
    if number.is_empty() || number.len() > 6 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotMoment);
    }
    let number: i64 = number.parse().map_err(|_| NotMoment)?;
    Ok(SignedDuration::from_secs(number * seconds))
}

fn is_date(raw: &str) -> bool {
    raw.len() == 10
        && raw.bytes().enumerate().all(|(at, b)| {
            if at == 4 || at == 7 {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        })
}

/// Exactly RFC 3339: jiff reads more than that, such as times without seconds or with a zone in brackets.
///
/// # Errors
/// When it is something else.
pub fn rfc3339(raw: &str) -> Result<Given, NotMoment> {
    let bytes = raw.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes
            .get(range)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let is = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|b| allowed.contains(b));
    let shape = digits(0..4)
        && is(4, b"-")
        && digits(5..7)
        && is(7, b"-")
        && digits(8..10)
        && is(10, b"Tt")
        && digits(11..13)
        && is(13, b":")
        && digits(14..16)
        && is(16, b":")
        && digits(17..19);
    if !shape || !raw.is_ascii() {
        return Err(NotMoment);
    }
    let mut rest = &raw[19..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let end = fraction
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(fraction.len());
        if !(1..=9).contains(&end) {
            return Err(NotMoment);
        }
        rest = &fraction[end..];
    }
    let offset = match rest.as_bytes() {
        b"Z" | b"z" => Offset::UTC,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let number = |a: &u8, b: &u8| {
                (a.is_ascii_digit() && b.is_ascii_digit())
                    .then(|| i32::from(a - b'0') * 10 + i32::from(b - b'0'))
            };
            let (hours, minutes) = (number(h1, h2).ok_or(NotMoment)?, number(m1, m2).ok_or(NotMoment)?);
            if hours > 23 || minutes > 59 {
                return Err(NotMoment);
            }
            let seconds = (hours * 60 + minutes) * 60;
            Offset::from_seconds(if *sign == b'-' { -seconds } else { seconds }).map_err(|_| NotMoment)?
        }
        _ => return Err(NotMoment),
    };
    let at: Timestamp = raw.parse().map_err(|_| NotMoment)?;
    Ok(Given { at, offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2016-05-02T12:00:00Z";

    fn read(raw: &str) -> Option<String> {
        moment(raw, NOW.parse().unwrap())
            .ok()
            .map(|given| given.at.to_string())
    }

    #[test]
    fn d15_times_may_be_those_of_people() {
        for (raw, means) in [
            ("2016-05-01", "2016-05-01T00:00:00Z"),
            ("7d", "2016-04-25T12:00:00Z"),
            ("7d ago", "2016-04-25T12:00:00Z"),
            ("7dago", "2016-04-25T12:00:00Z"),
            ("90m", "2016-05-02T10:30:00Z"),
            ("36h", "2016-05-01T00:00:00Z"),
            ("2w", "2016-04-18T12:00:00Z"),
            ("last-week", "2016-04-25T12:00:00Z"),
            ("last-month", "2016-04-02T12:00:00Z"),
            ("yesterday", "2016-05-01T12:00:00Z"),
            ("now", NOW),
            (NOW, NOW),
            ("2016-05-02T14:00:00+02:00", NOW),
            ("2016-05-02T12:00:00.5Z", "2016-05-02T12:00:00.5Z"),
            ("2016-05-02T12:00:00.123456789Z", "2016-05-02T12:00:00.123456789Z"),
        ] {
            assert_eq!(read(raw).as_deref(), Some(means), "{raw}");
        }
    }

    #[test]
    fn d15_anything_else_is_no_time() {
        for raw in [
            "",
            "soon",
            "yesterday-ish",
            "7",
            "d",
            "-7d",
            "7y",
            "9999999d",
            "2016-13-01",
            "2016-05-32",
            "2016-05-02T12:00Z",
            "2016-05-02T12:00:00",
            "2016-05-02T12:00:00[UTC]",
            "2016-05-02T12:00:00+0200",
            "2016-05-02T12:00:00+25:00",
            "Mon May  2 12:00:00 UTC 2016",
            "02 May 16 12:00 UTC",
            "2016-05-02T12:00:00.Z",
            "2016-05-02T25:00:00Z",
            "2016-04-16T23:54:39Z07:00",
            "日",
            "7日",
        ] {
            assert_eq!(read(raw), None, "{raw}");
        }
    }

    #[test]
    fn d17_a_time_is_repeated_as_go_prints_it() {
        for (raw, text) in [
            ("2021-01-01T00:00:00Z", "2021-01-01 00:00:00 +0000 UTC"),
            ("2021-01-01T00:00:00+05:30", "2021-01-01 00:00:00 +0530 +0530"),
            ("2021-01-01T00:00:00-08:00", "2021-01-01 00:00:00 -0800 -0800"),
            ("2021-01-01T00:00:00.500Z", "2021-01-01 00:00:00.5 +0000 UTC"),
            ("2021-01-01T00:00:00+00:00", "2021-01-01 00:00:00 +0000 UTC"),
        ] {
            assert_eq!(moment(raw, Timestamp::UNIX_EPOCH).unwrap().to_string(), text);
        }
    }
}
