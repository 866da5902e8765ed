//! The requests that write, as many at a time as the store bears and as memory allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use super::files::{Last, Target, Write};
use crate::env::Env;
use crate::outgoing::Chain;
use crate::pace::{Limit, Pace, patiently};
use crate::ports::StoreError;

/// Bytes that are being written at a time. With the pieces that are read and a part that is being filled a run holds 64 MB
/// or so.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Requests on their way.
pub(super) struct Requests<'a> {
    env: &'a Env,
    limit: Limit,
    under_way: FuturesUnordered<BoxFuture<'a, Written>>,
    bytes: usize,
    large: Option<Large>,
}

/// An object that is being written in parts.
struct Large {
    target: Arc<Target>,
    upload: Arc<str>,
    parts: u32,
    etags: BTreeMap<u32, String>,
}

/// A request that was answered.
struct Written {
    bytes: usize,
    sent: u32,
    /// The number of a part and its ETag, or nothing of a whole object.
    outcome: Result<Option<(u32, String)>, StoreError>,
}

impl<'a> Requests<'a> {
    pub(super) fn new(env: &'a Env, pace: Pace) -> Self {
        Self {
            env,
            limit: Limit::new(pace),
            under_way: FuturesUnordered::new(),
            bytes: 0,
            large: None,
        }
    }

    /// Whether no object is half written.
    pub(super) fn is_between_files(&self) -> bool {
        self.large.is_none()
    }

    /// Begins to write something, as soon as there is room.
    ///
    /// # Errors
    /// Of an earlier request, too. Whatever is under way is awaited then, so that nothing takes effect later.
    pub(super) async fn begin(&mut self, write: Write) -> Result<(), StoreError> {
        let begun = self.try_begin(write).await;
        if begun.is_err() {
            self.give_up().await;
        }
        begun
    }

    async fn try_begin(&mut self, write: Write) -> Result<(), StoreError> {
        match write {
            Write::Whole(target, body) => {
                self.make_room(body.len()).await?;
                self.bytes += body.len();
                self.under_way.push(Box::pin(whole(self.env, target, body)));
            }
            Write::Part(target, body, last) => {
                self.make_room(body.len()).await?;
                self.part(target, body).await?;
                if last == Last::Yes {
                    self.finish_large().await?;
                }
            }
        }
        Ok(())
    }

    async fn part(&mut self, target: Arc<Target>, body: Bytes) -> Result<(), StoreError> {
        let large = match &mut self.large {
            Some(large) => large,
            None => {
                let objects = &self.env.objects;
                let (_, upload) = patiently(|| objects.begin_parts(&target.key, &target.headers)).await;
                self.large.insert(Large {
                    target: target.clone(),
                    upload: upload?.into(),
                    parts: 0,
                    etags: BTreeMap::new(),
                })
            }
        };
        large.parts += 1;
        let (upload, number) = (large.upload.clone(), large.parts);
        self.bytes += body.len();
        self.under_way
            .push(Box::pin(part(self.env, target, upload, number, body)));
        Ok(())
    }

    async fn finish_large(&mut self) -> Result<(), StoreError> {
        while !self.under_way.is_empty() {
            self.one().await?;
        }
        let Some(large) = &self.large else {
            return Ok(());
        };
        let etags: Vec<String> = large.etags.values().cloned().collect();
        let objects = &self.env.objects;
        let (_, finished) =
            patiently(|| objects.finish_parts(&large.target.key, &large.upload, &etags)).await;
        finished?;
        self.large = None;
        Ok(())
    }

    async fn make_room(&mut self, bytes: usize) -> Result<(), StoreError> {
        let is_full = |requests: &Self| {
            requests.under_way.len() >= requests.limit.now() || requests.bytes + bytes > MOST_BYTES
        };
        while !self.under_way.is_empty() && is_full(self) {
            self.one().await?;
        }
        Ok(())
    }

    /// Waits for one of the requests.
    async fn one(&mut self) -> Result<(), StoreError> {
        let Some(written) = self.under_way.next().await else {
            return Ok(());
        };
        self.bytes -= written.bytes;
        self.limit.learn(written.sent);
        if let (Some((number, etag)), Some(large)) = (written.outcome?, &mut self.large) {
            large.etags.insert(number, etag);
        }
        Ok(())
    }

    /// Waits for all.
    pub(super) async fn finish(&mut self) -> Result<(), StoreError> {
        while !self.under_way.is_empty() {
            if let Err(error) = self.one().await {
                self.give_up().await;
                return Err(error);
            }
        }
        Ok(())
    }

    /// What is not abandoned because the store does not answer, the bucket forgets after a day.
    async fn give_up(&mut self) {
        while self.under_way.next().await.is_some() {}
        let Some(large) = self.large.take() else {
            return;
        };
        let key = &large.target.key;
        if let Err(error) = self.env.objects.abandon_parts(key, &large.upload).await {
            tracing::warn!(%key, error = %Chain(&error), "parts of a file were not abandoned");
        }
    }
}

async fn whole(env: &Env, target: Arc<Target>, body: Bytes) -> Written {
    let (sent, outcome) = patiently(|| env.objects.write(&target.key, body.clone(), &target.headers)).await;
    Written {
        bytes: body.len(),
        sent,
        outcome: outcome.map(|()| None),
    }
}

async fn part(env: &Env, target: Arc<Target>, upload: Arc<str>, number: u32, body: Bytes) -> Written {
    let objects = &env.objects;
    let (sent, outcome) = patiently(|| objects.write_part(&target.key, &upload, number, body.clone())).await;
    Written {
        bytes: body.len(),
        sent,
        outcome: outcome.map(|etag| Some((number, etag))),
    }
}
