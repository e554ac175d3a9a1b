//! An operation's events as a browser reads them (server-sent events): one line of JSON each. With its operation the stream is over.

use super::response::{PageResponse, response};
use crate::events::Watching;
use futures_util::{Stream, StreamExt as _, stream};
use http::StatusCode;
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use provisioner_proto::WatchResponse;
use serde_json::json;
use std::{convert::Infallible, time::Duration};
use tokio::time::interval;
use tonic::{Status, body::Body};

/// Proxies close a connection on which nothing is said for half a minute or a minute.
const ALIVE: Duration = Duration::from_secs(15);

pub fn events(watching: Watching) -> PageResponse {
    let frames = lines(watching).map(|text| Ok::<_, Infallible>(Frame::data(Bytes::from(text))));
    response(StatusCode::OK, "text/event-stream", Body::new(StreamBody::new(frames)))
}

fn lines(watching: Watching) -> impl Stream<Item = String> + Send {
    stream::unfold((watching, interval(ALIVE)), |(mut watching, mut alive)| async move {
        let text = tokio::select! {
            event = watching.next() => line(event?)?,
            _ = alive.tick() => ": alive\n\n".to_owned(),
        };
        Some((text, (watching, alive)))
    })
}

/// `None`: the watcher was dropped, or the daemon ends; the browser connects again by itself.
fn line(event: Result<WatchResponse, Status>) -> Option<String> {
    let WatchResponse { at, kind, done, of, text, .. } = event.ok()?;
    let event = json!({ "at": at, "kind": kind, "done": done, "of": of, "text": text });
    Some(format!("data: {event}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_several_lines_is_one_event() {
        let event = WatchResponse { kind: "step".into(), text: "one\n\ndata: {}".into(), ..WatchResponse::default() };
        let line = line(Ok(event)).unwrap();
        assert_eq!(line.matches('\n').count(), 2, "only at its end: {line}");
        assert!(super::line(Err(Status::unavailable("it ends"))).is_none());
    }
}
