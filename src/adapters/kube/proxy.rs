//! The proxy on the way to an API server: the one that HTTPS_PROXY and NO_PROXY name, as for AWS, as in kubectl.
//!
//! kube itself reads these variables for a kubeconfig alone, and holds NO_PROXY against the proxy's own name instead of the server's.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Uri, uri::Authority};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use kube::config::Kubeconfig;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// `None`: no proxy is in between.
pub(super) fn proxy_to(server: &Uri, environment: &Matcher) -> Result<Option<Uri>, String> {
    let Some(found) = environment.intercept(server) else { return Ok(None) };
    let (scheme, place) = (found.uri().scheme_str().unwrap_or_default(), found.uri().authority());
    let place = place.map(Authority::as_str).unwrap_or_default();
    if !matches!(scheme, "http" | "https") {
        return Err(format!(
            "the proxy {scheme}://{place} of its environment can't be used: set HTTPS_PROXY to one of http or https, or name the \
             server in NO_PROXY"
        ));
    }
    let login = login(&found).map(|login| login + "@").unwrap_or_default();
    let proxy = format!("{scheme}://{login}{place}").parse::<Uri>();
    proxy.map(Some).map_err(|error| format!("the proxy {place} of its environment is not a URL: {error}"))
}

/// What a kubeconfig says of its own is stronger than any variable.
pub(super) fn has_own_proxy(file: &Kubeconfig, context: Option<&str>) -> bool {
    let context = file.contexts.iter().find(|one| Some(one.name.as_str()) == context);
    let name = context.and_then(|one| one.context.as_ref()).map(|context| &context.cluster);
    let cluster = file.clusters.iter().find(|one| Some(&one.name) == name).and_then(|one| one.cluster.as_ref());
    cluster.and_then(|cluster| cluster.proxy_url.as_ref()).is_some_and(|url| !url.is_empty())
}

/// As a URL has it. The matcher gives a header, and kube takes a URL.
fn login(proxy: &Intercept) -> Option<String> {
    let header = proxy.basic_auth()?.to_str().ok()?;
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, password) = decoded.split_once(':')?;
    let [user, password] = [user, password].map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string());
    Some(format!("{user}:{password}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::NamedProxy;

    #[test]
    fn the_environment_says_which_proxy_is_on_the_way() {
        let server = "https://0a1b.gr7.eu-west-1.eks.amazonaws.com";
        let proxy = "http://proxy.test:3128";
        for (server, https, no, expected, reason) in [
            (server, "", "", Some(""), "none is named"),
            (server, proxy, "", Some("http://proxy.test:3128/"), "as for AWS"),
            (server, "proxy.test:3128", "", Some("http://proxy.test:3128/"), "without a scheme, as curl takes it"),
            (server, "https://proxy.test", "", Some("https://proxy.test/"), "over TLS"),
            (server, "http://anna:p%40s@proxy.test:1", "", Some("http://anna:p%40s@proxy.test:1/"), "with a password"),
            (server, proxy, "10.0.0.0/8, .eks.amazonaws.com", Some(""), "a private endpoint"),
            ("https://10.1.2.3", proxy, "10.0.0.0/8", Some(""), "one by its address"),
            (server, proxy, "gr7.us-east-1.eks.amazonaws.com", Some("http://proxy.test:3128/"), "another one"),
            ("https://127.0.0.1:6443", proxy, "", Some(""), "the end of a tunnel"),
            ("https://[::1]:6443", proxy, "", Some(""), "and by IPv6"),
            (server, "socks5://anna:secret@proxy.test:1080", "", None, "a protocol that can't be used"),
        ] {
            let environment = NamedProxy::of(|name| match name {
                "HTTPS_PROXY" => Some(https.to_owned()),
                "NO_PROXY" => Some(no.to_owned()),
                _ => None,
            });
            let environment = environment.matcher();
            let found = proxy_to(&server.parse().expect("a URL"), &environment);
            let shown = found.as_ref().ok().map(|url| url.as_ref().map(Uri::to_string).unwrap_or_default());
            assert_eq!(shown.as_deref(), expected, "{reason}: {found:?}");
            let error = found.err().unwrap_or_default();
            assert!(error.is_empty() || error.contains("NO_PROXY") && !error.contains("secret"), "{reason}: {error}");
        }
    }
}
