//! One call to AWS: waits for the rate limit, and gives an error its class.

use super::{calls::Call, clients::AwsClients, error};
use crate::{
    rate_limit::{self, Api},
    tally::{self, Request},
};
use aws_sdk_sts::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_async::future::pagination_stream::PaginationStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use goldenpath_core::{
    domain::{Class, ClusterArn},
    ports::{PortError, calls},
};
use std::error::Error;

/// `request` must not have begun: a future of the SDK sends nothing before it is polled.
pub(super) async fn call<O, E>(
    clients: &AwsClients,
    call: Call,
    request: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
) -> Result<O, PortError>
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let name = call.name();
    let service = name.split(':').next().unwrap_or_default();
    let bucket = format!("{service} {} {}", clients.region, clients.bucket);
    rate_limit::wait(Api::Aws, service, &bucket).await;
    let request = async { request.await.map_err(|error| error::of(name, error)) };
    let code = |response: &Result<O, PortError>| tally::code(response.as_ref().err().map(|error| error.class));
    let response = match call.changes() {
        true => calls::change(name, request, |response| code(response).to_owned()).await,
        false => request.await,
    };
    let was_throttled = response.as_ref().is_err_and(|error| error.class == Class::Throttled);
    rate_limit::learn(&bucket, was_throttled);
    let (_, operation) = name.split_once(':').unwrap_or((service, name));
    tally::count(Request::Made { service, operation, code: code(&response) });
    if let Err(error) = &response {
        tracing::debug!(call = name, class = ?error.class, request_id = error.request_id, "{}", error.message);
    }
    response
}

type Pages<O, E> = PaginationStream<Result<O, SdkError<E, HttpResponse>>>;

/// Every page of a listing is a call of its own. `take` returns the token of the next page, if there is one and it is wanted.
pub(super) async fn each_page<O, E>(
    clients: &AwsClients,
    listing: Call,
    mut pages: Pages<O, E>,
    mut take: impl FnMut(O) -> Option<String>,
) -> Result<(), PortError>
where
    E: Error + ProvideErrorMetadata + 'static,
{
    // The stream would tell its end by itself, but only after another wait for the rate limit.
    while let Some(page) = call(clients, listing, pages.try_next()).await? {
        if take(page).is_none_or(|token| token.is_empty()) {
            return Ok(());
        }
    }
    // The SDK stops where a token comes back unchanged. Half a listing would read as absence.
    Err(PortError::new(Class::Unavailable, listing.name(), "AWS returned the same page twice: try again"))
}

/// All items of a listing. `split` takes a page apart: its items, and the token of the next one.
pub(super) async fn list<O, E, T>(
    clients: &AwsClients,
    listing: Call,
    pages: Pages<O, E>,
    split: impl Fn(O) -> (Vec<T>, Option<String>),
) -> Result<Vec<T>, PortError>
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let mut found = vec![];
    each_page(clients, listing, pages, |page| {
        let (items, next) = split(page);
        found.extend(items);
        next
    })
    .await?;
    Ok(found)
}

/// Requests at once; the token bucket spaces them.
const AT_ONCE: usize = 8;

/// The futures are collected first: a closure that is held while waiting would make this future too narrow for its trait.
pub(super) async fn all<T>(requests: Vec<impl Future<Output = Result<T, PortError>>>) -> Result<Vec<T>, PortError> {
    stream::iter(requests).buffer_unordered(AT_ONCE).try_collect().await
}

// === One cluster ===

/// A cluster with the clients of its account and region.
#[derive(Clone, Copy)]
pub(super) struct EksCluster<'a> {
    pub clients: &'a AwsClients,
    pub arn: &'a ClusterArn,
}

impl<'a> EksCluster<'a> {
    pub fn name(self) -> &'a str {
        self.arn.name()
    }

    pub fn eks(self) -> &'a aws_sdk_eks::Client {
        &self.clients.eks
    }

    pub async fn call<O, E>(
        self,
        operation: Call,
        request: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    ) -> Result<O, PortError>
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        call(self.clients, operation, request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{
        clients,
        options::{AwsOptions, CredentialSource},
    };
    use aws_sdk_eks::operation::list_addons::{ListAddonsError, ListAddonsOutput};
    use aws_smithy_async::future::pagination_stream::fn_stream::FnStream;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    type Page = (&'static [&'static str], Option<&'static str>);

    fn pages(all: &'static [Page], requests: Arc<AtomicUsize>) -> Pages<ListAddonsOutput, ListAddonsError> {
        PaginationStream::new(FnStream::new(move |send| {
            Box::pin(async move {
                for (names, token) in all {
                    requests.fetch_add(1, Ordering::SeqCst);
                    let names = names.iter().map(|name| (*name).to_owned()).collect();
                    let page = ListAddonsOutput::builder().set_addons(Some(names));
                    let page = page.set_next_token(token.map(str::to_owned)).build();
                    if send.send(Ok(page)).await.is_err() {
                        return;
                    }
                }
            })
        }))
    }

    #[tokio::test]
    async fn a_listing_makes_one_request_for_each_page() {
        let credentials = CredentialSource::keys("id", "secret", None);
        let options =
            AwsOptions { region: Some("eu-west-1".to_owned()), credentials, is_shared: true, ..AwsOptions::default() };
        let clients = clients::open(&options).await.expect("clients");
        const ONE: &[Page] = &[(&["a"], None)];
        const SEVERAL: &[Page] = &[(&["a"], Some("1")), (&[], Some("2")), (&["b"], None)];
        const EMPTY_TOKEN: &[Page] = &[(&["a"], Some("")), (&["b"], None)];
        const CUT: &[Page] = &[(&["a"], Some("1"))];
        for (all, expected, made, reason) in [
            (ONE, Ok(vec!["a"]), 1, "one page"),
            (SEVERAL, Ok(vec!["a", "b"]), 3, "an empty page with a token is not the last"),
            (EMPTY_TOKEN, Ok(vec!["a"]), 1, "an empty token is none"),
            (CUT, Err(Class::Unavailable), 1, "the SDK stopped at a token that came back: not a whole listing"),
        ] {
            let requests = Arc::new(AtomicUsize::new(0));
            let split = |page: ListAddonsOutput| (page.addons.unwrap_or_default(), page.next_token);
            let found = list(&clients, Call::ListAddons, pages(all, requests.clone()), split).await;
            let expected = expected.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(found.map_err(|error| error.class), expected, "{reason}");
            assert_eq!(requests.load(Ordering::SeqCst), made, "{reason}");
        }
    }
}
