//! Which operation a call is part of, for the trails that others keep: CloudTrail and the API server's audit log hold the user
//! agent of each request (`security.md` 7).
//!
//! No port's promise depends on it, so that it goes beside the arguments and not among them.

use std::future::Future;

tokio::task_local! {
    static CURRENT: String;
}

/// All calls that `work` makes are of this operation.
pub fn within<F: Future>(id: &str, work: F) -> impl Future<Output = F::Output> + use<F> {
    CURRENT.scope(id.to_owned(), work)
}

/// `None`: a plan or a read.
pub fn current() -> Option<String> {
    CURRENT.try_with(String::clone).ok()
}

/// Of a request to either target, without what a library puts before it.
pub fn user_agent(tool_version: &str) -> String {
    let tool = format!("terraform-provider-goldenpath/{tool_version}");
    match current() {
        Some(id) => format!("{tool} operation/{id}"),
        None => tool,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_at_the_same_time_are_kept_apart() {
        let agent = |id| within(id, async { (tokio::task::yield_now().await, user_agent("1")).1 });
        let (one, two) = futures_util::future::join(agent("op-1"), agent("op-2")).await;
        assert_eq!(one, "terraform-provider-goldenpath/1 operation/op-1");
        assert_eq!(two, "terraform-provider-goldenpath/1 operation/op-2");
        assert_eq!(user_agent("1"), "terraform-provider-goldenpath/1", "a read is of none");
    }
}
