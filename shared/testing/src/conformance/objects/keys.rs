use imprint_app::ports::Objects;
use imprint_domain::key::ObjectKey;

use super::{Place, full_headers, typed};

/// Names that a URL, a form, an XML text or a file system would each read as something else.
const NAMES: [&str; 26] = [
    "a b.html",
    "a  b.html",
    "a+b.html",
    "a%20b.html",
    "100%.html",
    "%2F.html",
    "a&b.html",
    "a&amp;b.html",
    "a#b.html",
    "a?b=c.html",
    "a<b>.html",
    "\"a\" 'b'.html",
    "a=b;c,d.html",
    "a:b@c.html",
    "(a)[b]{c}.html",
    "a!$*~^`|.html",
    "Späße.html",
    "ü.html",
    "u\u{308}.html",
    "日本語/索引.html",
    "🦀.html",
    ".hidden",
    "...",
    "a..b/..c",
    "no-ending",
    "-_.html",
];

pub(super) async fn a_name_may_hold_any_character_that_a_path_may(objects: &dyn Objects) {
    let place = Place::new(objects);
    let paths = NAMES.map(|name| format!("from/{name}"));
    place.write_all(&paths).await;
    for name in NAMES {
        place
            .copy(&format!("from/{name}"), &format!("to/{name}"), &full_headers())
            .await;
    }
    for name in NAMES {
        let from = format!("from/{name}");
        place.expect(&format!("to/{name}"), &from, &full_headers()).await;
    }
    for side in ["from/", "to/"] {
        let mut wanted = NAMES.map(|name| format!("{side}{name}"));
        wanted.sort();
        assert_eq!(place.paths(&place.below(side)).await, wanted);
    }
    let deleted: Vec<ObjectKey> = NAMES.map(|name| place.key(&format!("to/{name}"))).into();
    place.delete(&deleted).await;
    assert_eq!(place.paths(&place.below("to/")).await, Vec::<String>::new());
    assert_eq!(place.paths(&place.prefix).await.len(), NAMES.len());

    for name in ["a b & ü+/", "100%/"] {
        place.write(&format!("{name}x"), "").await;
        let below = place.below(name);
        assert_eq!(place.paths(&below).await, [format!("{name}x")]);
    }
    place.clear().await;
}

pub(super) async fn an_object_may_have_the_name_of_a_directory(objects: &dyn Objects) {
    let place = Place::new(objects);
    place.write("p/builds/1/a/index.html", "page").await;
    place.write("p/builds/1", "build").await;
    place.write("p/builds/1/a", "directory").await;
    place.write("p/builds/1/a/index.html/deeper", "deeper").await;
    let plain = typed("text/plain");
    place.expect("p/builds/1", "build", &plain).await;
    place.expect("p/builds/1/a", "directory", &plain).await;
    place.expect("p/builds/1/a/index.html", "page", &plain).await;
    let below = place.below("p/builds/1/");
    let rest = ["a", "a/index.html", "a/index.html/deeper"].map(|path| format!("p/builds/1/{path}"));
    assert_eq!(place.paths(&below).await, rest);

    place.delete(&[place.key("p/builds/1/a")]).await;
    assert_eq!(place.paths(&below).await, rest[1..]);
    place.clear().await;
}

pub(super) async fn a_prefix_covers_nothing_beside_it(objects: &dyn Objects) {
    let place = Place::new(objects);
    let paths = ["v1", "v1.0/a", "v1/a", "v1/b/c", "v10/a", "v1-x/a", "V1/a"];
    for path in paths {
        place.write(path, "").await;
    }
    assert_eq!(place.paths(&place.below("v1/")).await, ["v1/a", "v1/b/c"]);
    assert_eq!(place.paths(&place.below("v1/b/")).await, ["v1/b/c"]);
    assert_eq!(place.paths(&place.below("v/")).await, Vec::<String>::new());
    assert_eq!(place.paths(&place.prefix).await.len(), paths.len());
    place.clear().await;
}

pub(super) async fn a_list_is_in_the_order_of_bytes(objects: &dyn Objects) {
    let place = Place::new(objects);
    // By bytes `-` and `.` come before `/`, that before digits, capitals before small letters, ASCII before the rest;
    // and the last two would change places as UTF-16.
    let ordered = [
        "A", "B/a", "a", "a b", "a-b", "a.b", "a/b", "a0", "aB", "a_b", "ab", "b", "ä", "\u{ff5e}", "🦀",
    ];
    let mut written = ordered.map(str::to_owned);
    written.reverse();
    place.write_all(&written).await;
    assert_eq!(place.paths(&place.prefix).await, ordered);
    place.clear().await;
}

pub(super) async fn more_than_a_page_is_listed_and_deleted(objects: &dyn Objects) {
    let place = Place::new(objects);
    let mut paths: Vec<String> = (0..1003).map(|n| format!("v1/{n:04} ü.html")).collect();
    paths.push("v10/a".to_owned());
    place.write_all(&paths).await;
    let below = place.below("v1/");
    let first = objects.list(&below, None).await.unwrap();
    assert!(!first.objects.is_empty() && first.next.is_some());
    assert_eq!(place.paths(&below).await, paths[..1003]);

    let thousand: Vec<ObjectKey> = paths[..1000].iter().map(|path| place.key(path)).collect();
    place.delete(&thousand).await;
    assert_eq!(place.paths(&place.prefix).await, paths[1000..]);
    place.clear().await;
}
