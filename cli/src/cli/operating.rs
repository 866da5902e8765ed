use std::time::Duration;

use clap::{Args, Subcommand};

use super::{DONE, FAILED, Target};
use crate::{dead_letters as letters, task as tasks};

/// `dead-letters`.
#[derive(Debug, Subcommand)]
pub(super) enum DeadLettersCommand {
    /// Shows each queue in which something lies, with its oldest messages
    List {
        #[command(flatten)]
        at: Target,
        /// Prints what the API answers
        #[arg(long)]
        json: bool,
    },
    /// Sends all of a step's to it again
    Redrive {
        /// The step, such as copy-edition
        queue: String,
        #[command(flatten)]
        at: Target,
    },
    /// Deletes one, for what nobody can read or nobody wants to happen
    Delete {
        /// The step, such as copy-edition
        queue: String,
        /// Its id, as `list` shows it
        message: String,
        #[command(flatten)]
        at: Target,
    },
}

/// `task`.
#[derive(Debug, Args)]
pub(super) struct TaskArgs {
    /// The task: its queue_url, or its id alone
    task: String,
    #[command(flatten)]
    at: Target,
    /// Waits until it has ended, and says what changes
    #[arg(long)]
    watch: bool,
    /// Prints what the API answers
    #[arg(long)]
    json: bool,
}

pub(super) async fn dead_letters(command: &DeadLettersCommand) -> anyhow::Result<u8> {
    match command {
        DeadLettersCommand::List { at, json } => {
            let queues = letters::list(&at.api()?).await?;
            match json {
                true => println!("{}", serde_json::to_string_pretty(&queues)?),
                false => print!("{}", letters::table(&queues)),
            }
        }
        DeadLettersCommand::Redrive { queue, at } => {
            println!("sent again: {}", letters::redrive(&at.api()?, queue).await?);
        }
        DeadLettersCommand::Delete { queue, message, at } => {
            letters::delete(&at.api()?, queue, message).await?;
            println!("deleted");
        }
    }
    Ok(DONE)
}

pub(super) async fn task(args: &TaskArgs) -> anyhow::Result<u8> {
    let poll = args.watch.then_some(Duration::from_secs(1));
    let say = |task: &serde_json::Value| {
        if args.watch && !args.json {
            eprintln!("{}", tasks::line(task));
        }
    };
    let found = tasks::watch(&args.at.api()?, &args.task, poll, say).await?;
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&found)?),
        false => println!("{}", tasks::line(&found)),
    }
    Ok(match found["status"].as_str() {
        Some("FAILURE") => FAILED,
        Some(_) | None => DONE,
    })
}
