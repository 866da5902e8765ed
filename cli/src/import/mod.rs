//! Takes what a running LTD Keeper has: its products, their builds with all files, their editions.
//!
//! Each product is looked at on both sides, what has to be done follows from that ([`plan`]), and it is done in an order in
//! which every step may be the last: the product, its builds from the oldest to the newest, each confirmed when its files are
//! there, and at the end the editions, which then need one copy each. Whoever runs it again finds what is there by its slug.

mod builds;
mod copy;
mod editions;
mod plan;
mod product;
mod report;
mod tree;

use std::time::Duration;

use imprint_domain::slug::ProductSlug;

pub use self::plan::{Domains, Wanted};
pub use self::report::{About, Ending, Report, Row, State};

use self::copy::Copier;
use crate::bucket::S3Access;
use crate::http::{Api, ApiError, Base, Login, quoted};
use crate::imprint::Imprint;
use crate::keeper::Keeper;
use crate::progress::Narrator;

/// What an import does not keep, whatever is done.
const NOT_KEPT: &str = "dates of builds and editions are those of the import, in the order of the keeper; who may do what \
    comes with POST /users/ and password_hash";

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The keeper.
    pub from: Base,
    /// As whom it is read.
    pub from_login: Login,
    /// The installation of Imprint.
    pub to: Base,
    /// As whom it is written.
    pub to_login: Login,
    /// The keeper's bucket, where the builds do not say which.
    pub bucket: Option<String>,
    /// How it is read.
    pub s3: S3Access,
    /// These products; all of them when there are none.
    pub products: Vec<String>,
    /// Which builds.
    pub builds: Wanted,
    /// Under which domains products are published.
    pub domains: Domains,
    /// Whether nothing is changed.
    pub dry_run: bool,
    /// How many files are copied at a time.
    pub jobs: usize,
    /// The first pause after something failed; each one after that is twice as long.
    pub pause: Duration,
    /// How often a task is looked at.
    pub poll: Duration,
    /// How long the builds of a product, and then its editions, are waited for.
    pub patience: Duration,
}

/// What every step needs.
struct Context<'a> {
    options: &'a Options,
    keeper: Keeper<'a>,
    imprint: Imprint<'a>,
    s3: aws_sdk_s3::Client,
    copier: Copier,
    narrator: &'a Narrator,
}

/// Imports. Whatever happens on the way is in the report.
///
/// # Errors
/// When this machine cannot make TLS connections.
pub async fn import(options: &Options, narrator: &Narrator) -> Result<Report, reqwest::Error> {
    let from = Api::new(options.from.clone(), options.from_login.clone(), options.pause)?;
    let to = Api::new(options.to.clone(), options.to_login.clone(), options.pause)?;
    let context = Context {
        options,
        keeper: Keeper {
            api: &from,
            jobs: options.jobs,
        },
        imprint: Imprint { api: &to },
        s3: options.s3.client(),
        copier: Copier::new(options.jobs, options.pause)?,
        narrator,
    };
    let mut report = Report {
        dry_run: options.dry_run,
        notes: vec![NOT_KEPT.to_owned()],
        ..Report::default()
    };
    if let Err(error) = all(&context, &mut report).await {
        report.ended_early = Some(error.to_string());
    }
    Ok(report)
}

async fn all(context: &Context<'_>, report: &mut Report) -> Result<(), ApiError> {
    let names = match context.options.products.as_slice() {
        [] => context.keeper.products().await?,
        some => some.to_vec(),
    };
    for (at, name) in names.iter().enumerate() {
        let place = format!("{} ({} of {})", quoted(name), at + 1, names.len());
        match name.parse::<ProductSlug>() {
            Ok(slug) => match product::take(context, &slug, &place, report).await {
                Ok(()) => {}
                // Every other request would end so, too.
                Err(error @ ApiError::Unauthorized { .. }) => return Err(error),
                Err(error) => report.product(name, State::Fail, error.to_string()),
            },
            Err(error) => report.product(name, State::Refuse, format!("Imprint has no such slugs: {error}")),
        }
    }
    Ok(())
}

impl Report {
    fn product(&mut self, name: &str, state: State, detail: impl Into<String>) {
        self.row(About::Product, &quoted(name), "", state, detail);
    }

    fn row(&mut self, about: About, product: &str, name: &str, state: State, detail: impl Into<String>) {
        self.items.push(Row {
            about,
            product: product.to_owned(),
            name: name.to_owned(),
            state,
            detail: detail.into(),
            objects: 0,
            bytes: 0,
        });
    }
}
