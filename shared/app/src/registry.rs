//! The release registry: releases, the clusters that run them, and what both mean for documentation.

mod census;
mod clusters;
mod doctor;
mod following;
mod overview;
mod populations;
mod releases;

pub use census::census;
pub use clusters::{
    CheckedIn, MOST_UNVERIFIED_USES, NewsFor, check_in, cluster, clusters, count, forget, label, news_for,
};
pub use doctor::{read_report, store_report};
pub(crate) use following::{record, there, write_of};
pub use overview::{Censuses, MAX_COMPONENTS, MAX_HISTORIES, MAX_RELEASES, MAX_TRAINS, overview};
pub use populations::{MAX_POPULATION, count_populations};
pub(crate) use releases::head;
pub use releases::{NewRelease, Published, latest, latest_of, publish, release, releases, trains, withdraw};
