//! Against an API server that is a function and reports what it is made to report. A real one is asked in the acceptance tests.

use super::*;
use crate::kube::tests::{ResponseBody, item, streaming};
use goldenpath_core::{domain::ObjectKey, kinds::kubernetes::KINDS};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use kube::client::Body;
use serde_json::json;
use std::convert::Infallible;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// One namespace, and watches that go on until they are dropped.
#[derive(Default)]
struct Server {
    requests: Mutex<Vec<String>>,
    watches: Mutex<Vec<UnboundedSender<String>>>,
    /// Of that of namespaces.
    reports: Mutex<Option<UnboundedSender<String>>>,
    forbids_watches: bool,
}

impl Server {
    fn connection(self: &Arc<Self>) -> Connection {
        let server = self.clone();
        streaming(None, move |request| server.respond(&request))
    }

    fn respond(&self, request: &Request<Body>) -> (StatusCode, ResponseBody) {
        let text = |status: StatusCode, text: String| (status, Full::from(text).boxed_unsync());
        let requested = request.uri().to_string();
        self.requests.lock().expect("requests").push(requested.clone());
        let is_of_namespaces = requested.starts_with("/api/v1/namespaces?");
        if !requested.contains("watch=true") {
            return match requested.contains("/cilium.io/") {
                true => text(StatusCode::NOT_FOUND, "404 page not found".to_owned()),
                false => {
                    let items = is_of_namespaces.then(|| item(None, "pay"));
                    let list = json!({"metadata": {"resourceVersion": "7"}, "items": Vec::from_iter(items)});
                    text(StatusCode::OK, list.to_string())
                }
            };
        }
        if self.forbids_watches {
            return text(
                StatusCode::FORBIDDEN,
                json!({"kind": "Status", "code": 403, "reason": "Forbidden"}).to_string(),
            );
        }
        let (sender, lines) = unbounded_channel::<String>();
        let body = StreamBody::new(stream::unfold(lines, async |mut lines| {
            let line = lines.recv().await?;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from(line))), lines))
        }));
        match is_of_namespaces {
            true => *self.reports.lock().expect("reports") = Some(sender),
            false => self.watches.lock().expect("watches").push(sender),
        }
        (StatusCode::OK, body.boxed_unsync())
    }

    /// Since this was last asked: how many listings, how many watches.
    fn take_counts(&self) -> (usize, usize) {
        let requests = std::mem::take(&mut *self.requests.lock().expect("requests"));
        let watches = requests.iter().filter(|request| request.contains("watch=true")).count();
        (requests.len() - watches, watches)
    }

    fn report(&self, line: &str) {
        let reports = self.reports.lock().expect("reports");
        reports.as_ref().expect("namespaces are watched").send(format!("{line}\n")).expect("a watch");
    }
}

fn event(what: &str, name: &str, version: &str) -> String {
    let mut object = item(None, name);
    object["metadata"]["resourceVersion"] = version.into();
    json!({"type": what, "object": object}).to_string()
}

/// Before it whoever follows the watches has taken what came, and after it they are open.
async fn names(mirror: &Mirror, connection: &Connection) -> Vec<String> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let found = mirror.part(connection, &Scope::Everything).await.expect("a listing");
    tokio::time::sleep(Duration::from_millis(1)).await;
    found.keys().filter_map(ObjectKey::as_namespace).map(str::to_owned).collect()
}

/// Of all kinds, one of which is not served.
fn all() -> (usize, usize) {
    let listings = listings::everywhere();
    let unserved = KINDS.iter().filter(|kind| kind.api.starts_with("cilium.io/")).count();
    (listings.len(), listings.len() - unserved)
}

#[tokio::test(start_paused = true)]
async fn plans_that_come_often_are_served_by_what_was_reported() {
    let server = Arc::new(Server::default());
    let (connection, mirror, (all, served)) = (server.connection(), Mirror::default(), all());
    let unserved = all - served;
    assert_eq!(names(&mirror, &connection).await, ["pay"]);
    assert_eq!(server.take_counts(), (all, 0), "one plan is no reason to watch");
    assert_eq!(names(&mirror, &connection).await, ["pay"]);
    assert_eq!(server.take_counts(), (all, served), "the second one watches what there is");
    // (line, what there is, whether it lasts, reason)
    for (line, expected, lasts, reason) in [
        (event("ADDED", "shop", "8"), vec!["pay", "shop"], true, "made by somebody"),
        (event("MODIFIED", "shop", "9"), vec!["pay", "shop"], false, "only its version is another"),
        (event("DELETED", "shop", "10"), vec!["pay"], true, "deleted, or without our label"),
    ] {
        let before = mirror.revision();
        server.report(&line);
        assert_eq!(names(&mirror, &connection).await, expected, "{reason}");
        assert_eq!(mirror.revision() != before, lasts, "{reason}");
        assert_eq!(server.take_counts(), (unserved, 0), "{reason}: what was not served may be by now");
    }
    tokio::time::sleep(LIVES).await;
    assert_eq!(names(&mirror, &connection).await, ["pay"]);
    assert_eq!(server.take_counts(), (all, 0), "its minute is over, and nobody planned within it");
    names(&mirror, &connection).await;
    assert_eq!(server.take_counts(), (all, served), "another one");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_ends_the_mirror() {
    let too_old = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"#;
    // (the last line; `None`: the connection ends, reason)
    for (line, reason) in [
        (Some(too_old.to_owned()), "the version is too old"),
        (Some(r#"{"type":"ADDED","object":{}}"#.to_owned()), "no object"),
        (Some("<html>".to_owned()), "a proxy's page"),
        (None, "the server ends it"),
    ] {
        let server = Arc::new(Server::default());
        let (connection, mirror, (all, served)) = (server.connection(), Mirror::default(), all());
        names(&mirror, &connection).await;
        names(&mirror, &connection).await;
        assert_eq!(server.take_counts(), (2 * all, served), "{reason}");
        match line {
            Some(line) => server.report(&line),
            None => drop(server.reports.lock().expect("reports").take()),
        }
        assert_eq!(names(&mirror, &connection).await, ["pay"], "{reason}");
        let (listed, watched) = server.take_counts();
        assert!(listed >= all && watched == 0, "{reason}: {listed} listings, {watched} watches");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_to_watch_plans_list() {
    let server = Arc::new(Server { forbids_watches: true, ..Server::default() });
    let (connection, mirror) = (server.connection(), Mirror::default());
    for _ in 0..4 {
        assert_eq!(names(&mirror, &connection).await, ["pay"]);
    }
    let (listed, watched) = server.take_counts();
    let (all, served) = all();
    assert!(listed >= 4 * all, "each plan lists: {listed}");
    assert!(watched <= served, "what is refused is not asked for with each plan: {watched}");
}
