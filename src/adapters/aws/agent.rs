//! The user agent of each request, as CloudTrail keeps it: after the SDK's own, who we are and for which operation we ask.

use aws_sdk_sts::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextMut},
    error::BoxError,
};
use goldenpath_core::ports::operation;

const USER_AGENT: &str = "user-agent";

#[derive(Debug)]
pub(super) struct Agent;

impl Intercept for Agent {
    fn name(&self) -> &'static str {
        "Agent"
    }

    /// The SDK writes its own before it signs, and leaves this header out of the signature.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let ours = operation::user_agent(env!("CARGO_PKG_VERSION"));
        let headers = context.request_mut().headers_mut();
        let whole = match headers.get(USER_AGENT) {
            Some(sdk) => format!("{sdk} {ours}"),
            None => ours,
        };
        headers.try_insert(USER_AGENT, whole)?;
        Ok(())
    }
}
