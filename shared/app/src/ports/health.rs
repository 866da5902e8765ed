use async_trait::async_trait;

use super::StoreError;

/// What a process has asked of the store since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Meter {
    /// Requests that read.
    pub reads: u64,
    /// Requests that write.
    pub writes: u64,
    /// Requests that failed, conditions that did not hold left out.
    pub errors: u64,
    /// Of these, requests that were throttled.
    pub throttles: u64,
}

/// Whether the store answers.
#[async_trait]
pub trait StoreHealth: Send + Sync {
    /// Reads one known key, whether or not anything is there. One small request.
    async fn probe(&self) -> Result<(), StoreError>;

    /// What was asked until now.
    fn meter(&self) -> Meter;
}
