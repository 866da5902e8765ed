//! What a stack keeps, to look at: of one that runs, or of one that has ended.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use imprint_app::tenants::Tenants;
use serde::{Deserialize, Serialize};

use super::Info;
use super::data_dir::{DataDir, InUse};
use crate::control::LocalClock;
use crate::standins::StandIns;

/// In the data directory: where the stack is that has it, or had it last.
const ADDRESSES: &str = "stack.json";

/// Where a stack is, for other programs on this machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Addresses {
    pub(super) s3: String,
    pub(super) dynamodb: String,
    pub(super) sqs: String,
    pub(super) docs: String,
    pub(super) bucket: String,
    pub(super) table: String,
}

impl Addresses {
    /// Those of a stack that is up.
    pub(super) fn of(info: &Info) -> Self {
        Self {
            s3: info.s3.clone(),
            dynamodb: info.dynamodb.clone(),
            sqs: info.sqs.clone(),
            docs: info.docs.clone(),
            bucket: info.bucket.clone(),
            table: info.table.clone(),
        }
    }

    /// Writes them down. Who reads them sees all or nothing.
    pub(super) fn write(&self, data: &Path) -> anyhow::Result<()> {
        let file = data.join(ADDRESSES);
        let draft = data.join(format!("{ADDRESSES}.new"));
        let what = || format!("writing {}", file.display());
        std::fs::write(&draft, serde_json::to_vec(self)?).with_context(what)?;
        std::fs::rename(&draft, &file).with_context(what)
    }

    fn read(data: &Path) -> anyhow::Result<Self> {
        let file = data.join(ADDRESSES);
        let what = || {
            format!(
                "reading {}, which a stack writes once it is up; start one on this directory first",
                file.display()
            )
        };
        let text = std::fs::read(&file).with_context(what)?;
        serde_json::from_slice(&text).with_context(what)
    }
}

/// The data of a stack.
#[derive(Debug)]
pub struct Kept {
    tenants: Tenants,
    /// Of a stack that has ended: nothing of it runs but its stores.
    stores: Option<(StandIns, DataDir)>,
}

impl Kept {
    /// Finds the stack that uses the directory; when none does, opens what the last one left. No function runs for it, and
    /// nothing is changed.
    ///
    /// # Errors
    /// When it is no stack's directory, or a stack is just starting on it.
    pub async fn open(data: &Path) -> anyhow::Result<Self> {
        let found = DataDir::of_stack(data)?;
        let mut addresses = Addresses::read(data)?;
        let stores = match found {
            InUse::ByAnother => None,
            InUse::ByNobody(directory) => {
                let (stores, endpoints) = super::stand_ins(Some(&directory)).await?;
                addresses.s3 = endpoints.s3;
                addresses.dynamodb = endpoints.dynamodb;
                addresses.sqs = endpoints.sqs;
                Some((stores, directory))
            }
        };
        let tenants = super::tenants(&addresses, &Arc::new(LocalClock::starting_at(None)))?;
        Ok(Self { tenants, stores })
    }

    /// The organizations, with all that is theirs.
    pub fn tenants(&self) -> &Tenants {
        &self.tenants
    }

    /// Lets go of the directory.
    pub async fn close(self) {
        if let Some((stores, _directory)) = self.stores {
            stores.shutdown().await;
        }
    }
}
