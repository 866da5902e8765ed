//! What AWS refuses at deployment because two resources do not fit together.

use std::collections::BTreeSet;
use std::time::Duration;

use super::TemplateError;
use super::stack::{Function, QueueSource, Source, Stack};

/// The most records of one invocation, and the most without a window or from a FIFO queue
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>).
const MAX_BATCH: usize = 10_000;
const MAX_BATCH_AT_ONCE: usize = 10;
/// Five minutes, from the same page.
const MAX_WINDOW: Duration = Duration::from_secs(300);
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_TIMEOUT: Duration = Duration::from_secs(900);

pub(super) fn check(stack: &Stack) -> Result<(), TemplateError> {
    for queue in &stack.queues {
        let Some(redrive) = &queue.redrive else { continue };
        if stack
            .queue(&redrive.target)
            .is_some_and(|target| target.fifo != queue.fifo)
        {
            let place = format!("Resources.{}.Properties.RedrivePolicy", queue.logical);
            return Err(TemplateError::new(
                place,
                "the dead-letter queue of a FIFO queue is one too, and no other's",
            ));
        }
    }
    let mut names = BTreeSet::new();
    for function in &stack.functions {
        let place = format!("Resources.{}", function.logical);
        if !names.insert(&function.name) {
            return Err(TemplateError::new(
                place,
                format!("a second function of the crate {}", function.name),
            ));
        }
        if function.timeout > MAX_TIMEOUT {
            return Err(TemplateError::new(place, "a function runs 900 seconds at most"));
        }
        if let Some(queue) = function
            .on_failure
            .as_deref()
            .and_then(|logical| stack.queue(logical))
            && queue.fifo
        {
            return Err(TemplateError::new(
                place,
                "a FIFO queue cannot be the destination of failures",
            ));
        }
        for source in &function.sources {
            if let Source::Queue(source) = source {
                mapping(stack, function, source).map_err(|problem| TemplateError::new(&place, problem))?;
            }
        }
    }
    Ok(())
}

fn mapping(stack: &Stack, function: &Function, source: &QueueSource) -> Result<(), String> {
    let Some(queue) = stack.queue(&source.queue) else {
        return Err(format!("the queue {} is missing", source.queue));
    };
    if queue.visibility < function.timeout {
        return Err(format!(
            "the visibility timeout of {} ({} s) is less than the function's timeout ({} s)",
            queue.logical,
            queue.visibility.as_secs(),
            function.timeout.as_secs(),
        ));
    }
    if source.batch_size == 0 || source.batch_size > MAX_BATCH {
        return Err(format!("a batch has 1 to {MAX_BATCH} records"));
    }
    if source.window > MAX_WINDOW {
        return Err("the batching window is at most 300 seconds".to_owned());
    }
    if queue.fifo && (source.batch_size > MAX_BATCH_AT_ONCE || !source.window.is_zero()) {
        return Err("a FIFO queue has batches of at most 10 records and no batching window".to_owned());
    }
    if source.batch_size > MAX_BATCH_AT_ONCE && source.window.is_zero() {
        return Err("batches of more than 10 records need a batching window of a second or more".to_owned());
    }
    Ok(())
}
