//! The log: one line of JSON an event, in which what the spans around it say stands beside what the event says, so that a
//! query names a field by its name and not by its place.

use std::fmt::Debug;
use std::io::Write;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is logged when nobody says otherwise. Our crates all begin with `imprint`.
const DEFAULT: &str = "warn,imprint=info";

/// The runtime logs the error of an invocation once more, and panics without what they said. [`observe`](crate::observe())
/// and the hook for panics have told both.
const TOLD_ALREADY: &str = "lambda_runtime::layers::panic=off";

/// How much of a text is logged, in bytes. A line that CloudWatch would cut is no JSON any more.
const MAX_TEXT: usize = 8 * 1024;

/// Logs JSON lines to standard output, which Lambda keeps. `filter` has the form of `RUST_LOG`.
pub fn log_to_stdout(filter: Option<&str>) {
    let filter = filter.filter(|filter| !filter.is_empty()).unwrap_or(DEFAULT);
    let filter = targets(&format!("{filter},{TOLD_ALREADY}"));
    let lines = JsonLines(std::io::stdout);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    if subscriber.try_init().is_err() {
        tracing::debug!("a log was set up before");
    }
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        let place = panic.location().map(tracing::field::display);
        tracing::error!(code = "panic", reason = text, place, "a panic");
    }));
}

/// The events that are logged. One part that nobody can read must not silence the rest.
fn targets(filter: &str) -> Targets {
    let parts = filter
        .split(',')
        .filter_map(|part| part.trim().parse::<Targets>().ok());
    parts.fold(Targets::new(), |all, part| {
        let all = match part.default_level() {
            Some(level) => all.with_default(level),
            None => all,
        };
        all.with_targets(part)
    })
}

/// Writes each event as a line.
struct JsonLines<O>(O);

/// The fields of a span, its parents' included.
struct Fields(Map<String, Value>);

impl<S, O, W> Layer<S> for JsonLines<O>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    O: Fn() -> W + 'static,
    W: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let around = span.parent();
        let around = around.and_then(|parent| Some(parent.extensions().get::<Fields>()?.0.clone()));
        let mut fields = Fields(around.unwrap_or_default());
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let around = context.event_span(event);
        let around = around.and_then(|span| Some(span.extensions().get::<Fields>()?.0.clone()));
        let mut fields = Fields(around.unwrap_or_default());
        event.record(&mut fields);
        let metadata = event.metadata();
        fields.put("level", metadata.level().as_str());
        fields.put("target", metadata.target());
        let mut line = Value::Object(fields.0).to_string();
        line.push('\n');
        // There is nobody to tell that nobody can be told. One write, so that no other line gets into it.
        let _lost = (self.0)().write_all(line.as_bytes());
    }
}

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let end = value.floor_char_boundary(MAX_TEXT);
        self.put(field.name(), &value[..end]);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, part: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(part);
            Ok(part.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines of what is told meanwhile.
    pub(crate) fn lines(filter: &str, tell: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = JsonLines(move || writer.clone()).with_filter(targets(filter));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), tell);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_says_what_its_spans_say_and_the_innermost_word_counts() {
        let lines = lines("error", || {
            let outer = tracing::error_span!("invocation", request_id = "r1", task = "outer");
            let _outer = outer.enter();
            let inner = tracing::error_span!(
                "step",
                task = "inner",
                build = 7_u64,
                edition = tracing::field::Empty
            );
            let _inner = inner.enter();
            tracing::error!(code = "catalog", ok = false, "step\nfailed");
            inner.record("edition", 3_u64);
            tracing::error!(task = "own", "again");
        });
        let target = module_path!();
        assert_eq!(
            lines,
            [
                serde_json::json!({"level": "ERROR", "target": target, "message": "step\nfailed", "request_id": "r1",
                    "task": "inner", "build": 7, "code": "catalog", "ok": false}),
                serde_json::json!({"level": "ERROR", "target": target, "message": "again", "request_id": "r1",
                    "task": "own", "build": 7, "edition": 3}),
            ]
        );
    }

    #[test]
    fn a_filter_that_asks_for_errors_keeps_what_names_them() {
        let lines = lines("error", || {
            let _around = tracing::error_span!("invocation", request_id = "r1").entered();
            tracing::info!("of no interest");
            tracing::error!("of interest");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["request_id"], "r1");
    }

    #[test]
    fn a_part_of_a_filter_that_nobody_can_read_silences_nothing() {
        let target = module_path!();
        for (filter, expected) in [
            ("warn,=,imprint=loud,imprint_lambda=info", 1),
            ("imprint_lambda=info,", 1),
            ("warn,imprint=info", 1),
            ("warn,imprint=info,imprint_lambda::log=off", 0),
            ("warn", 0),
        ] {
            let lines = lines(filter, || tracing::info!("told"));
            assert_eq!(lines.len(), expected, "{filter} for {target}");
        }
    }

    #[test]
    fn a_text_of_any_length_is_a_line_of_bounded_length() {
        let long = "ü".repeat(MAX_TEXT);
        let lines = lines("error", || tracing::error!(long, "long"));
        let text = lines[0]["long"].as_str().unwrap();
        assert!(text.len() <= MAX_TEXT && text.ends_with('ü'), "{}", text.len());
    }
}
