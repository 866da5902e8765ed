use super::*;

#[test]
fn an_address_has_a_host_and_no_secrets() {
    for (raw, base) in [
        ("https://keeper.example.org", "https://keeper.example.org"),
        ("https://keeper.example.org/", "https://keeper.example.org"),
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700"),
    ] {
        assert_eq!(raw.parse::<Base>().unwrap().to_string(), base);
    }
    for bad in [
        "",
        "keeper.example.org",
        "ftp://a.example.org",
        "https://user@a.example.org",
        "https://a.example.org/?x=1",
        "mailto:a",
    ] {
        assert!(bad.parse::<Base>().is_err(), "{bad}");
    }
}

#[test]
fn a_secret_on_an_open_line_is_noticed() {
    for (raw, is_open) in [
        ("http://keeper.example.org", true),
        ("http://10.0.0.1:8700/x", true),
        ("https://keeper.example.org", false),
        ("http://127.0.0.1:8700", false),
        ("http://localhost", false),
        ("http://[::1]:8700", false),
        ("http://[::1]", false),
    ] {
        assert_eq!(raw.parse::<Base>().unwrap().is_open(), is_open, "{raw}");
    }
}

#[test]
fn of_urls_in_answers_only_the_end_counts() {
    assert_eq!(number_of("http://inside:8080/builds/17"), Some(17));
    assert_eq!(number_of("https://a.example.org/builds/17/?x=3"), Some(17));
    for bad in [
        "",
        "/",
        "https://a.example.org/builds/x",
        "-1",
        "18446744073709551616",
    ] {
        assert_eq!(number_of(bad), None, "{bad}");
    }
    assert_eq!(
        last_part("https://a.example.org/products/pipelines"),
        Some("pipelines")
    );
}

#[test]
fn the_next_page_is_on_the_same_host_whatever_the_link_says() {
    let mut headers = HeaderMap::new();
    let link = "<http://other.example.org/products/?limit=2&cursor=x%3D>; rel=\"next\"";
    headers.insert(LINK, HeaderValue::from_static(link));
    assert_eq!(
        next_of(&headers).as_deref(),
        Some("/products/?limit=2&cursor=x%3D")
    );
}

#[test]
fn what_servers_say_is_one_line_that_no_terminal_obeys() {
    assert_eq!(
        sentence(br#"{"message": "not \u001b[31mauthorized"}"#),
        "not  [31mauthorized"
    );
    let long = sentence("é".repeat(10_000).as_bytes());
    assert!(long.chars().count() <= MAX_QUOTE + 1);
}

#[test]
fn a_secret_does_not_show_itself() {
    let login = Login::Token(Secret::new("imp_secret"));
    assert!(!format!("{login:?}").contains("imp_secret"));
}
