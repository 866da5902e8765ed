//! Purging the CDN by surrogate keys.

use crate::id::SurrogateKey;

/// Fastly accepts 256 keys in one call
/// (<https://www.fastly.com/documentation/reference/api/purging/#bulk-purge-tag>).
pub const MAX_KEYS: usize = 256;
/// And 16,384 bytes of them, a space between two.
pub const MAX_BYTES: usize = 16_384;

/// Splits keys into calls: every key is in exactly one, none is in two, no call is over a limit.
pub fn batches(keys: impl IntoIterator<Item = SurrogateKey>) -> Vec<Vec<SurrogateKey>> {
    let distinct: std::collections::BTreeSet<SurrogateKey> = keys.into_iter().collect();
    let mut batches: Vec<Vec<SurrogateKey>> = Vec::new();
    let mut bytes = 0;
    for key in distinct {
        let size = key.as_str().len() + 1;
        let fits = batches
            .last()
            .is_some_and(|batch| batch.len() < MAX_KEYS && bytes + size <= MAX_BYTES);
        if !fits {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(batch) = batches.last_mut() {
            batch.push(key);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_purge_loses_no_key(numbers in proptest::collection::vec(0u32..2000, 0..1200)) {
            let key = |n: &u32| SurrogateKey::from_bytes(u128::from(*n).to_be_bytes());
            let batches = batches(numbers.iter().map(key));
            let mut sent: Vec<SurrogateKey> = batches.concat();
            let mut wanted: Vec<SurrogateKey> = numbers.iter().map(key).collect();
            wanted.sort();
            wanted.dedup();
            sent.sort();
            prop_assert_eq!(sent, wanted);
            for batch in batches {
                prop_assert!(!batch.is_empty() && batch.len() <= MAX_KEYS);
                prop_assert!(batch.iter().map(|key| key.as_str().len() + 1).sum::<usize>() <= MAX_BYTES);
            }
        }
    }
}
