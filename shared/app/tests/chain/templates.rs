//! An organization's own templates are tried before they are used, and nothing that is wrong with them costs readers a page.

use std::io::{Cursor, Write as _};

use imprint_app::error::AppError;
use imprint_app::ports::Change;
use imprint_app::{dashboards, templates};
use imprint_domain::manifest::Headers;
use imprint_domain::organization::{Organization, Policy};
use imprint_domain::template::OwnTemplates;
use imprint_testing::Step;
use imprint_testing::samples::parsed;

use crate::installation::Installation;

const FOLDER: &str = "_imprint/templates/default/spring/";

fn upload(here: &Installation, files: &[(&str, &str)]) {
    for old in here.world.objects.keys(FOLDER) {
        here.world.objects.remove(&old);
    }
    for (name, text) in files {
        let headers = Headers::default();
        here.world
            .objects
            .put(&format!("{FOLDER}{name}"), (*text).to_owned(), headers);
    }
}

async fn adopt(here: &Installation) -> Result<OwnTemplates, AppError> {
    templates::adopt(&here.env, &parsed("spring")).await
}

/// What is said of templates that cannot be used.
async fn refusal(here: &Installation, files: &[(&str, &str)]) -> String {
    upload(here, files);
    match adopt(here).await {
        Err(AppError::Invalid(message)) => message,
        other => panic!("{files:?}: {other:?}"),
    }
}

const PAGE: &str = "{% extends \"shell.html\" %}{% block title %}x{% endblock %}{% block of %}y{% endblock %}\
                    {% block script %}{% endblock %}";

#[tokio::test(start_paused = true)]
async fn a_folder_is_tried_and_kept_as_it_was_tried() {
    let here = Installation::new().await;
    upload(
        &here,
        &[
            (
                "editions.html",
                "{% include \"a/part.html\" %} <b>{{ product.title }}</b>",
            ),
            ("a/part.html", "ours"),
        ],
    );
    let own = adopt(&here).await.unwrap();
    assert_eq!(
        adopt(&here).await.unwrap(),
        own,
        "the same text has the same name"
    );
    upload(&here, &[("editions.html", "{{ broken")]);
    let kept = here
        .world
        .objects
        .get(&format!("_imprint/tried-templates/default/{}.json", own.digest));
    let kept: serde_json::Value = serde_json::from_slice(&kept.unwrap().body).unwrap();
    assert_eq!(kept["a/part.html"], "ours");
}

#[tokio::test(start_paused = true)]
async fn an_archive_is_as_good_as_a_folder() {
    let here = Installation::new().await;
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("404.html", options).unwrap();
    archive.write_all(PAGE.as_bytes()).unwrap();
    let bytes = archive.finish().unwrap().into_inner();
    here.world
        .objects
        .put(&format!("{FOLDER}template.zip"), bytes, Headers::default());
    adopt(&here).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_told_with_its_template_and_line() {
    let here = Installation::new().await;
    let part = "\n\n{{ nothing.at.all }}";
    for (files, told) in [
        (vec![("editions.html", "fine\n{% if %}")], "editions.html, line 2"),
        (
            vec![("builds.html", "\n\n{{ product.nothing }}")],
            "builds.html, line 3",
        ),
        (
            vec![("404.html", "{% include 'part.html' %}"), ("part.html", part)],
            "part.html, line 3",
        ),
        (
            vec![("index.html", "{% include '/etc/passwd' %}")],
            "index.html, line 1",
        ),
        (vec![("index.html", "{% extends 'index.html' %}")], "index.html"),
        (
            vec![("editions.html", "{{ product.title|safe }}")],
            "editions.html, line 1",
        ),
        (
            vec![(
                "editions.html",
                "a\n{%- autoescape false %}{{ product.title }}{% endautoescape %}",
            )],
            "editions.html, line 2: autoescape",
        ),
        (
            vec![("editions.html", "<script>var t = '{{ product.title }}'</script>")],
            "in a script",
        ),
        (
            vec![("editions.html", "<p title={{ product.title }}>")],
            "without quotes",
        ),
        (
            vec![("index.html", "<p onclick=\"x('{{ organization.title }}')\">")],
            "in the attribute onclick",
        ),
        (
            vec![(
                "404.html",
                "{% for a in range(90000) %}{% for b in range(90000) %}{{ b }}{% endfor %}{% endfor %}",
            )],
            "404.html",
        ),
        (
            vec![("404.html", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")],
            "404.html",
        ),
        (vec![("run.sh", "")], "run.sh"),
        (vec![], "no files"),
    ] {
        let message = refusal(&here, &files).await;
        assert!(
            message.starts_with("Invalid template: ") && message.contains(told),
            "{told}: {message}"
        );
    }
    let large = "x".repeat(130 * 1024);
    assert!(refusal(&here, &[("a.html", &large)]).await.contains("at most"));
}

/// A value that is escaped twice is ugly and safe; one that is not escaped is neither.
#[tokio::test(start_paused = true)]
async fn names_are_text_whatever_a_template_tries() {
    let here = Installation::new().await;
    for template in [
        "{{ product.title }}",
        "{% set t = product.title %}{{ t ~ t }}",
        "{% macro m(t) %}<b>{{ t }}</b>{% endmacro %}{{ m(product.title) }}",
        "{% filter upper %}{{ product.title }}{% endfilter %}",
        "{% set t %}{{ product.title }}{% endset %}{{ t }}",
        "<a href=\"{{ product.source }}\" title='{{ product.title }}'>",
    ] {
        upload(&here, &[("editions.html", template)]);
        adopt(&here)
            .await
            .unwrap_or_else(|error| panic!("{template}: {error}"));
    }
}

/// Never no dashboard: own templates are used as they were tried, and the program's where anything is wrong with them.
#[tokio::test(start_paused = true)]
async fn own_templates_are_used_and_whatever_is_wrong_with_them_costs_no_page() {
    let here = Installation::new().await;
    upload(&here, &[("editions.html", "<p>ours: {{ product.title }}</p>")]);
    let own = adopt(&here).await.unwrap();
    let kept = own.object(&here.env.organization.slug).to_string();
    let organization = Organization {
        policy: Policy {
            dashboard_template: Some(own),
            ..Policy::default()
        },
        ..(*here.env.organization).clone()
    };
    let change = Change::CreateOrganization(organization);
    here.world.catalog.seed(vec![change]);
    let written = async |receive_count: u32| {
        dashboards::render(&here.env, &parsed("alpha")).await.unwrap();
        let rendering = here.world.queue.take(Step::RenderDashboard).unwrap();
        here.deliver(&rendering, receive_count).await;
        let page = here.world.objects.get("alpha/v/index.html").unwrap();
        String::from_utf8(page.body.to_vec()).unwrap()
    };
    assert_eq!(written(1).await, "<p>ours: Alpha</p>");
    let without = written(3).await;
    assert!(without.contains("<nav"), "two deliveries did not end: {without}");
    let body = here.world.objects.get(&kept).unwrap().body;
    here.world.objects.remove(&kept);
    assert!(written(1).await.contains("<nav"), "they are gone");
    for wrong in ["no json", r#"{"editions.html": "{{ product.nothing }}"}"#] {
        here.world.objects.put(&kept, wrong, Headers::default());
        assert!(written(1).await.contains("<nav"), "{wrong}");
    }
    here.world.objects.put(&kept, body, Headers::default());
    assert_eq!(written(1).await, "<p>ours: Alpha</p>");
}
