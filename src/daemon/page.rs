//! A page to look at: environments, one instance, operations and one of them as it runs. Read only.
//!
//! It is served on the listeners of the API, and not beside the metrics: there each connection has TLS or is the daemon's own user, and
//! each request proves who asks as a call of the API does, by certificate or bearer token. So a browser needs a client certificate, or
//! something before it that sends a token: a proxy with single sign-on, or the command `page`, which lends a loopback port the credentials of
//! the command line. Nothing is kept between requests: no session, no cookie, nothing that somebody else's page could make use of.
//!
//! Rendered here, from templates that escape all that they are given; two assets, both ours. Without its script only live progress is
//! missed: a page of an operation that runs then loads itself again.
//!
//! ```text
//! look       effects: what a caller may see, read within its bounds
//! rows       pure: what is shown of each instance and operation, in words
//! instance   pure: one instance
//! templates  rows -> HTML
//! live       an operation's events, as a browser reads them
//! response   what each response says besides
//! ```

mod instance;
mod live;
mod look;
mod response;
mod rows;
mod templates;

use crate::{
    contract::instance_id,
    gate::{Caller, Gate, Peer, bearer},
    refusal,
    reports::Reports,
};
use goldenpath_core::{
    domain::{Id, Problem},
    golden::Catalogue,
    provision::Cancel,
};
use http::{Method, Request, header::AUTHORIZATION};
use jiff::Timestamp;
use look::Look;
use percent_encoding::percent_decode_str;
use response::{PageResponse, Refused};
use std::sync::Arc;
use templates::{Frame, InstancePage, OperationPage, OperationsPage, OverviewPage};

/// However slow a target is, a browser waits no longer than that.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

pub struct Page {
    pub gate: Arc<Gate>,
    pub reports: Arc<Reports>,
    pub catalogue: Arc<Catalogue>,
}

/// What a path stands for.
#[derive(Debug, PartialEq, Eq)]
enum Route {
    Overview,
    Instance(Id),
    Operations,
    Operation(String),
    Events(String),
    Style,
    Script,
}

// === impl Route ===

impl Route {
    fn of(path: &str) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        Some(match parts[..] {
            [""] => Self::Overview,
            ["operations"] => Self::Operations,
            ["operations", id] => Self::Operation(id.to_owned()),
            ["operations", id, "events"] => Self::Events(id.to_owned()),
            ["instances", ..] => Self::Instance(instance_id(&parts[1..].join("/"))?),
            ["style.css"] => Self::Style,
            ["live.js"] => Self::Script,
            _ => return None,
        })
    }
}

// === impl Page ===

impl Page {
    /// `admitted`: cancelled once it is known who asks.
    pub async fn respond<B>(&self, request: &Request<B>, peer: &Peer, admitted: &Cancel) -> PageResponse {
        self.show(request, peer, admitted).await.unwrap_or_else(|refused| response::refusal_page(&refused))
    }

    async fn show<B>(&self, request: &Request<B>, peer: &Peer, admitted: &Cancel) -> Result<PageResponse, Refused> {
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Err(Refused::method());
        }
        let caller = self.admit(request, peer).await?;
        admitted.cancel();
        let place = Route::of(request.uri().path()).ok_or_else(Refused::no_page)?;
        let wanted = search_text(request.uri().query().unwrap_or_default());
        let shown = tokio::time::timeout(PATIENCE, self.page(&caller, place, &wanted)).await;
        shown.map_err(|_| Refused::late())?
    }

    /// As whoever greets on a connection of the API, with no bounds of its own.
    async fn admit<B>(&self, request: &Request<B>, peer: &Peer) -> Result<Caller, Refused> {
        let token = bearer(request.headers().get(AUTHORIZATION).map(|value| value.as_bytes()));
        let token = token.map_err(|problem| Refused::of(refusal::admission(&problem)))?;
        let caller = self.gate.admit(peer, token.as_deref(), vec![]).await.map_err(Refused::of)?;
        caller.check().map_err(Refused::of)?;
        Ok(caller)
    }

    async fn page(&self, caller: &Caller, place: Route, wanted: &str) -> Result<PageResponse, Refused> {
        let look = Look { reports: &self.reports, catalogue: &self.catalogue, caller, now: Timestamp::now() };
        let frame = |section| Frame::new(&caller.identity, section);
        let missing = |problem: Problem| Refused::problem(&problem);
        match place {
            Route::Overview => {
                let (clusters, running) = look.overview(wanted).await.map_err(missing)?;
                response::page(&OverviewPage { frame: frame("environments"), wanted, clusters, running })
            }
            Route::Instance(id) => {
                let instance = look.instance(&id).await.map_err(missing)?;
                response::page(&InstancePage { frame: frame("environments"), instance })
            }
            Route::Operations => {
                let operations = look.operations().await.map_err(missing)?;
                response::page(&OperationsPage { frame: frame("operations"), operations })
            }
            Route::Operation(id) => {
                let (operation, request) = look.operation(&id).await.map_err(missing)?;
                response::page(&OperationPage { frame: frame("operations"), operation, request })
            }
            Route::Events(id) => {
                let watching = look.events(&id).await.map_err(missing)?;
                Ok(live::events(watching))
            }
            Route::Style => Ok(response::asset("text/css; charset=utf-8", include_str!("page/assets/style.css"))),
            Route::Script => Ok(response::asset("text/javascript; charset=utf-8", include_str!("page/assets/live.js"))),
        }
    }
}

/// The text of the form's one field, as browsers send it.
fn search_text(query: &str) -> String {
    let field = query.split('&').find_map(|pair| pair.strip_prefix("q=")).unwrap_or_default().replace('+', " ");
    percent_decode_str(&field).decode_utf8_lossy().trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_place_or_none() {
        let instance = |id: &str| instance_id(id).map(Route::Instance);
        for (path, expected, reason) in [
            ("/", Some(Route::Overview), "where a browser begins"),
            ("/instances/demo", instance("demo"), "a baseline"),
            ("/instances/demo/pay", instance("demo/pay"), "an environment"),
            ("/instances/demo/pay/api", instance("demo/pay/api"), "a slot"),
            ("/instances/demo/pay/api/x", None, "nothing is in a slot"),
            ("/instances/demo/%3Cb%3E", None, "no name of an environment"),
            ("/operations/op-1", Some(Route::Operation("op-1".into())), "one operation"),
            ("/operations/op-1/events", Some(Route::Events("op-1".into())), "and its progress"),
            ("/metrics", None, "those are elsewhere"),
            ("", None, "no path"),
        ] {
            assert_eq!(Route::of(path), expected, "{reason}");
        }
        assert_eq!(search_text("x=1&q=Pay+%C3%A9%20"), "pay é", "as a form sends it");
    }
}
