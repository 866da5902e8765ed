//! Cursors: the sort key of the last item of a page, as a word without meaning for anybody else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use imprint_app::ports::StoreError;

/// The longest sort key that DynamoDB takes, in bytes
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>). It refuses a query with a longer one, and
/// that would be our failure instead of the caller's.
const MAX_SORT_KEY: usize = 1024;

/// The cursor of the page after this sort key.
pub(super) fn write(sk: &str) -> String {
    URL_SAFE_NO_PAD.encode(sk)
}

/// The sort key after which a page begins.
///
/// # Errors
/// `NotFound` for a word that was never handed out: the caller's input is wrong, not the store.
pub(super) fn read(cursor: &str, is_key: impl Fn(&str) -> bool) -> Result<String, StoreError> {
    let sk = URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    sk.filter(|sk| sk.len() <= MAX_SORT_KEY && is_key(sk))
        .ok_or_else(|| {
            let shortened: String = cursor.chars().take(40).collect();
            StoreError::NotFound(format!("the page {shortened:?}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_was_never_handed_out_is_not_found() {
        let digits = |sk: &str| sk.bytes().all(|b| b.is_ascii_digit());
        assert_eq!(read(&write("000000000012"), digits).unwrap(), "000000000012");
        for garbage in ["no cursor!", "", "====", &write("PRODUCT"), &"x".repeat(5000)] {
            let error = read(garbage, |sk| !sk.is_empty() && digits(sk)).unwrap_err();
            assert!(matches!(&error, StoreError::NotFound(_)), "{error:?}");
            assert!(error.to_string().len() < 100);
        }
    }

    /// Some sort keys have a part that may be any text.
    #[test]
    fn a_cursor_that_is_longer_than_any_sort_key_is_not_found() {
        assert!(read(&write(&"x".repeat(1024)), |_| true).is_ok());
        assert!(read(&write(&"x".repeat(1025)), |_| true).is_err());
    }
}
