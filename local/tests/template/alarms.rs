//! Who is told of what: alarms, logs, the dashboard, and the runbook that says what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use imprint_domain::task::FailureCode;
use serde_yaml_ng::{Mapping, Value};

use super::{OURS, ours};

const RUNBOOK: &str = include_str!("../../../docs/operations.md");

fn resources() -> Mapping {
    let template: Value = serde_yaml_ng::from_str(OURS).unwrap();
    template["Resources"].as_mapping().unwrap().clone()
}

fn of_type(kind: &str) -> BTreeMap<String, Value> {
    let all = resources().into_iter();
    let wanted = all.filter(|(_, resource)| resource["Type"] == kind);
    wanted
        .map(|(name, resource)| (name.as_str().unwrap().to_owned(), resource["Properties"].clone()))
        .collect()
}

/// What is behind a tag, such as `!Ref`.
fn bare(value: &Value) -> &str {
    match value {
        Value::Tagged(tagged) => tagged.value.as_str().unwrap(),
        plain => plain.as_str().unwrap(),
    }
}

/// What an alarm looks at: the metric with the values of its dimensions.
fn metric(alarm: &Value) -> (String, Vec<String>) {
    let name = format!("{}/{}", bare(&alarm["Namespace"]), bare(&alarm["MetricName"]));
    let dimensions = alarm["Dimensions"].as_sequence().unwrap().iter();
    (
        name,
        dimensions.map(|one| bare(&one["Value"]).to_owned()).collect(),
    )
}

fn alarms() -> BTreeSet<(String, Vec<String>)> {
    of_type("AWS::CloudWatch::Alarm").values().map(metric).collect()
}

fn has(alarms: &BTreeSet<(String, Vec<String>)>, name: &str, value: &str) -> bool {
    alarms.contains(&(name.to_owned(), vec![value.to_owned()]))
}

#[test]
fn every_queue_tells_of_its_dead_letters_and_of_what_waits_too_long() {
    let alarms = alarms();
    let stack = ours(&[]);
    let steps: Vec<_> = stack
        .queues
        .iter()
        .filter(|queue| queue.redrive.is_some())
        .collect();
    assert_eq!(steps.len(), 10);
    for queue in steps {
        let dead = &queue.redrive.as_ref().unwrap().target;
        assert!(
            has(
                &alarms,
                "AWS/SQS/ApproximateNumberOfMessagesVisible",
                &format!("{dead}.QueueName")
            ),
            "nobody is told of {dead}"
        );
        let name = format!("{}.QueueName", queue.logical);
        assert!(
            has(&alarms, "AWS/SQS/ApproximateAgeOfOldestMessage", &name),
            "nobody is told of what waits in {name}"
        );
    }
}

#[test]
fn every_function_tells_of_errors_and_throttles_and_its_log_ends() {
    let alarms = alarms();
    let logs = of_type("AWS::Logs::LogGroup");
    let functions = of_type("AWS::Serverless::Function");
    assert_eq!(functions.len(), ours(&[]).functions.len());
    for (logical, function) in functions {
        for metric in ["AWS/Lambda/Errors", "AWS/Lambda/Throttles"] {
            assert!(
                has(&alarms, metric, &logical),
                "nobody is told of {metric} of {logical}"
            );
        }
        let log = bare(&function["LoggingConfig"]["LogGroup"]);
        assert!(logs.contains_key(log), "{logical} has no log of its own");
    }
    for (logical, log) in logs {
        assert_eq!(bare(&log["RetentionInDays"]), "LogRetentionDays", "{logical}");
    }
}

#[test]
fn requests_are_logged_by_the_gateway_and_their_failures_and_times_are_told() {
    let api = &of_type("AWS::Serverless::HttpApi")["HttpApi"];
    assert_eq!(
        bare(&api["AccessLogSettings"]["DestinationArn"]),
        "ApiAccessLogs.Arn"
    );
    let format: serde_json::Value = serde_json::from_str(bare(&api["AccessLogSettings"]["Format"])).unwrap();
    for field in ["request_id", "status", "method", "path", "latency_ms"] {
        assert!(format.get(field).is_some(), "{field}");
    }
    let alarms = alarms();
    for metric in ["AWS/ApiGateway/5xx", "AWS/ApiGateway/Latency"] {
        assert!(has(&alarms, metric, "HttpApi"), "{metric}");
    }
}

