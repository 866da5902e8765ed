//! What an import would do, or did: a table for people, JSON for programs.

use std::fmt::Write as _;

use imprint_domain::text::grouped;
use serde::Serialize;

use crate::http::quoted;

/// What came of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was not there, and is now (or would be).
    Create,
    /// It was begun by an earlier run, and is there now.
    Resume,
    /// It was there and differed.
    Update,
    /// It was there as it should be.
    Present,
    /// It is not taken, and nobody misses it.
    Skip,
    /// It cannot be taken.
    Refuse,
    /// It could have been taken, and something went wrong.
    Fail,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Resume => "resume",
            Self::Update => "update",
            Self::Present => "present",
            Self::Skip => "skip",
            Self::Refuse => "refuse",
            Self::Fail => "fail",
        }
    }

    const ALL: [Self; 7] = [
        Self::Create,
        Self::Resume,
        Self::Update,
        Self::Present,
        Self::Skip,
        Self::Refuse,
        Self::Fail,
    ];
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A product.
    Product,
    /// A build.
    Build,
    /// An edition.
    Edition,
    /// A file of a build.
    File,
}

impl About {
    fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Build => "build",
            Self::Edition => "edition",
            Self::File => "file",
        }
    }

    const ALL: [Self; 4] = [Self::Product, Self::Build, Self::Edition, Self::File];
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it is.
    pub about: About,
    /// Its product.
    pub product: String,
    /// Its own name; empty for a product.
    pub name: String,
    /// What came of it.
    pub state: State,
    /// Why, or in what it differs.
    pub detail: String,
    /// Objects that are copied for it.
    pub objects: u64,
    /// Their size.
    pub bytes: u64,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Everything, in the order of the keeper's products.
    pub items: Vec<Row>,
    /// What is not kept, and what to look at.
    pub notes: Vec<String>,
    /// Why the run ended before its end.
    pub ended_early: Option<String>,
}

/// How it ended, as a program says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything is there.
    Done,
    /// Something failed; another run may help.
    Failed,
    /// Everything is there that could be taken, and something could not.
    Incomplete,
}

/// Things that are named below a table's end before the rest is counted.
const MOST_ROWS: usize = 2_000;

impl Report {
    /// How it ended.
    pub fn ending(&self) -> Ending {
        let has = |state| self.items.iter().any(|row| row.state == state);
        if self.ended_early.is_some() || has(State::Fail) {
            Ending::Failed
        } else if has(State::Refuse) {
            Ending::Incomplete
        } else {
            Ending::Done
        }
    }

    /// How many there are of a sort.
    pub fn count(&self, about: About, state: State) -> usize {
        let rows = self.items.iter();
        rows.filter(|row| row.about == about && row.state == state)
            .count()
    }

    /// Objects and bytes that are copied.
    pub fn copied(&self) -> (u64, u64) {
        let add = |(objects, bytes): (u64, u64), row: &Row| {
            (
                objects.saturating_add(row.objects),
                bytes.saturating_add(row.bytes),
            )
        };
        self.items.iter().fold((0, 0), add)
    }

    /// As a table: everything that changes or is missing in rows, the rest in numbers.
    pub fn table(&self) -> String {
        let told = self
            .items
            .iter()
            .filter(|row| !matches!(row.state, State::Present | State::Skip));
        let cells: Vec<[String; 5]> = told.clone().take(MOST_ROWS).map(Row::cells).collect();
        let mut text = String::new();
        if !cells.is_empty() {
            write_table(&mut text, ["", "what", "which", "objects", "size"], &cells);
        }
        let more = told.count().saturating_sub(MOST_ROWS);
        if more > 0 {
            let _written = writeln!(text, "… and {more} more; --json has them all");
        }
        if !text.is_empty() {
            text.push('\n');
        }
        self.write_totals(&mut text);
        for note in &self.notes {
            let _written = writeln!(text, "note: {note}");
        }
        if let Some(reason) = &self.ended_early {
            let _written = writeln!(text, "ended early: {reason}");
        }
        text
    }

    fn write_totals(&self, text: &mut String) {
        for about in About::ALL {
            let counts = State::ALL.map(|state| (state, self.count(about, state)));
            let some = counts.iter().filter(|(_, count)| *count > 0);
            let some: Vec<String> = some
                .map(|(state, count)| format!("{} {count}", state.name()))
                .collect();
            if !some.is_empty() {
                // A string takes whatever is written.
                let _written = writeln!(text, "{}s: {}", about.name(), some.join(", "));
            }
        }
        let (objects, bytes) = self.copied();
        let verb = if self.dry_run { "to copy" } else { "copied" };
        let _written = writeln!(text, "{verb}: {} objects, {}", grouped(objects), size(bytes));
        if self.dry_run {
            text.push_str("dry run: nothing was changed\n");
        }
    }
}

