//! The reader of template.yaml: it takes ours whole, and names whatever it does not understand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod alarms;
mod builds;
mod grants;
mod tls;

use std::time::Duration;

use imprint_local::template::{self, Deployment, Rate, Redrive, Source, Stack};
use serde_json::json;

const OURS: &str = include_str!("../../../template.yaml");

fn deployment(parameters: &[(&str, &str)]) -> Deployment {
    Deployment {
        stack_name: "imprint".to_owned(),
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        parameters: parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

fn ours(parameters: &[(&str, &str)]) -> Stack {
    let given = [
        &[("Domain", "docs.test"), ("BucketName", "imprint-local")],
        parameters,
    ]
    .concat();
    template::read(OURS, &deployment(&given)).unwrap()
}

#[test]
fn our_template_has_exactly_the_functions_there_are() {
    let in_template: Vec<String> = ours(&[])
        .functions
        .into_iter()
        .map(|function| function.name)
        .collect();
    let mut crates: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    crates.sort();
    let mut sorted = in_template.clone();
    sorted.sort();
    assert_eq!(sorted, crates);
}

#[test]
fn our_queues_have_dead_letters_and_outlast_their_functions() {
    let stack = ours(&[]);
    let working: Vec<_> = stack
        .queues
        .iter()
        .filter(|queue| queue.redrive.is_some())
        .collect();
    let names: Vec<&str> = working.iter().map(|queue| queue.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "copy-edition.fifo",
            "deliver-webhook",
            "derive-format",
            "index-search",
            "purge-cdn",
            "register-build",
            "render-dashboard.fifo",
            "render-document",
            "unpack-archive",
            "update-dns.fifo"
        ]
    );
    for queue in working {
        let redrive = queue.redrive.as_ref().unwrap();
        assert_eq!(redrive.max_receive_count, 5);
        assert!(stack.is_dead_letter_queue(&redrive.target));
        assert_eq!(stack.queue(&redrive.target).unwrap().fifo, queue.fifo);
    }
}

#[test]
fn our_event_sources_are_read_with_their_settings() {
    let stack = ours(&[]);
    let sources = |name: &str| stack.function(name).unwrap().sources.clone();
    let [Source::Http(http)] = &sources("api")[..] else {
        panic!()
    };
    assert_eq!(http.api, "HttpApi");
    let [Source::Queue(purge)] = &sources("purge-cdn")[..] else {
        panic!()
    };
    assert_eq!(
        (purge.batch_size, purge.window, purge.reports_failures),
        (100, Duration::from_secs(1), true)
    );
    let [Source::Queue(_), Source::Objects(uploads)] = &sources("register-build")[..] else {
        panic!()
    };
    assert_eq!(uploads.prefix.as_deref(), Some("_imprint/uploads/"));
    let [
        Source::Objects(incoming),
        Source::Queue(_),
        Source::Schedule(scan),
    ] = &sources("render-document")[..]
    else {
        panic!()
    };
    assert_eq!(incoming.prefix.as_deref(), Some("_imprint/incoming/"));
    assert_eq!(scan.rate, Rate(Duration::from_secs(900)));
    let [Source::Schedule(sweep)] = &sources("sweep")[..] else {
        panic!()
    };
    assert_eq!(
        (sweep.name.as_str(), sweep.rate),
        ("sweep", Rate(Duration::from_secs(60)))
    );
    assert_eq!(sweep.input, Some(json!({"older_than_seconds": 120})));
    let [Source::Schedule(retain)] = &sources("retain")[..] else {
        panic!()
    };
    assert_eq!(
        (retain.name.as_str(), retain.rate),
        ("retain", Rate(Duration::from_secs(3600)))
    );
}

#[test]
fn a_function_gets_the_global_variables_and_its_own() {
    let stack = ours(&[("LogLevel", "debug")]);
    let api = &stack.function("api").unwrap().environment;
    assert_eq!(api["IMPRINT_DOMAIN"].literal().unwrap(), "docs.test");
    assert_eq!(api["RUST_LOG"].literal().unwrap(), "warn,imprint=debug");
    assert!(api.contains_key("IMPRINT_BOOTSTRAP_PASSWORD"));
    assert_eq!(
        api["IMPRINT_QUEUE_PURGE_CDN"].as_reference().unwrap().logical,
        "PurgeCdnQueue"
    );
    assert_eq!(api["IMPRINT_QUEUE_PURGE_CDN"].literal(), None);
    let sweep = &stack.function("sweep").unwrap().environment;
    assert!(!sweep.contains_key("IMPRINT_BOOTSTRAP_PASSWORD"));
    let secrets: Vec<&str> = stack
        .functions
        .iter()
        .filter(|function| function.environment.contains_key("IMPRINT_FASTLY_KEY"))
        .map(|function| function.name.as_str())
        .collect();
    assert_eq!(
        secrets,
        ["purge-cdn", "render-dashboard", "retain"],
        "only the functions that call Fastly have its key"
    );
}

/// The adapter derives the addresses of dead letters from those of the steps' queues.
#[test]
fn dead_letters_are_called_after_their_steps() {
    let stack = ours(&[]);
    let steps: Vec<_> = stack
        .queues
        .iter()
        .filter(|queue| queue.redrive.is_some())
        .collect();
    assert_eq!(steps.len(), 10);
    for queue in steps {
        let target = &queue.redrive.as_ref().unwrap().target;
        let dead = &stack.queue(target).unwrap().deployed_name;
        let (bare, suffix) = match queue.deployed_name.strip_suffix(".fifo") {
            Some(bare) => (bare, ".fifo"),
            None => (queue.deployed_name.as_str(), ""),
        };
        assert_eq!(*dead, format!("{bare}-dead-letters{suffix}"));
    }
}

#[test]
fn conditions_follow_the_parameters() {
    // The custom domain is not made locally, but its condition decides what its name may be used for.
    ours(&[
        ("ApiDomain", "keeper.test"),
        ("ApiCertificateArn", "arn:aws:acm:::certificate/1"),
    ]);
    let given = [
        ("Domain", "docs.test"),
        ("BucketName", "b"),
        ("FastlySecret", "fastly"),
    ];
    let error = template::read(OURS, &deployment(&given)).unwrap_err();
    assert!(error.problem.contains("dynamic reference"), "{error}");
    assert!(error.place.ends_with("IMPRINT_FASTLY_KEY"), "{error}");
}

#[test]
fn bad_parameters_are_named() {
    let with = |name, value| vec![("Domain", "d"), ("BucketName", "b"), (name, value)];
    for (given, named) in [
        (vec![("Domain", "d")], "Parameters.BucketName"),
        (with("Layout", "sideways"), "Parameters.Layout"),
        (with("Flavour", "mint"), "Parameters.Flavour"),
    ] {
        let error = template::read(OURS, &deployment(&given)).unwrap_err();
        assert_eq!(error.place, named, "{error}");
    }
}

/// A small stack of a queue with a function, with one line put in at a mark.
fn small(at: &str, lines: &str) -> String {
    let template = "
Parameters:
  Name: {Type: String, Default: world}
Conditions:
  Greets: !Equals [!Ref Name, world]
Globals:
  Function:
    Runtime: provided.al2023
    Handler: bootstrap
    Environment:
      Variables:
        SHARED: yes
# sections
Resources:
  Work:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 30
# queue
  Docs:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: docs
# bucket
  Worker:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: rust-cargolambda
      BuildProperties: {Binary: imprint-worker}
    Properties:
      CodeUri: functions/worker
      Timeout: 20
      Environment:
        Variables:
          OWN: x
# variables
# function
      Events:
        Work:
          Type: SQS
          Properties:
            Queue: !GetAtt Work.Arn
# mapping
# events
# resources
";
    let mut text = String::new();
    for line in template.lines() {
        if line == format!("# {at}") {
            text.push_str(lines)
        } else {
            text.push_str(line)
        }
        text.push('\n');
    }
    text
}

fn variable(expression: &str) -> Result<String, template::TemplateError> {
    let text = small("variables", &format!("          V: {expression}"));
    let stack = template::read(&text, &deployment(&[]))?;
    Ok(stack.functions[0].environment["V"].to_string())
}

#[test]
fn intrinsic_functions_give_what_cloudformation_gives() {
    for (expression, value) in [
        ("!Ref Name", "world"),
        ("!Ref Work", "${!Ref Work}"),
        ("!GetAtt Work.QueueName", "${!GetAtt Work.QueueName}"),
        ("{'Fn::GetAtt': [Work, Arn]}", "${!GetAtt Work.Arn}"),
        (
            "!Sub 'hello ${Name} of ${AWS::StackName}, ${!literally}'",
            "hello world of imprint, ${literally}",
        ),
        ("!Sub ['${a}-${Name}', {a: !Ref Name}]", "world-world"),
        ("!Sub '${Work.Arn}/x'", "${!GetAtt Work.Arn}/x"),
        ("!If [Greets, !Ref Name, nobody]", "world"),
        ("!Join ['-', [a, !Ref Name, 3]]", "a-world-3"),
        ("true", "true"),
        ("12", "12"),
    ] {
        assert_eq!(variable(expression).unwrap(), value, "{expression}");
    }
    let absent = small("variables", "          V: !If [Greets, !Ref AWS::NoValue, x]");
    let stack = template::read(&absent, &deployment(&[])).unwrap();
    let names: Vec<&String> = stack.functions[0].environment.keys().collect();
    assert_eq!(names, ["OWN", "SHARED"]);
}

/// Where a line goes, the line, the place that the error names, and a word of what it says.
const NOT_UNDERSTOOD: &[(&str, &str, &str, &str)] = &[
    (
        "variables",
        "          V: !Ref Nobody",
        "Resources.Worker.Properties.Environment.Variables.V",
        "Nobody",
    ),
    (
        "variables",
        "          V: !GetAtt Work.Colour",
        "Variables.V",
        "Colour",
    ),
    (
        "variables",
        "          V: !ImportValue x",
        "Variables.V",
        "Fn::ImportValue",
    ),
    (
        "variables",
        "          V: !Sub '${Nobody}'",
        "Variables.V",
        "Nobody",
    ),
    (
        "variables",
        "          V: !If [Nowhere, a, b]",
        "Variables.V",
        "Nowhere",
    ),
    (
        "variables",
        "          V: {Ref: Name, x: y}",
        "Variables.V",
        "Ref",
    ),
    ("sections", "Mappings: {}", "Mappings", "not understood"),
    (
        "sections",
        "Outputs: {O: {Value: !Ref Nobody}}",
        "Outputs.O.Value",
        "Nobody",
    ),
    (
        "queue",
        "      KmsMasterKeyId: k",
        "Resources.Work.Properties.KmsMasterKeyId",
        "not understood",
    ),
    (
        "queue",
        "      QueueName: work.fifo",
        "Resources.Work.Properties.QueueName",
        ".fifo",
    ),
    (
        "queue",
        "      RedrivePolicy: {deadLetterTargetArn: 'arn:x', maxReceiveCount: 5}",
        "deadLetterTargetArn",
        "arn:x",
    ),
    (
        "bucket",
        "      VersioningConfiguration: {Status: Enabled}",
        "Docs.Properties.VersioningConfiguration",
        "not",
    ),
    (
        "function",
        "      AutoPublishAlias: live",
        "Worker.Properties.AutoPublishAlias",
        "not",
    ),
    (
        "function",
        "      Runtime: nodejs22.x",
        "Worker.Properties.Runtime",
        "nodejs22.x",
    ),
    (
        "mapping",
        "            FilterCriteria: {Filters: []}",
        "Events.Work.Properties.FilterCriteria",
        "not",
    ),
    (
        "mapping",
        "            BatchSize: 100",
        "Resources.Worker",
        "window",
    ),
    (
        "events",
        "        Topic: {Type: SNS, Properties: {Topic: t}}",
        "Events.Topic.Type",
        "SNS",
    ),
    (
        "events",
        "        Route: {Type: Api, Properties: {Path: /, Method: get}}",
        "Events.Route.Type",
        "Api",
    ),
    (
        "events",
        "        Tick: {Type: Schedule, Properties: {Schedule: 'cron(0 * * * ? *)'}}",
        "Tick.Properties.Schedule",
        "cron",
    ),
    (
        "events",
        "        Tick: {Type: Schedule, Properties: {Schedule: rate(2 minute)}}",
        "Tick.Properties.Schedule",
        "rate(2 minute)",
    ),
    (
        "events",
        "        Gone: {Type: S3, Properties: {Bucket: !Ref Docs, Events: 's3:ObjectRemoved:*'}}",
        "Gone.Properties.Events",
        "s3:ObjectRemoved:*",
    ),
    (
        "events",
        "        Up: {Type: S3, Properties: {Bucket: docs, Events: 's3:ObjectCreated:*'}}",
        "Up.Properties.Bucket",
        "docs",
    ),
    (
        "resources",
        "  Topic: {Type: AWS::SNS::Topic}",
        "Resources.Topic.Type",
        "AWS::SNS::Topic",
    ),
    (
        "resources",
        "  Api: {Type: AWS::Serverless::HttpApi, Properties: {StageName: v1}}",
        "Api.Properties.StageName",
        "v1",
    ),
    (
        "resources",
        "  Again: {Type: AWS::SQS::Queue, CreationPolicy: {}}",
        "Resources.Again.CreationPolicy",
        "not",
    ),
];

#[test]
fn what_is_not_understood_is_an_error_that_names_it() {
    assert!(template::read(&small("nowhere", ""), &deployment(&[])).is_ok());
    for (at, lines, place, problem) in NOT_UNDERSTOOD {
        let error = template::read(&small(at, lines), &deployment(&[])).expect_err(lines);
        assert!(error.place.contains(place), "{lines}: {error}");
        assert!(error.problem.contains(problem), "{lines}: {error}");
    }
}

#[test]
fn a_queue_that_shows_messages_again_too_early_is_refused() {
    let text = small("nowhere", "").replace("Timeout: 20", "Timeout: 31");
    let error = template::read(&text, &deployment(&[])).unwrap_err();
    assert!(error.problem.contains("visibility timeout"), "{error}");
}

#[test]
fn a_program_of_another_crate_is_refused() {
    let text = small("nowhere", "").replace("imprint-worker", "imprint-api");
    let error = template::read(&text, &deployment(&[])).unwrap_err();
    assert!(error.place.ends_with("BuildProperties.Binary"), "{error}");
}

#[test]
fn a_dead_letter_queue_is_of_its_queues_kind() {
    let text = small(
        "resources",
        "  Dead: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  Source:
    Type: AWS::SQS::Queue
    Properties:
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}",
    );
    let error = template::read(&text, &deployment(&[])).unwrap_err();
    assert_eq!(error.place, "Resources.Source.Properties.RedrivePolicy");
    let stack = template::read(
        &text.replace("FifoQueue: true", "FifoQueue: false"),
        &deployment(&[]),
    )
    .unwrap();
    let redrive = Redrive {
        target: "Dead".to_owned(),
        max_receive_count: 3,
    };
    assert_eq!(stack.queue("Source").unwrap().redrive, Some(redrive));
}
