//! The release registry: which versions of a component came out in which train, and which installations (clusters) say
//! that they run them.
//!
//! A product is the component of its own name. The words and the required answers are those of the Deis Workflow Manager
//! API; where that one was wrong, the corrected rule is here.

mod census;
mod cluster;
mod doctor;
mod filter;
mod interval;
mod moment;
mod names;
mod order;
mod overview;
mod release;

pub use census::{Census, MAX_VERSIONS, Population};
pub use cluster::{
    CheckIn, Cluster, ClusterToken, IN_USE_FOR, Label, LabelError, MAX_REPORT_BYTES, MAX_REPORTED, Refused,
    Report, ReportError, Reported, Trust, USE_WRITTEN_EVERY,
};
pub use doctor::{DoctorReport, MAX_REPORT, NotReportId, REPORT_LIFE, ReportId};
pub use filter::{AgeFilter, Bounds, Impossible, NOT_OF_USERS, Sorted, check_persistent};
pub use interval::interval;
pub use moment::{Given, NotMoment, ago, moment, rfc3339};
pub use names::{ClusterId, ComponentName, NameError, TrainError, TrainLabel, TrainName, VersionName};
pub use order::{is_newer, is_version};
pub use overview::{
    Bar, ComponentView, Dot, Gathered, History, LeftOut, MAX_NOTE, Overview, ReleaseView, Shown, Standing,
    Tick, Timeline, TrainSeen, TrainView, When,
};
pub use release::{
    Data, DataError, Docs, Documented, Gone, Head, MAX_DATA_BYTES, Note, Publication, Release, RowOfTrain,
    TrainAt, Trains,
};

/// The train of a component of which nobody says another: the one that every released client asks for.
pub const STABLE: &str = "stable";
