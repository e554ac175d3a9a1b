//! What of an operation goes to a trace, where one is configured: stages, and the requests that change something. Spans of this target
//! alone are sent; without a listener they cost one load.

use tracing::Instrument as _;

/// Not below our crates' names: in the log such a span would repeat its fields on every line.
pub const TRACE: &str = "trace::goldenpath";

/// One stage of an operation. No `async fn`: it would hold the work twice, and stages are large.
pub fn stage<T>(name: &'static str, work: impl Future<Output = T>) -> impl Future<Output = T> {
    work.instrument(tracing::info_span!(target: TRACE, "stage", otel.name = name))
}