impl Row {
    fn cells(&self) -> [String; 5] {
        let name = match self.name.as_str() {
            "" => self.product.clone(),
            name => format!("{}/{name}", self.product),
        };
        let (objects, bytes) = match self.objects {
            0 => (String::new(), String::new()),
            objects => (grouped(objects), size(self.bytes)),
        };
        let which = match self.detail.as_str() {
            "" => name,
            detail => format!("{name}: {detail}"),
        };
        let row = [
            self.state.name().to_owned(),
            self.about.name().to_owned(),
            which,
            objects,
            bytes,
        ];
        row.map(|cell| quoted(&cell))
    }
}

fn write_table(text: &mut String, header: [&str; 5], rows: &[[String; 5]]) {
    let mut widths = header.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    // The long one comes last, so that what is behind it does not lie far away.
    let order = [0, 1, 3, 4, 2];
    let mut line = |cells: [&str; 5]| {
        let mut padded = String::new();
        for at in order {
            let pad = widths[at] - cells[at].chars().count().min(widths[at]);
            let is_number = at == 3 || at == 4;
            let (before, after) = if is_number { (pad, 0) } else { (0, pad) };
            padded.push_str(&" ".repeat(before));
            padded.push_str(cells[at]);
            padded.push_str(&" ".repeat(after));
            padded.push_str("  ");
        }
        text.push_str(padded.trim_end());
        text.push('\n');
    };
    line(header);
    for row in rows {
        line([&row[0], &row[1], &row[2], &row[3], &row[4]]);
    }
}

/// A size as people read it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let (mut number, mut unit) = (bytes, 0);
    let mut tenths = 0;
    while number >= 1000 && unit + 1 < UNITS.len() {
        tenths = number % 1000 / 100;
        number /= 1000;
        unit += 1;
    }
    match unit {
        0 => format!("{number} B"),
        _ => format!("{number}.{tenths} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(about: About, name: &str, state: State, detail: &str, objects: u64) -> Row {
        Row {
            about,
            product: "pipelines".to_owned(),
            name: name.to_owned(),
            state,
            detail: detail.to_owned(),
            objects,
            bytes: objects * 1234,
        }
    }

    fn report() -> Report {
        Report {
            dry_run: true,
            items: vec![
                row(About::Product, "", State::Create, "", 0),
                row(About::Build, "1", State::Create, "main", 4_321),
                row(About::Build, "2", State::Skip, "it was never uploaded", 0),
                row(About::Edition, "main", State::Update, "mode, build", 0),
                row(
                    About::Edition,
                    "\u{1b}[31m",
                    State::Refuse,
                    "Imprint has no such slugs",
                    0,
                ),
                row(About::Edition, "v1", State::Present, "", 0),
            ],
            notes: vec!["dates are those of the import".to_owned()],
            ended_early: None,
        }
    }

    #[test]
    fn a_table_has_what_changes_and_what_is_missing_and_counts_the_rest() {
        insta::assert_snapshot!(report().table(), @r"
                what     objects    size  which
        create  product                   pipelines
        create  build      4,321  5.3 MB  pipelines/1: main
        update  edition                   pipelines/main: mode, build
        refuse  edition                   pipelines/ [31m: Imprint has no such slugs

        products: create 1
        builds: create 1, skip 1
        editions: update 1, present 1, refuse 1
        to copy: 4,321 objects, 5.3 MB
        dry run: nothing was changed
        note: dates are those of the import
        ");
    }

    #[test]
    fn how_it_ended_is_as_bad_as_its_worst_part() {
        let mut report = report();
        assert_eq!(report.ending(), Ending::Incomplete);
        report.items.retain(|row| row.state != State::Refuse);
        assert_eq!(report.ending(), Ending::Done);
        report.items.push(row(About::File, "a", State::Fail, "", 0));
        assert_eq!(report.ending(), Ending::Failed);
        report.items.clear();
        report.ended_early = Some("no connection".to_owned());
        assert_eq!(report.ending(), Ending::Failed);
    }

    #[test]
    fn sizes_are_in_thousands() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_999_999, "1.9 MB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
