use imprint_domain::message::Step;

use super::*;

fn variables(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let base = [
        ("IMPRINT_STAGE", "prod"),
        ("IMPRINT_TABLE", "catalog"),
        ("IMPRINT_BUCKET", "docs"),
        ("IMPRINT_DOMAIN", "docs.example.org"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "the secret"),
        ("IMPRINT_FASTLY_KEY", "the token"),
        ("IMPRINT_SEALING_KEY", "thirty-two characters for the seal"),
    ];
    let all = base.iter().chain(changes);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn read(changes: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    Settings::read(&variables(changes))
}

#[test]
fn what_a_template_leaves_empty_gets_its_default() {
    let settings = read(&[
        ("IMPRINT_FASTLY_SERVICE", ""),
        ("IMPRINT_PATH_PREFIX", ""),
        ("IMPRINT_LAYOUT", ""),
        ("IMPRINT_FASTLY_API", ""),
        ("IMPRINT_QUEUE_COPY_EDITION", " "),
    ])
    .unwrap();
    let organization = settings.organization;
    assert_eq!(organization.slug.as_str(), "default");
    assert_eq!(organization.layout, Layout::Subdomain);
    assert_eq!(organization.scheme, "https");
    assert_eq!(organization.default_edition.as_str(), "main");
    assert_eq!(organization.fastly_service, None);
    assert_eq!(organization.fastly_domain, "");
    let missing = settings.queues.url(Step::CopyEdition).unwrap_err();
    assert!(missing.to_string().contains("IMPRINT_QUEUE_COPY_EDITION"));
    assert_eq!(settings.fastly.api, "https://api.fastly.com");
    assert_eq!(settings.fastly.mode, PurgeMode::Soft);
    assert_eq!(settings.naming, Naming::Elsewhere);
}

#[test]
fn every_variable_arrives() {
    let settings = read(&[
        ("IMPRINT_LAYOUT", "path"),
        ("IMPRINT_PATH_PREFIX", "/docs/"),
        ("IMPRINT_DEFAULT_EDITION", "__main"),
        ("IMPRINT_DOCS_SCHEME", "http"),
        ("IMPRINT_DOMAIN", "127.0.0.1:8701"),
        ("IMPRINT_FASTLY_SERVICE", "SU1Z0isxPaozGVKXdv0eY"),
        ("IMPRINT_FASTLY_DOMAIN", "n.global-ssl.fastly.net"),
        ("IMPRINT_FASTLY_API", "http://127.0.0.1:9/"),
        ("IMPRINT_PURGE", "hard"),
        ("IMPRINT_TICKET_URL", "https://example.atlassian.net/browse/"),
        (
            "IMPRINT_QUEUE_RENDER_DASHBOARD",
            "https://sqs.eu-central-1.amazonaws.com/1/render-dashboard.fifo",
        ),
        (
            "IMPRINT_QUEUE_PURGE_CDN",
            "https://sqs.eu-central-1.amazonaws.com/1/purge-cdn",
        ),
        ("AWS_SESSION_TOKEN", "session"),
        ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:7"),
        ("AWS_LAMBDA_FUNCTION_NAME", "imprint/purge cdn"),
    ])
    .unwrap();
    let organization = settings.organization;
    assert_eq!(organization.layout, Layout::Path);
    assert_eq!(organization.path_prefix, "/docs");
    assert_eq!(organization.default_edition.as_str(), "__main");
    assert_eq!(organization.scheme, "http");
    assert_eq!(organization.domain, "127.0.0.1:8701");
    assert_eq!(organization.bucket, "docs");
    assert_eq!(
        organization.fastly_service.as_deref(),
        Some("SU1Z0isxPaozGVKXdv0eY")
    );
    assert_eq!(organization.fastly_domain, "n.global-ssl.fastly.net");
    assert_eq!(settings.table, "catalog");
    assert_eq!(settings.fastly.api, "http://127.0.0.1:9");
    assert_eq!(settings.fastly.mode, PurgeMode::Hard);
    let url = |step| settings.queues.url(step).unwrap();
    assert!(url(Step::PurgeCdn).ends_with("/purge-cdn"));
    assert!(url(Step::RenderDashboard).ends_with("/render-dashboard.fifo"));
    let dead = |step| settings.queues.dead_letters(step).unwrap();
    assert!(dead(Step::PurgeCdn).ends_with("/purge-cdn-dead-letters"));
    assert!(dead(Step::RenderDashboard).ends_with("/render-dashboard-dead-letters.fifo"));
    assert_eq!(
        organization.ticket_url.unwrap().as_str(),
        "https://example.atlassian.net/browse/"
    );
    assert_eq!(settings.aws.credentials.session_token(), Some("session"));
    assert_eq!(settings.aws.sqs.as_deref(), Some("http://127.0.0.1:7"));
    assert_eq!(settings.aws.region.as_ref(), "eu-central-1");
    assert_eq!(settings.aws.app.unwrap().as_ref(), "imprint-purge-cdn");
}

#[test]
fn a_missing_variable_is_named_with_what_it_should_be() {
    for name in [
        "IMPRINT_STAGE",
        "IMPRINT_TABLE",
        "IMPRINT_BUCKET",
        "IMPRINT_DOMAIN",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "IMPRINT_SEALING_KEY",
    ] {
        let sentence = read(&[(name, "")]).unwrap_err().to_string();
        assert!(
            sentence.starts_with(&format!("{name} is not set; it should be ")),
            "{sentence}"
        );
    }
}

#[test]
fn a_bad_variable_is_named_with_what_it_should_be() {
    let table = [
        ("IMPRINT_STAGE", "production", "local or dev or prod"),
        ("IMPRINT_LAYOUT", "host", "subdomain or path"),
        ("IMPRINT_PURGE", "gentle", "soft or hard"),
        ("IMPRINT_DOCS_SCHEME", "ftp", "https or http"),
        ("IMPRINT_DOMAIN", "https://docs.example.org", "without scheme"),
        ("IMPRINT_PATH_PREFIX", "docs", "starts with a slash"),
        ("IMPRINT_DEFAULT_EDITION", "../main", "an edition's slug"),
        ("IMPRINT_FASTLY_API", "api.fastly.com", "https://"),
        ("IMPRINT_QUEUE_REGISTER_BUILD", "register-build", "https://"),
        ("IMPRINT_TICKET_URL", "browse/", "a ticket's key"),
        ("AWS_ENDPOINT_URL_S3", "file:///tmp", "https://"),
    ];
    for (name, value, hint) in table {
        let sentence = read(&[(name, value)]).unwrap_err().to_string();
        assert!(
            sentence.starts_with(name) && sentence.contains(value),
            "{sentence}"
        );
        assert!(sentence.contains(hint), "{sentence}");
    }
}

#[test]
fn no_secret_is_ever_printed() {
    let printed = format!("{:?}", read(&[]).unwrap());
    assert!(
        !printed.contains("the secret") && !printed.contains("the token") && !printed.contains("the seal"),
        "{printed}"
    );
    let guessable = read(&[("IMPRINT_SEALING_KEY", "short")]).unwrap_err().to_string();
    assert!(
        guessable.contains("at least 32") && !guessable.contains("short"),
        "{guessable}"
    );
    let sentence = read(&[("IMPRINT_FASTLY_KEY", "two\nlines")])
        .unwrap_err()
        .to_string();
    assert!(!sentence.contains("two"), "{sentence}");
    let first = bootstrap(&variables(&[
        ("IMPRINT_BOOTSTRAP_USER", "anna"),
        ("IMPRINT_BOOTSTRAP_PASSWORD", "hidden from all logs"),
    ]));
    assert!(!format!("{first:?}").contains("hidden"));
}

#[test]
fn a_local_stack_has_a_first_user_that_everybody_knows() {
    let first = bootstrap(&variables(&[("IMPRINT_STAGE", "local")]))
        .unwrap()
        .unwrap();
    assert_eq!((first.user.as_str(), first.password.as_str()), ("dev", "dev"));
    let chosen = [("IMPRINT_STAGE", "local"), ("IMPRINT_BOOTSTRAP_USER", "anna")];
    assert_eq!(
        bootstrap(&variables(&chosen)).unwrap().unwrap().user.as_str(),
        "anna"
    );
}

#[test]
fn a_deployed_installation_refuses_passwords_that_can_be_guessed() {
    let ask = |stage, user, password| {
        bootstrap(&variables(&[
            ("IMPRINT_STAGE", stage),
            ("IMPRINT_BOOTSTRAP_USER", user),
            ("IMPRINT_BOOTSTRAP_PASSWORD", password),
        ]))
    };
    assert_eq!(ask("prod", "", "").unwrap(), None);
    for stage in ["dev", "prod"] {
        let sentence = ask(stage, "dev", "dev").unwrap_err().to_string();
        assert!(sentence.contains("well-known"), "{sentence}");
        let sentence = ask(stage, "anna", "elevenchars").unwrap_err().to_string();
        assert_eq!(
            sentence,
            "IMPRINT_BOOTSTRAP_PASSWORD has 11 characters; it should have at least 12"
        );
        assert!(ask(stage, "anna", "").is_err());
        assert!(ask(stage, "", "twelve chars").is_err());
        assert!(ask(stage, "an:na", "twelve chars").is_err());
        assert!(ask(stage, "anna", "twelve chars").unwrap().is_some());
    }
}

#[test]
fn d21_a_deployed_installation_has_a_name_and_a_password_for_reports() {
    let password = "a long random password";
    let given = |user: &str, password: &str| {
        doctor_auth(&variables(&[
            ("DOCTOR_AUTH_USER", user),
            ("DOCTOR_AUTH_PASSWORD", password),
        ]))
    };
    let auth = given("doctor", password).unwrap();
    assert_eq!((auth.user.as_str(), auth.password.as_str()), ("doctor", password));
    assert!(!format!("{auth:?}").contains(password));
    for (user, given_password, variable) in [
        ("", password, "DOCTOR_AUTH_USER"),
        ("doctor", "", "DOCTOR_AUTH_PASSWORD"),
        ("", "", "DOCTOR_AUTH_USER"),
        ("a:b", password, "DOCTOR_AUTH_USER"),
        ("dev", "dev", "DOCTOR_AUTH_PASSWORD"),
    ] {
        let error = given(user, given_password).unwrap_err().to_string();
        assert!(error.starts_with(variable), "{error}");
    }
    let local = doctor_auth(&variables(&[("IMPRINT_STAGE", "local")])).unwrap();
    assert_eq!((local.user.as_str(), local.password.as_str()), ("dev", "dev"));
}
