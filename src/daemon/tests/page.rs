//! The page as a browser asks for it, through the command's loopback port and over TLS.

use super::{
    harness::{DaemonFixture, LONG, ensure_of, until},
    network::Network,
};
use crate::{Address, ClientOptions, TokenSource, serve_page};
use goldenpath_core::provision::{DaemonReports as _, Provisioner as _};
use serde_json::json;
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    time::timeout,
};

pub struct Browser {
    host: String,
    cookie: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Browser {
    /// On the address that the command prints.
    pub async fn open(options: ClientOptions) -> Self {
        let (prints, address) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let Err(error) = serve_page(options, 0, |address| prints.send(address.to_owned()).unwrap()).await;
            panic!("{error}");
        });
        let address = address.await.unwrap();
        let (host, key) = address.strip_prefix("http://").unwrap().split_once("/?key=").unwrap();
        let (host, mut browser) = (host.to_owned(), Self { host: host.to_owned(), cookie: String::new(), serving });
        let (status, head) = browser.get(&format!("/?key={key}")).await;
        assert!(status == 303 && head.contains("location: /\r\n"), "the key leaves the address: {head}");
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        assert!(host.starts_with("127.0.0.1:"));
        browser
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}", self.host, self.cookie), "").await
    }

    /// Until `until` has come, or all of it.
    async fn send(&self, request: &str, until: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.host).await.unwrap();
        stream.write_all(format!("{request}\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let (mut response, mut part) = (String::new(), [0; 4096]);
        let read = async {
            while until.is_empty() || !response.contains(until) {
                match stream.read(&mut part).await.unwrap() {
                    0 => break,
                    count => response.push_str(&String::from_utf8_lossy(&part[..count])),
                }
            }
        };
        timeout(LONG, read).await.unwrap();
        (response.split(' ').nth(1).unwrap().parse().unwrap(), response)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_sees_what_the_api_shows_it() {
    let network = Network::start().await;
    let token = || Some(TokenSource::Text(network.issuer.token(json!({}))));
    let team = Arc::new(network.client(None, token()));
    let worker = team.clone();
    let waiting = tokio::spawn(async move { worker.ensure(ensure_of("demo")).await });
    until(|| network.fixture.engine.ensures() == 1).await;
    let id = team.operations().await.unwrap()[0].id.clone();
    let own = network.pair("shop", Some("spiffe://acme/shop/ci"));
    let (nobody, no_rule) = (network.options(None, None), network.options(network.pair("nobody", None), None));
    for (options, list, one, reason) in [
        (network.options(None, token()), 200, 200, "what it asked for itself"),
        (network.options(network.pair("platform", None), None), 200, 200, "whose bounds are everything"),
        (network.options(own, None), 200, 404, "of another team, that there is one is not said"),
        (nobody, 401, 401, "who proves nothing"),
        (no_rule, 403, 403, "whom no rule lets in"),
    ] {
        let browser = Browser::open(options).await;
        let (status, html) = browser.get("/operations").await;
        assert_eq!((status, html.contains(&id)), (list, one == 200), "{reason}: {html}");
        assert!(html.contains("content-security-policy: default-src 'none'"), "{reason}: {html}");
        let (status, html) = browser.get(&format!("/operations/{id}")).await;
        let wish = "&#34;kind&#34;: &#34;baseline&#34;";
        assert_eq!((status, html.contains(wish)), (one, one == 200), "{reason}: {html}");
        let events =
            format!("GET /operations/{id}/events HTTP/1.1\r\nhost: {}\r\ncookie: {}", browser.host, browser.cookie);
        let (status, text) = browser.send(&events, "\"kind\":\"began\"").await;
        assert_eq!((status, text.contains("text/event-stream")), (one, one == 200), "{reason}: {text}");
    }
    network.fixture.engine.release(9);
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_port_of_the_loopback_is_for_one_browser() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let (address, endpoint) = (Address::Unix(fixture.socket()), String::new());
    let browser = Browser::open(ClientOptions { address, endpoint, token: None }).await;
    let Browser { host, cookie, .. } = &browser;
    for (request, expected, reason) in [
        (format!("GET / HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}"), 200, "the browser that had the key"),
        (format!("GET / HTTP/1.1\r\nhost: {host}"), 403, "another user of the machine"),
        (format!("GET /?key=00 HTTP/1.1\r\nhost: {host}"), 403, "who guesses"),
        (format!("GET / HTTP/1.1\r\nhost: evil.example\r\ncookie: {cookie}"), 403, "a name that leads here"),
        (
            format!("POST / HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\ncontent-length: 0"),
            405,
            "nothing is changed",
        ),
        (format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}"), 404, "those are elsewhere"),
        (format!("GET /style.css HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}"), 200, "what the page needs"),
    ] {
        let (status, response) = browser.send(&request, "").await;
        assert_eq!(status, expected, "{reason}: {response}");
    }
    let (address, token) = (Address::Unix(fixture.socket()), Some(TokenSource::File("/nowhere/token".into())));
    let without_token = Browser::open(ClientOptions { address, endpoint: String::new(), token }).await;
    let (status, text) = without_token.get("/").await;
    let said = "No response of the daemon: The token for the daemon can't be read from /nowhere/token";
    assert!(status == 502 && text.contains(said), "in words: {text}");
    daemon.end();
    assert_eq!(browser.get("/").await.0, 502, "the daemon is gone");
}
