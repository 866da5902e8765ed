//! A document is written, published and written on.

use std::collections::BTreeSet;

use imprint_app::documents::{self, Authority, Edit, NewDocument};
use imprint_domain::document::{Document, Drafts, Status, Version};
use imprint_domain::id::DocumentId;
use imprint_testing::World;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Client, tried};
use crate::dice::Dice;

/// The product whose builds the document's renderings become. Nothing else is published to it.
pub(crate) const HANDBOOK: &str = "handbook";

/// Something that somebody tried to write.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) text: String,
    pub(crate) began: Timestamp,
    /// When it was said to be written.
    pub(crate) answered: Option<Timestamp>,
}

/// Everything that anybody tried to write.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) attempts: Vec<Attempt>,
    texts: u64,
}

impl Written {
    fn begin(&mut self, text: &str, now: Timestamp) -> usize {
        self.attempts.push(Attempt {
            text: text.to_owned(),
            began: now,
            answered: None,
        });
        self.attempts.len() - 1
    }

    fn next_text(&mut self) -> String {
        self.texts += 1;
        format!("text {}.", self.texts)
    }
}

/// One thing that a client does.
#[derive(Debug, Clone)]
pub(crate) enum Doing {
    /// Creates the document, or writes its newest version.
    Write(String),
    /// Publishes its newest version.
    Publish,
    /// Begins the next version.
    Succeed { is_major: bool },
    /// Has it rendered again.
    Touch,
}

impl Doing {
    pub(super) fn choose(dice: &mut Dice, written: &mut Written) -> Self {
        match dice.below(6) {
            0 | 1 => Self::Publish,
            2 => Self::Succeed {
                is_major: dice.one_in(3),
            },
            3 if dice.one_in(3) => Self::Touch,
            _ => Self::Write(written.next_text()),
        }
    }

    pub(super) async fn act(self, client: &Client) {
        let env = &client.env;
        let Some((document, newest)) = newest(&client.world) else {
            if let Self::Write(text) = self {
                create(client, &text).await;
            }
            return;
        };
        let number = newest.number;
        match self {
            Self::Write(text) => write(client, document.id, &newest, &text).await,
            Self::Publish => {
                let (status, accepts) = (Status::Published, BTreeSet::new());
                let way = (Authority::Publisher, None);
                tried(async || {
                    documents::set_status(env, document.id, number, (status, &accepts), way).await
                })
                .await;
            }
            Self::Succeed { is_major: true } => {
                tried(async || documents::next_major(env, document.id, None).await).await;
            }
            Self::Succeed { is_major: false } => {
                tried(async || documents::next_minor(env, document.id, number.major, None).await).await;
            }
            Self::Touch => {
                let way = (Authority::Publisher, None);
                tried(async || documents::touch(env, document.id, number, way).await).await;
            }
        }
    }

    pub(super) fn brief(&self) -> String {
        match self {
            Self::Write(text) => format!("write {text:?}"),
            Self::Publish => "publish the newest version".to_owned(),
            Self::Succeed { is_major } => format!("begin the next version, a major one: {is_major}"),
            Self::Touch => "render the newest version again".to_owned(),
        }
    }
}

/// The document and its newest version.
fn newest(world: &World) -> Option<(Document, Version)> {
    let document = world.catalog.all_documents().into_iter().next()?;
    let versions = world.catalog.all_versions().into_iter();
    let newest = versions.max_by_key(|version| version.number)?;
    Some((document, newest))
}

async fn create(client: &Client, text: &str) {
    let (Ok(title), Ok(alias), Ok(product)) = ("The handbook".parse(), HANDBOOK.parse(), HANDBOOK.parse())
    else {
        return;
    };
    let new = NewDocument {
        title,
        alias: Some(alias),
        product: Some(product),
        drafts: Drafts::Public,
        content: Some(saying(text)),
        by: None,
    };
    let attempt = client.begin(text);
    if tried(async || documents::create(&client.env, new.clone()).await)
        .await
        .is_some()
    {
        client.answered(attempt);
    }
}

async fn write(client: &Client, document: DocumentId, newest: &Version, text: &str) {
    let edit = Edit::Replace(saying(text));
    let attempt = client.begin(text);
    let request = async || documents::write(&client.env, document, newest.number, &edit, (None, None)).await;
    if tried(request).await.is_some() {
        client.answered(attempt);
    }
}

impl Client {
    fn begin(&self, text: &str) -> usize {
        let now = self.world.clock.stands_at();
        self.known.borrow_mut().written.begin(text, now)
    }

    fn answered(&self, attempt: usize) {
        let now = self.world.clock.stands_at();
        self.known.borrow_mut().written.attempts[attempt].answered = Some(now);
    }
}

fn saying(text: &str) -> Value {
    json!({"document": {"introduction": {"children": [{"type": "p", "children": [{"text": text}]}]}}})
}
