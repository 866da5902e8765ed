//! The command line of the local stack.

mod export;
mod run;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

use crate::runner::Schedules;
use crate::stack::{Keep, Options};

pub use self::export::ExportArgs;
pub use self::run::run;

const DEFAULT_API_PORT: u16 = 8700;
const DEFAULT_DOCS_PORT: u16 = 8701;
const DEFAULT_CONTROL_PORT: u16 = 8702;
const DEFAULT_DATA: &str = "./.imprint";

const EXAMPLES: &str = "\
Examples:
  imprint-local                                the stack on ports 8700 to 8702, its data in ./.imprint
  imprint-local demo                           publishes a site twice and shows each step, then stays up
  imprint-local demo --once                    the same as a check: ends with 0 when all of it held
  imprint-local up --fresh                     forgets what an earlier stack kept
  imprint-local up --json --api-port 0 --docs-port 0 --data /tmp/docs
                                               for scripts: free ports, one line of JSON once ready
  imprint-local up --clock 2031-01-01T00:00:00Z
                                               lets the functions see another time
  imprint-local export handbook ./site         the handbook as a folder, also while the stack is up

With cargo: cargo run -p imprint-local -- demo

Publish with the client of LTD Keeper (the product must exist; what `up` prints has a line that makes one):
  ltd --host http://127.0.0.1:8700 -u dev -p dev upload --product handbook --dir _build/html --git-ref main

The log goes to standard error; RUST_LOG chooses what is in it (RUST_LOG=imprint=debug).";

/// Imprint on one machine: the deployed functions, wired by template.yaml, with stand-ins for AWS and the CDN.
#[derive(Debug, Parser)]
#[command(name = "imprint-local", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: Up,
}

impl Cli {
    /// What to do: `up` unless something else is said.
    pub fn command(self) -> Command {
        self.command.unwrap_or(Command::Up(self.up))
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts the stack and keeps it up until Ctrl-C (this is what happens without a command, too)
    Up(Up),
    /// Publishes a real site twice on a stack of its own, shows each step, and checks what readers see
    Demo(Demo),
    /// Writes a published edition as a folder that any static server can serve
    #[command(after_help = export::EXAMPLES)]
    Export(ExportArgs),
}

/// `up`.
#[derive(Debug, Args)]
pub struct Up {
    #[command(flatten)]
    stack: StackArgs,
    /// Prints one line of JSON once ready, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    stack: StackArgs,
    /// Stops when the demo is over: 0 when everything held, 1 with the reason when not
    #[arg(long)]
    pub once: bool,
    /// Directory with v1/, v2/ (what the second build has in other words) and v2.removed.txt
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/demo-site"), hide_default_value = true)]
    pub site: PathBuf,
}

#[derive(Debug, Args)]
struct StackArgs {
    /// Port of the API; 0 takes any free one [default: 8700; demo --once: 0]
    #[arg(long, value_name = "PORT")]
    api_port: Option<u16>,
    /// Port of the published pages; 0 takes any free one [default: 8701; demo --once: 0]
    #[arg(long, value_name = "PORT")]
    docs_port: Option<u16>,
    /// Port of the controls for tests and demos [default: 8702, or any free one when --api-port is 0]
    #[arg(long, value_name = "PORT")]
    control_port: Option<u16>,
    /// Directory that keeps products, builds and files [default: ./.imprint; demo: a temporary one]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Starts from nothing: empties the data directory first
    #[arg(long)]
    fresh: bool,
    /// Starts the functions' clock there, such as 2031-01-01T00:00:00Z [default: now]
    #[arg(long, value_name = "RFC3339")]
    clock: Option<Timestamp>,
    /// Another template than the one built in
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Name of the first user [default: dev]
    #[arg(
        long,
        env = "IMPRINT_BOOTSTRAP_USER",
        hide_env_values = true,
        value_name = "NAME"
    )]
    user: Option<String>,
    /// Password of the first user [default: dev]
    #[arg(
        long,
        env = "IMPRINT_BOOTSTRAP_PASSWORD",
        hide_env_values = true,
        value_name = "TEXT"
    )]
    password: Option<String>,
}

impl Up {
    /// The stack to start.
    pub fn options(&self) -> Options {
        let data = self.stack.data.clone().unwrap_or_else(|| DEFAULT_DATA.into());
        self.stack.options(
            Some(data),
            [DEFAULT_API_PORT, DEFAULT_DOCS_PORT, DEFAULT_CONTROL_PORT],
        )
    }
}

