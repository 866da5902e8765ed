//! Releases over time, in percent of the width: where points, their labels and the marks of the axis are.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::Serialize;

use super::Shown;

/// A train's releases over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// A release each, the oldest first.
    pub dots: Vec<Dot>,
    /// The axis.
    pub ticks: Vec<Tick>,
    /// The same in words.
    pub words: String,
}

/// A release on the axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dot {
    /// Where.
    pub x: f64,
    /// Its version.
    pub version: String,
    /// The day.
    pub day: String,
    /// Whether it is the latest one.
    pub is_latest: bool,
    /// The version as it fits beside the point.
    pub label: String,
    /// On which side of the point: `start`, `middle` or `end`, as SVG calls it.
    pub anchor: &'static str,
    /// Whether there is room for the label in a window.
    pub has_room: bool,
    /// Whether there is room for the label on a phone.
    pub has_room_on_a_phone: bool,
}

/// A mark of the axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tick {
    /// Where.
    pub x: f64,
    /// What it says.
    pub text: String,
}

/// Room at both ends, so that a point is not cut.
const MARGIN: f64 = 2.0;
/// A chart in a window and on a phone, in CSS pixels.
const WINDOW: f64 = 800.0;
const PHONE: f64 = 290.0;
/// A character of a label, and the gap between two labels.
const CHARACTER: f64 = 7.0;
const GAP: f64 = 8.0;
/// Characters of a version that a label shows.
const MAX_LABEL: usize = 14;
/// Marks of an axis, as many as a phone has room for.
const MAX_TICKS: usize = 5;
/// A mark closer to the right end than this would run into the one that says `today`.
const LAST_TICK: f64 = 82.0;

/// The time that all charts of a component span, so that they can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
}

impl Scale {
    /// From the first of these times until now, or until the last when that is announced only. A month at least: what came
    /// out today lies at the end.
    pub(super) fn of(times: impl Iterator<Item = Timestamp> + Clone, now: Timestamp) -> Self {
        let to = times.clone().max().unwrap_or(now).max(now);
        let a_month_before = to
            .checked_sub(SignedDuration::from_hours(30 * 24))
            .unwrap_or(Timestamp::MIN);
        let from = times.min().unwrap_or(now).min(a_month_before);
        Self { from, to, now }
    }

    /// Where a time is. Two decimals: a hundredth of a percent is less than a pixel of any screen.
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of ten thousand years are exact"
    )]
    fn x(&self, at: Timestamp) -> f64 {
        let seconds = |until: Timestamp| until.duration_since(self.from).as_secs() as f64;
        let share = seconds(at) / seconds(self.to).max(1.0);
        let x = MARGIN + share.clamp(0.0, 1.0) * (100.0 - 2.0 * MARGIN);
        (x * 100.0).round() / 100.0
    }

    /// The chart of releases, which come with the newest first.
    pub(super) fn timeline(&self, releases: &[Shown]) -> Timeline {
        let dots = releases.iter().enumerate().map(|(n, release)| {
            let x = self.x(release.released);
            Dot {
                x,
                version: release.version.to_string(),
                day: release.released.strftime("%Y-%m-%d").to_string(),
                is_latest: n == 0,
                label: label(release.version.as_str()),
                anchor: anchor(x),
                has_room: false,
                has_room_on_a_phone: false,
            }
        });
        let mut dots: Vec<Dot> = dots.collect();
        for n in with_room(&dots, WINDOW) {
            dots[n].has_room = true;
        }
        for n in with_room(&dots, PHONE) {
            dots[n].has_room_on_a_phone = true;
        }
        dots.reverse();
        Timeline {
            words: words(&dots),
            dots,
            ticks: self.ticks(),
        }
    }

    fn ticks(&self) -> Vec<Tick> {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let (first, last) = (day(self.from), day(self.to));
        let mut ticks: Vec<Tick> = Step::fitting(first, last)
            .marks(first, last)
            .into_iter()
            .filter_map(|(mark, text)| {
                let at = TimeZone::UTC.to_timestamp(mark.at(0, 0, 0, 0)).ok()?;
                let x = self.x(at);
                (at >= self.from && x <= LAST_TICK).then_some(Tick { x, text })
            })
            .collect();
        let today = self.x(self.now);
        ticks.retain(|tick| tick.x <= LAST_TICK - (100.0 - today));
        ticks.push(Tick {
            x: today,
            text: "today".to_owned(),
        });
        ticks
    }
}

