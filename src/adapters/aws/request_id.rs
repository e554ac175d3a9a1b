//! The id of each request, as AWS's response names it and CloudTrail keeps it: for whoever keeps account of what a change took.

use aws_sdk_sts::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeDeserializationInterceptorContextRef},
    error::BoxError,
};
use goldenpath_core::ports::calls;

/// The query protocol's (IAM, STS) and the REST protocol's (EKS).
const HEADERS: [&str; 2] = ["x-amzn-requestid", "x-amz-request-id"];

#[derive(Debug)]
pub(super) struct RequestIds;

impl Intercept for RequestIds {
    fn name(&self) -> &'static str {
        "RequestIds"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response().headers();
        if let Some(id) = HEADERS.iter().find_map(|name| headers.get(*name)) {
            calls::is_named(id);
        }
        Ok(())
    }
}
