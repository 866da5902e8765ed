use jiff::Timestamp;

/// The time. Nobody asks the machine.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Random bytes for identities and secrets.
pub trait Random: Send + Sync {
    /// 32 bytes that nobody can guess.
    fn bytes(&self) -> [u8; 32];
}

/// The operating system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("an operating system without random numbers cannot issue tokens");
        bytes
    }
}

impl dyn Random {
    /// 16 bytes for an identity.
    pub fn identity(&self) -> [u8; 16] {
        let mut identity = [0; 16];
        identity.copy_from_slice(&self.bytes()[..16]);
        identity
    }
}
