//! Options, and how a command ends.

mod keeper;
mod operating;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::http::{Api, Base, Login, Secret};
use crate::import::Ending;

use self::keeper::KeeperArgs;
use self::operating::{DeadLettersCommand, TaskArgs};

/// Everything is done.
const DONE: u8 = 0;
/// Something failed.
const FAILED: u8 = 1;
/// The options do not fit together.
const USAGE: u8 = 2;
/// Everything is done that could be, and something could not.
const INCOMPLETE: u8 = 3;

/// The first pause after a request failed.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(500);

const ENDINGS: &str = "\
Ends with 0 when all is done, 1 when something failed (run it again), 2 for wrong options, 3 when all is done that could be and
something could not be taken, which the table names.";

/// Imprint from the command line: moving in from LTD Keeper, and looking after what runs.
#[derive(Debug, Parser)]
#[command(name = "imprint", version, after_help = ENDINGS)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Takes what another service has
    Import {
        #[command(subcommand)]
        from: Source,
    },
    /// Shows what steps could not handle, sends it again, or deletes it
    DeadLetters {
        #[command(subcommand)]
        command: DeadLettersCommand,
    },
    /// Shows a task, and waits for it
    Task(TaskArgs),
}

#[derive(Debug, Subcommand)]
enum Source {
    /// Products, builds with their files, and editions of a running LTD Keeper, 1.x or 2.x
    #[command(after_help = keeper::EXAMPLES)]
    Keeper(Box<KeeperArgs>),
}

/// Where Imprint is, and as whom it is asked.
#[derive(Debug, Args)]
struct Target {
    /// The address of Imprint's API
    #[arg(long = "to", env = "IMPRINT_URL", value_name = "URL")]
    url: Base,
    /// A token for it. Like every secret it is better in a variable than in a list of processes
    #[arg(
        long = "to-token",
        env = "IMPRINT_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    token: Option<Secret>,
    /// A user instead of a token: for runs of more than an hour without one of CI
    #[arg(
        long = "to-user",
        env = "IMPRINT_USER",
        value_name = "NAME",
        conflicts_with = "token",
        requires = "password"
    )]
    user: Option<String>,
    /// The user's password
    #[arg(
        long = "to-password",
        env = "IMPRINT_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    password: Option<Secret>,
}

impl Target {
    fn login(&self) -> Login {
        login(self.token.as_ref(), self.user.as_ref(), self.password.as_ref())
    }

    fn api(&self) -> anyhow::Result<Api> {
        Ok(Api::new(self.url.clone(), self.login(), PAUSE)?)
    }
}

fn login(token: Option<&Secret>, user: Option<&String>, password: Option<&Secret>) -> Login {
    match (token, user, password) {
        (Some(token), _, _) => Login::Token(token.clone()),
        (None, Some(user), Some(password)) => Login::Password {
            user: user.clone(),
            password: password.clone(),
        },
        (None, _, _) => Login::Nobody,
    }
}

/// Does what the options say, and ends as the program ends.
pub async fn run(cli: Cli) -> ExitCode {
    let ended = match cli.command {
        Command::Import {
            from: Source::Keeper(args),
        } => keeper::run(&args).await,
        Command::DeadLetters { command } => operating::dead_letters(&command).await,
        Command::Task(args) => operating::task(&args).await,
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("imprint: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn code_of(ending: Ending) -> u8 {
    match ending {
        Ending::Done => DONE,
        Ending::Failed => FAILED,
        Ending::Incomplete => INCOMPLETE,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_teaches_with_examples() {
        let mut command = Cli::command();
        command.build();
        let import = command.find_subcommand_mut("import").unwrap();
        let help = import
            .find_subcommand_mut("keeper")
            .unwrap()
            .render_long_help()
            .to_string();
        for part in [
            "Examples:",
            "--dry-run",
            "--from",
            "--bucket",
            "AWS_REGION",
            "[default: all]",
        ] {
            assert!(help.contains(part), "{part}: {help}");
        }
        assert!(!help.contains("--aws-secret-access-key"), "{help}");
    }

    #[test]
    fn a_user_needs_a_password_and_builds_are_chosen_by_a_word_or_a_number() {
        let parse = |more: &[&str]| {
            let base = [
                "imprint",
                "import",
                "keeper",
                "--from",
                "https://k.example.org",
                "--to",
                "https://i.example.org",
            ];
            Cli::try_parse_from(base.iter().chain(more))
        };
        assert!(parse(&["--dry-run"]).is_ok());
        assert!(parse(&["--builds", "3", "--product", "a1", "--product", "b1", "--json"]).is_ok());
        for bad in [
            &["--builds", "some"][..],
            &["--to-user", "jo"],
            &["--jobs", "0"],
            &["--from", "nowhere"],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
