//! Tables, queues and the bucket.

use futures_util::StreamExt as _;
use imprint_local::runner::{Endpoints, Runner, RunnerOptions, Triggers};
use imprint_local::standins::{Ports, StandInOptions, StandIns};
use imprint_local::template::{self, Deployment, Stack};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::Fakes;

/// Our own template on the stand-ins, with functions that do nothing.
async fn our_stack(stand_ins: &StandIns, stack: Stack) -> anyhow::Result<Runner> {
    let idle = async |_| Ok(Value::Null);
    let fakes = [
        "api",
        "copy-edition",
        "derive-format",
        "index-search",
        "purge-cdn",
        "register-build",
        "deliver-webhook",
        "render-dashboard",
        "render-document",
        "retain",
        "sweep",
        "unpack-archive",
        "update-dns",
    ];
    let fakes = fakes
        .into_iter()
        .fold(Fakes::default(), |fakes, name| fakes.with(name, idle));
    let mut options = RunnerOptions::new(Endpoints {
        s3: stand_ins.s3_url(),
        dynamodb: stand_ins.dynamodb_url(),
        sqs: stand_ins.sqs_url(),
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
    });
    let api = ("IMPRINT_API_URL", "http://127.0.0.1");
    options.environment = [api].map(|(name, value)| (name.into(), value.into())).into();
    let http = Some(TcpListener::bind("127.0.0.1:0").await?);
    let triggers = Triggers {
        objects: futures_util::stream::empty().boxed(),
        http,
    };
    Runner::start(stack, options, &fakes, triggers).await
}

#[tokio::test]
async fn our_resources_are_made_once_and_found_again() {
    let stand_ins = StandIns::start(StandInOptions {
        data: None,
        buckets: vec![],
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
        ports: Ports::default(),
    })
    .await
    .unwrap();
    let parameters = [("Domain", "docs.test"), ("BucketName", "imprint-local")];
    let deployment = Deployment {
        stack_name: "imprint".to_owned(),
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    };
    let ours = template::read(include_str!("../../../template.yaml"), &deployment).unwrap();
    for _ in 0..2 {
        let runner = our_stack(&stand_ins, ours.clone()).await.unwrap();
        assert_eq!(runner.reference("DocsBucket"), Some("imprint-local"));
        let queues: Vec<String> = runner.queues().await.unwrap().into_keys().collect();
        assert_eq!(
            queues,
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
        runner.shutdown().await;
    }
    let mut other = ours;
    other.tables[0].indexes.clear();
    let error = our_stack(&stand_ins, other).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("other keys or indexes"),
        "{error:#}"
    );
    let made = stand_ins.counts().snapshot();
    assert_eq!(made["runner"]["dynamodb"]["CreateTable"], 1);
    assert_eq!(made["runner"]["s3"]["CreateBucket"], 1);
    assert_eq!(made["runner"]["sqs"]["CreateQueue"], 20);
    stand_ins.shutdown().await;
}