impl Demo {
    /// The stack to start: one that is already up on the default ports is not in the way of a check.
    pub fn options(&self) -> Options {
        let ports = match self.once {
            true => [0, 0, 0],
            false => [DEFAULT_API_PORT, DEFAULT_DOCS_PORT, DEFAULT_CONTROL_PORT],
        };
        self.stack.options(self.stack.data.clone(), ports)
    }
}

impl StackArgs {
    fn options(&self, data: Option<PathBuf>, [api, docs, control]: [u16; 3]) -> Options {
        let api_port = self.api_port.unwrap_or(api);
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Options {
            data,
            keep: if self.fresh {
                Keep::Nothing
            } else {
                Keep::Everything
            },
            api_port,
            docs_port: self.docs_port.unwrap_or(docs),
            control_port: self
                .control_port
                .unwrap_or(if api_port == 0 { 0 } else { control }),
            clock: self.clock,
            template: self.template.clone(),
            user: given(&self.user),
            password: given(&self.password),
            schedules: Schedules::Ticking,
            route53: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn up(line: &[&str]) -> Options {
        let whole = ["imprint-local"].iter().chain(line);
        match Cli::try_parse_from(whole).unwrap().command() {
            Command::Up(up) => up.options(),
            Command::Demo(demo) => demo.options(),
            Command::Export(_) => panic!("{line:?} starts no stack"),
        }
    }

    #[test]
    fn the_command_line_makes_sense_to_its_parser() {
        <Cli as CommandFactory>::command().debug_assert();
    }

    #[test]
    fn up_is_what_happens_without_a_command() {
        for line in [
            &["--fresh", "--api-port", "9000"][..],
            &["up", "--fresh", "--api-port", "9000"],
        ] {
            let options = up(line);
            assert_eq!(options.keep, Keep::Nothing);
            assert_eq!(
                (options.api_port, options.docs_port, options.control_port),
                (9000, 8701, 8702)
            );
            assert_eq!(options.data, Some("./.imprint".into()));
        }
    }

    #[test]
    fn an_export_names_a_product_and_a_folder() {
        let line = |rest: &[&str]| {
            let line = ["imprint-local", "export"].iter().chain(rest);
            Cli::try_parse_from(line.map(ToString::to_string))
        };
        for good in [
            &["handbook", "site"][..],
            &[
                "handbook",
                "site",
                "--edition",
                "v1.0",
                "--org",
                "acme",
                "--data",
                "x",
                "--force",
                "--json",
            ],
        ] {
            assert!(
                matches!(line(good).unwrap().command(), Command::Export(_)),
                "{good:?}"
            );
        }
        for bad in [
            &["handbook"][..],
            &["../handbook", "site"],
            &["handbook", "site", "--edition", "a/b"],
        ] {
            assert_eq!(line(bad).unwrap_err().exit_code(), 2, "{bad:?}");
        }
        let help = line(&["--help"]).unwrap_err().to_string();
        for taught in ["Examples:", "Ends with", "http.server", "--force"] {
            assert!(help.contains(taught), "{taught}: {help}");
        }
    }

    #[test]
    fn a_free_api_port_means_a_free_control_port() {
        let options = up(&["up", "--api-port", "0"]);
        assert_eq!(
            (options.api_port, options.docs_port, options.control_port),
            (0, 8701, 0)
        );
        let options = up(&["up", "--api-port", "0", "--control-port", "9"]);
        assert_eq!(options.control_port, 9);
    }

    #[test]
    fn a_demo_is_in_nobodys_way() {
        let options = up(&["demo", "--once"]);
        assert_eq!(
            (options.api_port, options.docs_port, options.control_port),
            (0, 0, 0)
        );
        assert_eq!(options.data, None);
        let options = up(&["demo", "--data", "x"]);
        assert_eq!((options.api_port, options.data), (8700, Some("x".into())));
    }

    #[test]
    fn a_clock_that_is_no_time_is_refused() {
        assert!(Cli::try_parse_from(["imprint-local", "up", "--clock", "tomorrow"]).is_err());
        assert_eq!(
            up(&["--clock", "2031-01-01T00:00:00Z"]).clock,
            Some("2031-01-01T00:00:00Z".parse().unwrap())
        );
    }
}
