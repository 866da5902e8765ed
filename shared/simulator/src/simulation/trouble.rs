//! What goes wrong, and how time passes.

use std::time::Duration;

use futures_util::poll;
use jiff::{SignedDuration, Timestamp};

use super::{Ghost, Run, Simulation};
use crate::clients::Doing;
use crate::functions::Schedule;

/// Requests of a process that died take effect so much later at most: less than the time between the end of a function
/// and the next delivery of its message.
const GHOST_SECONDS: u64 = 25;
const HOUR: u64 = 3600;

impl Simulation {
    /// A process dies. What it has sent may arrive all the same, later.
    pub(super) fn end(&mut self, run: Run, at: Timestamp) {
        if !self.has_faults || self.dice.one_in(2) {
            return;
        }
        run.life.end();
        let seconds = self.dice.between(1, GHOST_SECONDS);
        let lands_at = at + SignedDuration::from_secs(seconds as i64);
        self.ghosts.push(Ghost { run, lands_at });
    }

    pub(super) async fn land(&mut self) {
        let now = self.now();
        let (due, later): (Vec<Ghost>, Vec<Ghost>) = std::mem::take(&mut self.ghosts)
            .into_iter()
            .partition(|ghost| ghost.lands_at <= now);
        self.ghosts = later;
        for mut ghost in due {
            self.injected.count("request of the dead took effect");
            self.note(|| format!("what {} had sent arrives", ghost.run.what));
            let _it_never_ends = poll!(ghost.run.work.as_mut());
        }
    }

    pub(super) fn kill_one(&mut self) {
        let copies: Vec<usize> = (0..self.runs.len())
            .filter(|at| self.plot.tears && self.runs[*at].copy.is_some())
            .collect();
        let chosen = self.dice.one_of(&copies).copied();
        let Some(at) = chosen.or_else(|| self.dice.place(self.runs.len())) else {
            return;
        };
        let run = self.runs.swap_remove(at);
        self.injected.count("process died");
        self.note(|| format!("{} dies", run.what));
        if let Some(copy) = run.copy.clone().filter(|_| self.plot.tears) {
            self.publish_over(&copy);
        }
        let now = self.now();
        self.end(run, now);
    }

    /// One object cannot be deleted a few times, within requests that succeed.
    pub(super) fn refuse_a_deletion(&mut self) {
        let keys = self.world.objects.keys("alpha/v/");
        if let Some(key) = self.dice.one_of(&keys) {
            self.injected.count("deletion of an object refused");
            self.world
                .objects
                .fail_deletes_of(key, self.dice.between(1, 3), true);
        }
    }

    /// Requests begin to fail, or stop failing.
    pub(super) fn storm(&mut self) {
        let faults = self.world.faults();
        faults.clear();
        if self.dice.one_in(2) {
            let one_in = self.dice.between(2, 12);
            faults.chaos(self.dice.below(u64::MAX), one_in);
            self.injected.count("storm of failing requests");
            self.note(|| format!("one request in {one_in} fails"));
        }
    }

    pub(super) async fn let_some_pass(&mut self, least: u64, most: u64) {
        let seconds = self.dice.between(least, most);
        self.let_pass(seconds).await;
    }

    /// Hours in which what is under way comes to its end, mostly: no storm lasts for days, after which tasks would truly say that
    /// they were given up.
    pub(super) async fn let_days_pass(&mut self) -> Result<(), Vec<String>> {
        self.world.faults().clear();
        for _ in 0..self.dice.between(1, 4) {
            // As installations do by themselves.
            if self.plot.registry {
                let check_in = Doing::check_in(&mut self.dice);
                self.begin_client(check_in);
            }
            for _ in 0..self.dice.between(100, 300) {
                self.deliver_one();
                for at in (0..self.runs.len()).rev() {
                    self.poll_at(at).await;
                }
                self.look()?;
            }
            self.let_some_pass(HOUR, 60 * HOUR).await;
        }
        Ok(())
    }

    /// Time passes: functions that take too long are killed, and each minute the schedule runs.
    pub(super) async fn let_pass(&mut self, seconds: u64) {
        self.world
            .clock
            .advance(SignedDuration::from_secs(seconds as i64));
        tokio::time::advance(Duration::from_secs(seconds)).await;
        let now = self.now();
        let (late, in_time): (Vec<Run>, Vec<Run>) = std::mem::take(&mut self.runs)
            .into_iter()
            .partition(|run| run.ends_at <= now);
        self.runs = in_time;
        for run in late {
            self.injected.count("time of a function ran out");
            self.note(|| format!("{} runs out of time", run.what));
            let ended_at = run.ends_at;
            self.end(run, ended_at);
        }
        self.land().await;
        self.schedule();
    }

    /// Begins what is due by its schedule.
    pub(super) fn schedule(&mut self) {
        let now = self.now();
        for schedule in Schedule::ALL {
            let is_wanted = match schedule {
                Schedule::Sweep => true,
                Schedule::Documents => self.plot.documents,
                Schedule::Retention => self.plot.retention,
            };
            // Faults are over when the system has had its chance to look, so that it looks more often then.
            let every = if self.has_faults {
                schedule.every()
            } else {
                schedule.every().min(SignedDuration::from_mins(2))
            };
            let last = self.ran_at.get(&schedule);
            let is_due = last.is_none_or(|last| now.duration_since(*last) >= every);
            if is_wanted && is_due {
                self.ran_at.insert(schedule, now);
                let (world, press) = (self.world.clone(), self.press.clone());
                let work = Box::pin(async move {
                    schedule.run(world, &press).await;
                    None
                });
                self.begin(format!("{schedule:?}"), None, schedule.timeout(), work);
            }
        }
    }
}
