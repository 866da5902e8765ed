//! Zones that remember what was written to them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use imprint_app::ports::{Dns, DnsError};
use imprint_domain::dns::{Cname, DomainName, Zone, ZoneId};

use crate::gate::{Call, Gate, Trouble};

/// Route 53 lists 100 zones a request
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html>).
const PAGE: usize = 100;

/// How the DNS says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsRefusal {
    /// Too many requests.
    Throttled,
    /// Another change of the zone is under way.
    PriorRequest,
    /// It is not allowed.
    Denied,
}

/// What a name is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Record {
    Cname(DomainName),
    Address,
}

#[derive(Debug, Default)]
struct State {
    zones: Vec<Zone>,
    records: BTreeMap<(ZoneId, DomainName), Record>,
    refusals: VecDeque<DnsRefusal>,
}

/// The DNS in memory.
#[derive(Debug)]
pub struct MemoryDns {
    gate: Gate,
    state: Mutex<State>,
}

impl MemoryDns {
    /// One without zones, behind a gate.
    pub fn new(gate: Gate) -> Self {
        Self {
            gate,
            state: Mutex::default(),
        }
    }

    /// Adds a zone.
    pub fn add_zone(&self, zone: Zone) {
        self.state().zones.push(zone);
    }

    /// Gives a name an address, so that it has no room for a CNAME.
    pub fn occupy(&self, zone: &ZoneId, name: &DomainName) {
        let key = (zone.clone(), name.clone());
        self.state().records.insert(key, Record::Address);
    }

    /// Says no to the next call, after what it was told before.
    pub fn refuse(&self, refusal: DnsRefusal) {
        self.state().refusals.push_back(refusal);
    }

    /// What a name stands for.
    pub fn target(&self, zone: &ZoneId, name: &DomainName) -> Option<DomainName> {
        match self.state().records.get(&(zone.clone(), name.clone())) {
            Some(Record::Cname(target)) => Some(target.clone()),
            Some(Record::Address) | None => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it changes records")
    }

    async fn call<T>(
        &self,
        call: Call,
        effect: impl FnOnce(&mut State) -> Result<T, DnsError>,
    ) -> Result<T, DnsError> {
        let effect = || {
            let mut state = self.state();
            match state.refusals.pop_front() {
                Some(DnsRefusal::Throttled | DnsRefusal::PriorRequest) => {
                    Err(DnsError::Busy("a test made it busy".into()))
                }
                Some(DnsRefusal::Denied) => Err(DnsError::Refused("a test made it refuse".into())),
                None => effect(&mut state),
            }
        };
        self.gate.pass(call, effect).await.map_err(Trouble::dns)?
    }
}

#[async_trait]
impl Dns for MemoryDns {
    async fn zones(&self) -> Result<Vec<Zone>, DnsError> {
        let pages = self.state().zones.len().div_ceil(PAGE).max(1);
        let call = Call {
            method: "dns.zones",
            requests: pages as u64,
        };
        self.call(call, |state| Ok(state.zones.clone())).await
    }

    async fn put(&self, zone: &ZoneId, record: &Cname) -> Result<(), DnsError> {
        let effect = |state: &mut State| {
            if !state.zones.iter().any(|known| known.id == *zone) {
                return Err(DnsError::Refused(format!("there is no zone {zone}").into()));
            }
            let key = (zone.clone(), record.name.clone());
            if state.records.get(&key) == Some(&Record::Address) {
                return Err(DnsError::Taken(format!("{} has an address", record.name).into()));
            }
            state.records.insert(key, Record::Cname(record.target.clone()));
            Ok(())
        };
        self.call(Call::one("dns.put"), effect).await
    }

    async fn remove(&self, zone: &ZoneId, record: &Cname) -> Result<(), DnsError> {
        let effect = |state: &mut State| {
            let key = (zone.clone(), record.name.clone());
            if state.records.get(&key) == Some(&Record::Cname(record.target.clone())) {
                state.records.remove(&key);
            }
            Ok(())
        };
        self.call(Call::one("dns.remove"), effect).await
    }
}
