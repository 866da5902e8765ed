use std::time::Duration;

use clap::Args;

use super::{PAUSE, Target, USAGE, code_of, login};
use crate::bucket::S3Access;
use crate::http::{Base, Login, Secret};
use crate::import::{Domains, Options, Wanted, import};
use crate::progress::Narrator;

/// How often tasks are looked at.
const POLL: Duration = Duration::from_secs(2);

pub(super) const EXAMPLES: &str = "\
Examples:
  export IMPRINT_TOKEN=...   # of a user with ADMIN_PRODUCT, ADMIN_EDITION and UPLOAD_BUILD
  export AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...   # may read the keeper's bucket

  What would happen? Nothing is changed:
    imprint import keeper --from https://keeper.example.org --to https://imprint.example.org --dry-run

  One product first, then everything:
    imprint import keeper --from https://keeper.example.org --to https://imprint.example.org --product handbook
    imprint import keeper --from https://keeper.example.org --to https://imprint.example.org

  Only what readers see now, with the five newest builds of each product:
    imprint import keeper --from https://keeper.example.org --to https://imprint.example.org --builds 5

  Credentials of a profile or of single sign-on:
    eval \"$(aws configure export-credentials --format env)\"

It may be run again at any time, also after it was stopped: what is there is known by its slug and left alone, what is new or
has changed at the keeper is taken. Nothing at the keeper is changed. What was changed here since, the title of a product or what
an edition shows, is set back to what the keeper says: run it until the DNS has moved, and not after that.

Ends with 0 when everything is there, 1 when something failed (run it again), 2 for wrong options, 3 when everything is there that
could be taken; what could not is in the table, with the reason.";

/// `import keeper`.
#[derive(Debug, Args)]
pub(super) struct KeeperArgs {
    /// The address of the keeper's API
    #[arg(long, env = "IMPRINT_FROM_URL", value_name = "URL")]
    from: Base,
    /// A token for it. Its first API can be read without
    #[arg(
        long,
        env = "IMPRINT_FROM_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    from_token: Option<Secret>,
    /// A user instead of a token
    #[arg(
        long,
        env = "IMPRINT_FROM_USER",
        value_name = "NAME",
        conflicts_with = "from_token",
        requires = "from_password"
    )]
    from_user: Option<String>,
    /// The user's password
    #[arg(
        long,
        env = "IMPRINT_FROM_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    from_password: Option<Secret>,
    #[command(flatten)]
    to: Target,
    /// The keeper's bucket. The one that it names for each build when this is absent
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,
    #[command(flatten)]
    s3: S3Args,
    /// A product to take; more of them with more of this. All of them when it is absent
    #[arg(long = "product", value_name = "SLUG")]
    products: Vec<String>,
    /// Which builds: all, those that editions show (current), or those and so many of the newest of each product
    #[arg(long, default_value = "all", value_name = "all|current|N")]
    builds: Wanted,
    /// Publishes products under their own domains and not under the installation's. This cannot be changed later, and where
    /// Imprint writes the DNS the names move at once
    #[arg(long)]
    keep_domains: bool,
    /// Says what would happen and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// Prints JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Says nothing on standard error while it works
    #[arg(long, short)]
    quiet: bool,
    /// How many files are copied at a time
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// How long the builds of a product, and then its editions, are waited for
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    wait: u64,
}

/// How the keeper's bucket is read.
#[derive(Debug, Args)]
struct S3Args {
    /// The region of the keeper's bucket
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    /// Another S3 than AWS's
    #[arg(long, env = "AWS_ENDPOINT_URL_S3", value_name = "URL")]
    s3_endpoint: Option<String>,
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide = true)]
    aws_access_key_id: Option<String>,
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide = true, hide_env_values = true)]
    aws_secret_access_key: Option<Secret>,
    #[arg(long, env = "AWS_SESSION_TOKEN", hide = true, hide_env_values = true)]
    aws_session_token: Option<Secret>,
}

impl S3Args {
    /// Without credentials the bucket is read as anybody may.
    fn access(&self) -> S3Access {
        let keys = self
            .aws_access_key_id
            .clone()
            .zip(self.aws_secret_access_key.clone());
        S3Access {
            region: self.region.clone(),
            endpoint: self.s3_endpoint.clone(),
            keys: keys.map(|(id, secret)| (id, secret, self.aws_session_token.clone())),
        }
    }
}

impl KeeperArgs {
    fn options(&self) -> Options {
        let (user, password) = (self.from_user.as_ref(), self.from_password.as_ref());
        Options {
            from: self.from.clone(),
            from_login: login(self.from_token.as_ref(), user, password),
            to: self.to.url.clone(),
            to_login: self.to.login(),
            bucket: self.bucket.clone(),
            s3: self.s3.access(),
            products: self.products.clone(),
            builds: self.builds,
            domains: match self.keep_domains {
                true => Domains::Keep,
                false => Domains::Installation,
            },
            dry_run: self.dry_run,
            jobs: usize::from(self.jobs),
            pause: PAUSE,
            poll: POLL,
            patience: Duration::from_secs(self.wait),
        }
    }
}

/// Imports, and prints what came of it.
pub(super) async fn run(args: &KeeperArgs) -> anyhow::Result<u8> {
    let options = args.options();
    if !options.dry_run && options.to_login == Login::Nobody {
        eprintln!(
            "imprint: --to-token (or --to-user and --to-password) is needed to change something; with --dry-run nothing is"
        );
        return Ok(USAGE);
    }
    for (base, login) in [
        (&options.from, &options.from_login),
        (&options.to, &options.to_login),
    ] {
        if base.is_open() && *login != Login::Nobody {
            eprintln!("imprint: the token goes to {base} in the clear; use https");
        }
    }
    let narrator = match args.quiet {
        true => Narrator::quiet(),
        false => Narrator::loud(),
    };
    let report = import(&options, &narrator).await?;
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => print!("{}", report.table()),
    }
    Ok(code_of(report.ending()))
}