/// A code that is spelled otherwise would never be an alarm.
#[test]
fn alarms_of_failures_are_of_codes_that_there_are() {
    let told: BTreeSet<String> = alarms()
        .into_iter()
        .filter(|(name, _)| name == "Imprint/Failures")
        .map(|(_, dimensions)| {
            assert_eq!(dimensions[0], "AWS::StackName");
            dimensions[1].clone()
        })
        .collect();
    let codes: BTreeSet<&str> = FailureCode::ALL.map(FailureCode::name).into();
    assert!(told.iter().all(|code| codes.contains(code.as_str())), "{told:?}");
    let ours = ["catalog", "dns", "gave_up", "object_store", "purge_refused"];
    assert_eq!(
        told,
        ours.map(str::to_owned).into(),
        "what no author can mend, and nothing else"
    );
}

/// The anchor that a heading of Markdown gets.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter_map(|line| {
        let heading = line.trim_start_matches('#');
        (heading.len() < line.len())
            .then(|| heading.strip_prefix(' '))
            .flatten()
    });
    headings.map(anchor).collect()
}

#[test]
fn every_alarm_says_where_the_runbook_says_what_to_do() {
    let anchors = anchors(RUNBOOK);
    let alarms = of_type("AWS::CloudWatch::Alarm");
    assert!(alarms.len() > 40);
    for (logical, alarm) in alarms {
        let description = bare(&alarm["AlarmDescription"]);
        let section = description.split_once("docs/operations.md#");
        let (_, section) = section.unwrap_or_else(|| panic!("{logical} names no section of the runbook"));
        let section = section.trim_end_matches('.');
        assert!(
            anchors.contains(section),
            "{logical}: the runbook has no section #{section}"
        );
        assert_eq!(
            bare(&alarm["TreatMissingData"]),
            "notBreaching",
            "{logical}: an installation at rest is no alarm"
        );
        assert!(alarm.get("AlarmActions").is_some(), "{logical} tells nobody");
    }
}

/// Parameters, sections of the template's comments and the runbook itself name sections, too.
#[test]
fn every_section_of_the_runbook_that_something_names_is_there() {
    let anchors = anchors(RUNBOOK);
    let outside = OURS.split("docs/operations.md#").skip(1);
    let inside = RUNBOOK.split("](#").skip(1);
    let mut named = 0;
    for text in outside.chain(inside) {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
        let section = &text[..end.unwrap_or(text.len())];
        assert!(anchors.contains(section), "the runbook has no section #{section}");
        named += 1;
    }
    assert!(named > 40);
}

/// CloudWatch refuses a dashboard that is no JSON when it is deployed, and shows an empty graph for what is not there.
#[test]
fn the_dashboard_is_one_and_shows_what_there_is() {
    let dashboards = of_type("AWS::CloudWatch::Dashboard");
    let body = bare(&dashboards["Dashboard"]["DashboardBody"]);
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    let text = body.to_string();
    let stack = ours(&[]);
    for function in &stack.functions {
        assert!(
            text.contains(&format!("${{{}}}", function.logical)),
            "{} is not shown",
            function.name
        );
        let log = format!("SOURCE '/imprint/${{AWS::StackName}}/{}'", function.name);
        assert!(
            text.contains(&log),
            "the failures of {} are not shown",
            function.name
        );
    }
    for queue in &stack.queues {
        let name = format!("${{{}.QueueName}}", queue.logical);
        assert!(text.contains(&name), "{} is not shown", queue.name);
    }
    for widget in widgets {
        for metric in widget["properties"]["metrics"].as_array().into_iter().flatten() {
            let first = &metric[0];
            let is_known = first.is_object()
                || [
                    "AWS/Lambda",
                    "AWS/SQS",
                    "AWS/ApiGateway",
                    "AWS/DynamoDB",
                    "Imprint",
                    "...",
                ]
                .iter()
                .any(|namespace| first == namespace);
            assert!(is_known, "{metric}");
        }
    }
}

/// What the programs' own lines of failures begin with, by what the sources say. Those of tests of the log are left out.
fn failures_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(failures_in(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let program = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = program.split("tracing::error!(").skip(1);
            found.extend(lines.map(|line| line.trim_start().chars().take(60).collect::<String>()));
        }
    }
    found
}

#[test]
fn every_line_of_a_failure_has_a_code_that_the_runbook_knows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folders = ["functions", "shared"].map(|folder| failures_in(&root.join(folder)));
    let lines = folders.concat();
    assert!(lines.len() > 10, "{lines:?}");
    for line in lines {
        assert!(line.starts_with("code"), "a failure without a code: {line}");
        // Others are those of tasks.
        if let Some((code, _)) = line
            .strip_prefix("code = \"")
            .and_then(|rest| rest.split_once('"'))
        {
            assert!(
                RUNBOOK.contains(&format!("`{code}`")),
                "the runbook does not know {code}"
            );
        }
    }
}
