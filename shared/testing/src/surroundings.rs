//! Time and chance that a test decides.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use imprint_app::ports::{Clock, Random};
use jiff::{SignedDuration, Timestamp};

/// A clock that stands still until it is told otherwise.
#[derive(Debug)]
pub struct TestClock(Mutex<Hands>);

#[derive(Debug)]
struct Hands {
    now: Timestamp,
    tick: SignedDuration,
}

impl TestClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(Hands {
            now,
            tick: SignedDuration::ZERO,
        }))
    }

    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        self.hands().now = now;
    }

    /// Moves it on.
    pub fn advance(&self, by: SignedDuration) {
        self.hands().now += by;
    }

    /// Where it stands. Looking does not make it tick.
    pub fn stands_at(&self) -> Timestamp {
        self.hands().now
    }

    /// Moves it on by `step` each time somebody asks, after the answer.
    pub fn tick(&self, step: SignedDuration) {
        self.hands().tick = step;
    }

    fn hands(&self) -> std::sync::MutexGuard<'_, Hands> {
        self.0.lock().expect("nothing panics while it tells the time")
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let mut hands = self.hands();
        let now = hands.now;
        let tick = hands.tick;
        hands.now += tick;
        now
    }
}

/// Numbers that look random and follow from a seed (<https://prng.di.unimi.it/splitmix64.c>). No 64-bit number comes
/// twice before all have come.
#[derive(Debug, Clone)]
pub struct Splitmix(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Splitmix {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`, or 0 when that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0).checked_rem(limit).unwrap_or(0)
    }
}

fn mix(state: u64) -> u64 {
    let a = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    b ^ (b >> 31)
}

/// Random bytes that follow from a seed; the first eight never come twice.
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

impl SeededRandom {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        // Far apart, so that two seeds give different sequences and not the same one a few steps on.
        Self(AtomicU64::new(mix(seed)))
    }
}

impl Random for SeededRandom {
    fn bytes(&self) -> [u8; 32] {
        let mut state = self.0.fetch_add(GOLDEN.wrapping_mul(4), Ordering::Relaxed);
        let mut bytes = [0; 32];
        for eight in bytes.chunks_exact_mut(8) {
            state = state.wrapping_add(GOLDEN);
            eight.copy_from_slice(&mix(state).to_be_bytes());
        }
        bytes
    }
}
