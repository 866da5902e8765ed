//! The `Authorization` header.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};

/// A name and a password.
pub(crate) struct Basic {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// A name and a password that somebody has to show. Only their hash is kept here, so nothing can print them.
#[derive(Clone)]
pub struct Credentials([u8; 32]);

impl Credentials {
    /// Those of a name and a password.
    pub fn new(user: &str, password: &str) -> Self {
        // The name has no colon, as Basic authentication splits there.
        Self(Sha256::digest(format!("{user}:{password}")).into())
    }

    /// Whether a request carries them. It takes the same time whatever it carries.
    pub(crate) fn are_in(&self, headers: &HeaderMap) -> bool {
        let Some(Basic { user, password }) = basic(headers) else {
            return false;
        };
        let Self(given) = Self::new(&user, &password);
        let differences = self.0.iter().zip(given).fold(0, |all, (a, b)| all | (a ^ b));
        std::hint::black_box(differences) == 0
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The name and the password that a request carries.
pub(crate) fn basic(headers: &HeaderMap) -> Option<Basic> {
    let text = decoded(parts(headers, "basic")?)?;
    let (user, password) = text.split_once(':')?;
    Some(Basic {
        user: user.to_owned(),
        password: password.to_owned(),
    })
}

/// The token that a request carries: as the user name of Basic, whatever its password, or as Bearer.
pub(crate) fn token(headers: &HeaderMap) -> Option<String> {
    if let Some(token) = parts(headers, "bearer") {
        return Some(token.to_owned());
    }
    let text = decoded(parts(headers, "basic")?)?;
    Some(
        text.split_once(':')
            .map_or(text.as_str(), |(user, _)| user)
            .to_owned(),
    )
}

/// What follows a scheme, whose case does not matter.
fn parts<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (found, rest) = value.trim().split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// UTF-8, or Latin-1 as the `requests` library of Python sends it.
fn decoded(text: &str) -> Option<String> {
    let bytes = BASE64.decode(text).ok()?;
    Some(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn a_token_comes_as_basic_or_as_bearer() {
        let encoded = STANDARD.encode("imp_x:");
        for value in [
            format!("Basic {encoded}"),
            format!("basic  {encoded} "),
            format!("BASIC {}", encoded.trim_end_matches('=')),
            format!("Basic {}", STANDARD.encode("imp_x")),
            format!("Basic {}", STANDARD.encode("imp_x:what:ever")),
            "Bearer imp_x".to_owned(),
            "bearer imp_x".to_owned(),
        ] {
            assert_eq!(token(&headers(&value)).as_deref(), Some("imp_x"), "{value}");
        }
    }

    #[test]
    fn a_malformed_header_is_no_credential() {
        for value in [
            "",
            "Basic",
            "Basic ",
            "Basic !!!",
            "Digest abc",
            "imp_x",
            "Basic\timp",
        ] {
            assert!(basic(&headers(value)).is_none(), "{value}");
        }
        for value in ["", "Basic", "Basic !!!", "Digest abc", "imp_x"] {
            assert!(token(&headers(value)).is_none(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_header_says_it_is_read_or_none(
            value in prop_oneof!["[ -~\\t]{0,80}", "(?i)(basic|bearer) {1,3}[A-Za-z0-9+/=:_-]{0,64}"],
            user in "[^:]{0,12}", password in ".{0,12}",
        ) {
            let given = headers(&value);
            let _read = (basic(&given), Credentials::new("u", "p").are_in(&given));
            if let Some(token) = token(&given) {
                prop_assert!(token.len() <= value.len());
            }
            let sent = headers(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
            let read = basic(&sent).unwrap();
            prop_assert_eq!((&read.user, &read.password), (&user, &password));
            prop_assert_eq!(token(&sent), Some(user.clone()));
            prop_assert!(Credentials::new(&user, &password).are_in(&sent));
            let other = format!("{password}x");
            prop_assert!(!Credentials::new(&user, &other).are_in(&sent));
        }
    }

    #[test]
    fn a_password_may_have_colons_and_letters_of_latin_1_or_utf_8() {
        for bytes in ["u:p:ä".as_bytes(), b"u:p:\xe4"] {
            let found = basic(&headers(&format!("Basic {}", STANDARD.encode(bytes)))).unwrap();
            assert_eq!((found.user.as_str(), found.password.as_str()), ("u", "p:ä"));
        }
    }
}
