//! The adapter against an API server that is a function: pages, snapshots that expire, tokens, responses that break off. What a
//! real one does is tested on a real one, in the acceptance tests.

use super::{
    call::Connection,
    connect,
    credentials::{Credentials, Endpoint, Token, TokenSource},
    list::PAGE,
    observe,
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Class, ClusterArn, ObjectKey},
    kinds::kubernetes::KINDS,
    ports::{PortError, Scope, Selector},
};
use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::body::Bytes;
use kube::client::Body;
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

pub(super) type ResponseBody = UnsyncBoxBody<Bytes, Infallible>;

const DEMO: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";

fn demo() -> ClusterArn {
    DEMO.parse().expect("an ARN")
}

/// A cluster of so many namespaces with so many quotas in each.
struct Server {
    namespaces: usize,
    quotas: usize,
    /// So many continued listings expire first.
    expiring: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl Server {
    fn new(namespaces: usize, quotas: usize) -> Arc<Self> {
        Arc::new(Self { namespaces, quotas, expiring: AtomicUsize::new(0), requests: Mutex::default() })
    }

    fn connection(self: &Arc<Self>) -> Connection {
        let server = self.clone();
        connection(None, move |request| server.respond(&request))
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("requests").clone()
    }

    fn respond(&self, request: &Request<Body>) -> (StatusCode, String) {
        let requested = request.uri().to_string();
        self.requests.lock().expect("requests").push(requested.clone());
        let (path, query) = requested.split_once('?').unwrap_or((&requested, ""));
        let first = query.split('&').find_map(|part| part.strip_prefix("continue="));
        let expires = |left: usize| left.checked_sub(1);
        if first.is_some() && self.expiring.fetch_update(Ordering::SeqCst, Ordering::SeqCst, expires).is_ok() {
            let status = json!({"kind": "Status", "reason": "Expired", "message": "too old", "details": {"name": "x"}});
            return (StatusCode::GONE, status.to_string());
        }
        let first: usize = first.map_or(0, |first| first.parse().expect("a number"));
        match path {
            "/api/v1/namespaces" => page(self.namespaces, first, |at| item(None, &format!("pay-{at}"))),
            "/api/v1/resourcequotas" => page(self.namespaces * self.quotas, first, |at| {
                item(Some(&format!("pay-{}", at / self.quotas)), &format!("gp-{at}"))
            }),
            "/apis/networking.k8s.aws/v1alpha1/applicationnetworkpolicies"
            | "/apis/cilium.io/v2/ciliumnetworkpolicies" => (StatusCode::NOT_FOUND, "404 page not found".to_owned()),
            _ => page(0, first, |_| Value::Null),
        }
    }
}

fn page(all: usize, first: usize, item: impl Fn(usize) -> Value) -> (StatusCode, String) {
    let end = all.min(first + PAGE as usize);
    let next = if end < all { end.to_string() } else { String::new() };
    let items: Vec<Value> = (first..end).map(item).collect();
    (StatusCode::OK, json!({"metadata": {"continue": next}, "items": items}).to_string())
}

pub(super) fn item(namespace: Option<&str>, name: &str) -> Value {
    let mut item = json!({"metadata": {"name": name, "uid": "u", "resourceVersion": "7",
        "labels": {"goldenpath.internal/managed": "true", "goldenpath.internal/environment": "pay"}}});
    if let Some(namespace) = namespace {
        item["metadata"]["namespace"] = namespace.into();
    }
    item
}

pub(super) fn connection(
    tokens: Option<Arc<dyn TokenSource>>,
    respond: impl Fn(Request<Body>) -> (StatusCode, String) + Clone + Send + Sync + 'static,
) -> Connection {
    streaming(tokens, move |request| {
        let (status, body) = respond(request);
        (status, Full::from(body).boxed_unsync())
    })
}

/// Of responses that may go on.
pub(super) fn streaming(
    tokens: Option<Arc<dyn TokenSource>>,
    respond: impl Fn(Request<Body>) -> (StatusCode, ResponseBody) + Clone + Send + Sync + 'static,
) -> Connection {
    let service = tower::service_fn(move |request| {
        let (status, body) = respond(request);
        let response = Response::builder().status(status).header("audit-id", "audit-1").body(body);
        async move { Ok::<_, Infallible>(response.expect("a response")) }
    });
    Connection {
        cluster: demo(),
        client: kube::Client::new(service, "default"),
        tokens,
        discovered: Default::default(),
    }
}

fn selector(scope: Scope) -> Selector {
    Selector { scope, keys: vec![] }
}

#[tokio::test]
async fn requests_grow_with_pages_and_not_with_environments() {
    for (namespaces, quotas, pages, reason) in [
        (1, 2, 1, "one environment"),
        (200, 2, 1, "many, in one page"),
        (200, 5, 2, "exactly two pages"),
        (501, 1, 2, "one more than a page"),
    ] {
        let server = Server::new(namespaces, quotas);
        let found = observe::observe(&server.connection(), &selector(Scope::Everything)).await.expect(reason);
        assert_eq!(found.len(), namespaces * (1 + quotas), "{reason}");
        assert!(found.is_sorted_by(|a, b| a.key < b.key), "{reason}: sorted, each once");
        let requested = server.requests();
        let of_quotas = requested.iter().filter(|path| path.contains("/resourcequotas")).count();
        assert_eq!(of_quotas, pages, "{reason}");
        // The default ServiceAccounts are one listing more than there are kinds.
        let of_namespaces = namespaces.div_ceil(PAGE as usize);
        assert_eq!(requested.len(), KINDS.len() + 1 + (pages - 1) + (of_namespaces - 1), "{reason}: {requested:?}");
    }
}

#[tokio::test]
async fn a_listing_that_expires_is_started_again_and_nothing_is_seen_twice() {
    for (expiring, expected, reason) in
        [(1, Ok(1202), "once"), (2, Ok(1202), "twice"), (9, Err(Class::Unavailable), "for ever")]
    {
        let server = Server::new(2, 600);
        server.expiring.store(expiring, Ordering::SeqCst);
        let found = observe::observe(&server.connection(), &selector(Scope::Everything)).await;
        let found = found.map(|found| found.len()).map_err(|error| error.class);
        assert_eq!(found, expected, "{reason}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_never_absence() {
    let status = |message: &str| json!({"kind": "Status", "message": message, "details": {"name": "x"}}).to_string();
    for (code, body, class, reason) in [
        (
            StatusCode::OK,
            r#"{"metadata":{},"items":[{"metadata""#.to_owned(),
            Class::Unavailable,
            "a response that breaks off",
        ),
        (StatusCode::OK, "<html>login</html>".to_owned(), Class::Unavailable, "somebody else's page"),
        (StatusCode::FORBIDDEN, status("no"), Class::Denied, "no permission"),
        (StatusCode::UNAUTHORIZED, status("who"), Class::Denied, "not authenticated"),
        (StatusCode::TOO_MANY_REQUESTS, status("slow"), Class::Throttled, "too many"),
        (StatusCode::SERVICE_UNAVAILABLE, status("busy"), Class::Unavailable, "an aggregated API that is down"),
    ] {
        let connection = connection(None, move |_| (code, body.clone()));
        for scope in [
            Scope::Everything,
            Scope::Environment("pay".to_owned()),
            Scope::Records,
            Scope::RecordsOf("pay".to_owned()),
            Scope::Keys,
        ] {
            let selector = Selector { keys: vec![ObjectKey::kube("v1", "ConfigMap", Some("a"), "b")], scope };
            let seen = observe::observe(&connection, &selector).await;
            let error = seen.expect_err(reason);
            assert_eq!(error.class, class, "{reason}, {:?}: {error}", selector.scope);
            let expected = (code != StatusCode::OK).then_some("audit-1");
            assert_eq!(error.request_id.as_deref(), expected, "{reason}");
        }
    }
}

/// Counts renewals; its first token is no longer accepted.
#[derive(Default)]
struct Tokens(AtomicUsize);

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self, _cluster: &ClusterArn, renew: bool) -> Result<Token, PortError> {
        if renew {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        Ok(Token::new(format!("t{}", self.0.load(Ordering::SeqCst))))
    }
}

#[tokio::test]
async fn a_rejected_token_is_renewed_once() {
    let respond = |good: &'static str| {
        move |request: Request<Body>| {
            let token = request.headers().get(AUTHORIZATION).expect("a token");
            if token == good {
                (StatusCode::OK, json!({"metadata": {}, "items": []}).to_string())
            } else {
                (StatusCode::UNAUTHORIZED, String::new())
            }
        }
    };
    for (good, renewals, expected, reason) in [
        ("Bearer t0", 0, Ok(()), "a good token is kept"),
        ("Bearer t1", 1, Ok(()), "an old one is renewed"),
        ("Bearer t9", 1, Err(Class::Denied), "a new one that is rejected too ends it"),
    ] {
        let tokens = Arc::new(Tokens::default());
        let connection = connection(Some(tokens.clone()), respond(good));
        let seen = observe::observe(&connection, &selector(Scope::Records)).await;
        assert_eq!(seen.map(|_| ()).map_err(|error| error.class), expected, "{reason}");
        assert_eq!(tokens.0.load(Ordering::SeqCst), renewals, "{reason}");
    }
}

#[tokio::test]
async fn endpoints_that_make_no_sense_are_reported() {
    let good = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1BPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
    for (url, ca_data, words, reason) in [
        ("not a url", good, "is not a URL", "an endpoint"),
        ("https://a", "%%%", "is not base64", "no base64"),
        ("https://a", "YQ==", "holds no certificate", "no PEM"),
        ("https://a", "", "holds no certificate", "a cluster that is still being created"),
    ] {
        let endpoint = Endpoint { url: url.to_owned(), ca_data: ca_data.to_owned() };
        let opened = connect::open(&demo(), &endpoint, &Credentials::Tokens(Arc::new(Tokens::default()))).await;
        let error = opened.err().expect(reason);
        assert!(error.message.contains(words) && error.message.contains(DEMO), "{reason}: {error}");
    }
    assert_eq!(format!("{:?}", Token::new("secret")), "Token(...)");
}
