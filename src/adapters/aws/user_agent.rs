//! The user agent of each request, as CloudTrail keeps it: after the SDK's own, who we are and which operation the request belongs to.

use aws_sdk_sts::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextMut},
    error::BoxError,
};
use goldenpath_core::{domain::release, ports::operation};

const HEADER: &str = "user-agent";

#[derive(Debug)]
pub(super) struct UserAgent;

impl Intercept for UserAgent {
    fn name(&self) -> &'static str {
        "UserAgent"
    }

    /// The SDK writes its own before it signs, and leaves this header out of the signature.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let ours = operation::user_agent(release());
        let headers = context.request_mut().headers_mut();
        let whole = match headers.get(HEADER) {
            Some(sdk) => format!("{sdk} {ours}"),
            None => ours,
        };
        headers.try_insert(HEADER, whole)?;
        Ok(())
    }
}
