//! `export`: what can be said, what is shown, and how it ends.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use imprint_domain::slug::{EditionSlug, OrganizationSlug, ProductSlug};

use super::DEFAULT_DATA;
use crate::export::{Absent, Exported, NotEmpty, Occupied, Order, export};
use crate::stack::Kept;

pub(super) const EXAMPLES: &str = "\
Files lie at the paths that readers know below the edition's URL: pages, _artifacts/ (PDF, EPUB, ZIP), _search/, pagefind/,
llms.txt. What was compressed for browsers is not any more. Objects that only redirect a directory become nothing: static
servers do that by themselves. Nothing is ever removed from DIR, and nothing is written outside of it.

Examples:
  imprint-local export handbook ./site
  imprint-local export handbook ./site --edition v1.0 --force
  imprint-local export handbook /srv/docs --data /var/lib/imprint --json
  python3 -m http.server --directory ./site 8080        any static server will do

Ends with
  0  everything is in DIR
  1  something could not be read or written; the reason is on standard error
  2  the command line is wrong, or DIR is not empty
  3  there is no such organization, product or edition, or it has not been published";

/// The line is wrong, or would overwrite something.
const REFUSED: u8 = 2;
const ABSENT: u8 = 3;

/// `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The product's slug
    product: ProductSlug,
    /// The folder to write to; it is made when it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The edition [default: the one at the product's root]
    #[arg(long, value_name = "SLUG")]
    edition: Option<EditionSlug>,
    /// The organization
    #[arg(long, value_name = "SLUG", default_value_t)]
    org: OrganizationSlug,
    /// The stack's data directory; the stack may be up
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Writes to a folder with something in it: replaces files of the same name, leaves the others
    #[arg(long)]
    force: bool,
    /// Prints one line of JSON at the end
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(super) async fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let order = Order {
        organization: args.org,
        product: args.product,
        edition: args.edition,
        directory: args.directory,
        occupied: match args.force {
            true => Occupied::Allowed,
            false => Occupied::Refused,
        },
    };
    match from(&args.data, &order).await {
        Ok(exported) => {
            let told = match args.json {
                true => serde_json::to_string(&exported)?,
                false => summary(&exported),
            };
            writeln!(std::io::stdout(), "{told}").context("writing to standard output")?;
            for skipped in &exported.skipped {
                eprintln!("imprint-local: not written: {}: {}", skipped.path, skipped.reason);
            }
            Ok(match exported.skipped.is_empty() {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            })
        }
        Err(error) => {
            eprintln!("imprint-local: {error:#}");
            Ok(if error.is::<Absent>() {
                ExitCode::from(ABSENT)
            } else if error.is::<NotEmpty>() {
                ExitCode::from(REFUSED)
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

async fn from(data: &Path, order: &Order) -> anyhow::Result<Exported> {
    let kept = Kept::open(data).await?;
    let exported = export(&kept, order, |far| eprintln!("{far}")).await;
    kept.close().await;
    exported
}

fn summary(exported: &Exported) -> String {
    let Exported {
        product,
        edition,
        build,
        directory,
        files,
        bytes,
        ..
    } = exported;
    format!(
        "{product}, edition {edition} (build {build}): {files} files, {} kB in {}",
        bytes.div_ceil(1000),
        directory.display()
    )
}