fn words(dots: &[Dot]) -> String {
    match dots {
        [] => String::new(),
        [only] => format!("One release: {} on {}.", only.version, only.day),
        [first, .., last] => format!(
            "{} releases from {} on {} to {} on {}.",
            dots.len(),
            first.version,
            first.day,
            last.version,
            last.day
        ),
    }
}

fn label(version: &str) -> String {
    // Versions are ASCII.
    match version.get(..MAX_LABEL - 1) {
        Some(begin) if version.len() > MAX_LABEL => format!("{begin}…"),
        Some(_) | None => version.to_owned(),
    }
}

/// Labels near an end turn inwards.
fn anchor(x: f64) -> &'static str {
    match x {
        ..25.0 => "start",
        75.0.. => "end",
        _ => "middle",
    }
}

/// Which labels fit beside each other in a width, the newest before all others.
fn with_room(newest_first: &[Dot], width: f64) -> Vec<usize> {
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let mut fitting = Vec::new();
    for (n, dot) in newest_first.iter().enumerate() {
        let at = dot.x / 100.0 * width;
        let length = CHARACTER * dot.label.chars().map(|_| 1.0).sum::<f64>();
        let begin = match dot.anchor {
            "start" => at,
            "end" => at - length,
            _ => at - length / 2.0,
        };
        let end = begin + length;
        if taken
            .iter()
            .all(|(from, to)| end + GAP <= *from || begin >= *to + GAP)
        {
            taken.push((begin, end));
            fitting.push(n);
        }
    }
    fitting
}

/// What lies between two marks of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Days(i32),
    Months(i32),
    Years(i32),
}

impl Step {
    /// The smallest step that leaves no more marks than there is room for.
    fn fitting(first: Date, last: Date) -> Self {
        let days = (last - first).get_days();
        let room = i32::try_from(MAX_TICKS).unwrap_or(i32::MAX);
        let fits = |step: &Self| days / step.days() < room;
        let steps = [1, 2, 7, 14].map(Self::Days).into_iter();
        let steps = steps.chain([1, 3, 6].map(Self::Months));
        let decades = std::iter::successors(Some(1), |n: &i32| n.checked_mul(10)).take(4);
        let mut steps = steps.chain(decades.flat_map(|n| [n, 2 * n, 5 * n]).map(Self::Years));
        steps.find(fits).unwrap_or(Self::Years(10_000))
    }

    fn days(self) -> i32 {
        match self {
            Self::Days(n) => n,
            Self::Months(n) => n * 30,
            Self::Years(n) => n * 365,
        }
    }

    /// The marks of a span with what they say. Years and months begin where a calendar has them begin.
    fn marks(self, first: Date, last: Date) -> Vec<(Date, String)> {
        let year = first.year();
        let (begin, span, format) = match self {
            Self::Days(n) => (first, n.days(), "%-d %b"),
            Self::Months(n) => {
                let month = i32::from(first.month() - 1) / n * n + 1;
                let begin = date(year, i8::try_from(month).unwrap_or(1), 1);
                (begin, n.months(), "%b %Y")
            }
            Self::Years(n) => {
                let begin = i32::from(year) / n * n;
                (date(i16::try_from(begin).unwrap_or(year), 1, 1), n.years(), "%Y")
            }
        };
        let next = |mark: &Date| mark.checked_add(span).ok();
        let marks = std::iter::successors(Some(begin), next).take_while(|mark| *mark <= last);
        marks
            .take(2 * MAX_TICKS)
            .map(|mark| (mark, mark.strftime(format).to_string()))
            .collect()
    }
}
