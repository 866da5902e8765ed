//! An operation as a line for a shell.

use serde_json::Value;

/// How a caller shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credentials {
    /// Not at all.
    None,
    /// With a token.
    Token,
    /// With a name and a password.
    Password,
}

/// What fits into a line of a phone that is held across, in characters.
const SHORT: usize = 60;

/// The command; `$api`, `$token`, `$user` and `$password` are the reader's.
pub(super) fn command(
    method: &str,
    path: &str,
    credentials: Credentials,
    body: Option<(&str, &Value)>,
) -> String {
    let mut lines = vec![match method {
        "GET" => format!("curl \"$api{path}\""),
        _ => format!("curl -X {method} \"$api{path}\""),
    }];
    match credentials {
        Credentials::None => {}
        Credentials::Token => lines.push("-u \"$token:\"".to_owned()),
        Credentials::Password => lines.push("-u \"$user:$password\"".to_owned()),
    }
    if let Some((media, example)) = body {
        lines.push(format!("-H 'Content-Type: {media}'"));
        // A quote ends the text, stands by itself, and begins the text again.
        let text = match example.to_string() {
            short if short.len() <= SHORT => short,
            _ => serde_json::to_string_pretty(example).unwrap_or_default(),
        };
        let text = text.replace('\'', r"'\''");
        lines.push(format!("-d '{text}'"));
    }
    lines.join(" \\\n  ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_carries_what_the_operation_asks_for() {
        assert_eq!(command("GET", "/x", Credentials::None, None), "curl \"$api/x\"");
        let body = json!({"title": "it's"});
        assert_eq!(
            command(
                "POST",
                "/x/",
                Credentials::Token,
                Some(("application/json", &body))
            ),
            "curl -X POST \"$api/x/\" \\\n  -u \"$token:\" \\\n  -H 'Content-Type: application/json' \\\n  \
             -d '{\"title\":\"it'\\''s\"}'"
        );
        let token = command("GET", "/token", Credentials::Password, None);
        assert!(token.ends_with("-u \"$user:$password\""));
    }
}
