use serde::Serialize;
use utoipa::ToSchema;

use imprint_domain::registry::Census;

/// Statistics of clusters.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClusterStats)]
pub(crate) struct ClusterStatsResource {
    /// All clusters.
    clusters: u64,
    /// Those that have shown their token.
    verified: u64,
    /// Those that checked in within the last 24 hours.
    seen_in_24h: u64,
    /// Those that checked in first within a time.
    appeared: Spans,
    /// Those that checked in last within a time, but not within the last 24 hours.
    disappeared: Spans,
    /// The mean time between the first and the last check-in, in seconds.
    mean_age_seconds: i64,
    /// How many clusters that checked in within the last 90 days run each version, at most 10,000 versions.
    running: Vec<RunningResource>,
}

/// Numbers by length of time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClusterSpans)]
struct Spans {
    /// 7 days.
    week: u64,
    /// 30 days.
    month: u64,
    /// 90 days.
    quarter: u64,
}

/// How many clusters run a version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunningVersion)]
struct RunningResource {
    /// The component.
    #[schema(example = "handbook")]
    component: String,
    /// The version, in the spelling without a `v`.
    #[schema(example = "2.18.0")]
    version: String,
    /// How many clusters run it.
    clusters: u64,
}

/// Anybody may check in with invented versions; those that most run are shown. A hundred bytes each.
const MAX_RUNNING: usize = 10_000;

impl ClusterStatsResource {
    pub(crate) fn new(census: &Census) -> Self {
        let spans = |[week, month, quarter]: [u64; 3]| Spans { week, month, quarter };
        let all = census.running.iter().flat_map(|(component, versions)| {
            versions
                .iter()
                .map(move |(version, clusters)| (*clusters, component, version))
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(clusters, component, version)| {
            (std::cmp::Reverse(*clusters), *component, *version)
        });
        all.truncate(MAX_RUNNING);
        all.sort_by_key(|(_, component, version)| (*component, *version));
        let running = all
            .into_iter()
            .map(|(clusters, component, version)| RunningResource {
                component: component.to_string(),
                version: version.to_string(),
                clusters,
            });
        Self {
            clusters: census.clusters,
            verified: census.verified,
            seen_in_24h: census.seen_in_a_day,
            appeared: spans(census.appeared),
            disappeared: spans(census.disappeared),
            mean_age_seconds: census.mean_age().as_secs(),
            running: running.collect(),
        }
    }
}
