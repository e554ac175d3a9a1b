//! The proxy that the environment names on the way to AWS and to API servers: HTTPS_PROXY and NO_PROXY, as kubectl and AWS's command line
//! read them for HTTPS.
//!
//! HTTP_PROXY and ALL_PROXY, which hyper's own look at the environment takes as well, count for nothing here. Over plain HTTP only the
//! agents of a machine or a pod are asked, for its credentials, and a proxy reaches none of them, or those of its own machine. And what
//! ALL_PROXY names for browsers keeps neither kubectl nor AWS's command line from working.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// On this machine, such as the end of a tunnel: as kubectl takes it.
const HERE: &str = "localhost,127.0.0.0/8,::1";

/// Its URL may hold a password, so it is never printed.
pub struct NamedProxy {
    https: String,
    /// What is reached without it.
    pub no: String,
}

// === impl NamedProxy ===

impl NamedProxy {
    pub fn from_env() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&str; 2]| {
            let values = names.into_iter().filter_map(&variable);
            values.map(|value| value.trim().to_owned()).find(|value| !value.is_empty()).unwrap_or_default()
        };
        let no = first(["NO_PROXY", "no_proxy"]);
        // kubectl takes `*.example.com` for `.example.com`, and the matcher takes it for a name.
        let without_star = |one: &str| match one.strip_prefix('*') {
            Some(rest) if rest.starts_with('.') => rest.to_owned(),
            _ => one.to_owned(),
        };
        let exceptions = no.split(',').map(str::trim).map(without_star).chain([HERE.to_owned()]);
        Self { https: first(["HTTPS_PROXY", "https_proxy"]), no: exceptions.collect::<Vec<_>>().join(",") }
    }

    /// `None`: none is named, or it is no URL. Without a scheme it is one of http, as curl takes it.
    pub fn url(&self) -> Option<String> {
        let url: Uri = self.https.parse().ok()?;
        url.authority()?;
        Some(if url.scheme().is_some() { self.https.clone() } else { format!("http://{}", self.https) })
    }

    pub fn matcher(&self) -> Matcher {
        Matcher::builder().https(&self.https).no(&self.no).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_one_proxy_and_what_it_is_not_for() {
        let server = "https://0a1b.gr7.eu-west-1.eks.amazonaws.com";
        let https = ("HTTPS_PROXY", "http://proxy.test:3128");
        let all = [("ALL_PROXY", "socks5://127.0.0.1:1080"), ("HTTP_PROXY", "http://proxy.test:3128")];
        let expected = Some("http://proxy.test:3128/");
        for (variables, server, expected, reason) in [
            (vec![], server, None, "none is named"),
            (vec![https], server, expected, "one is"),
            (vec![("HTTPS_PROXY", " "), ("https_proxy", https.1)], server, expected, "an empty variable says nothing"),
            (all.to_vec(), server, None, "what kubectl does not take either"),
            (all.to_vec(), "http://169.254.169.254/", None, "where a machine has its credentials from"),
            (vec![https], "http://169.254.170.23/v1/credentials", None, "where a pod has them from"),
            (vec![https, ("NO_PROXY", "a.test,*.eks.amazonaws.com")], server, None, "as kubectl takes it"),
            (vec![https, ("no_proxy", "eks.amazonaws.com")], server, None, "in small letters"),
            (vec![https, ("NO_PROXY", "*.us-east-1.eks.amazonaws.com")], server, expected, "another region"),
            (vec![https, ("NO_PROXY", "*")], server, None, "everything"),
            (vec![https, ("NO_PROXY", "a.test")], "https://127.0.0.1:6443", None, "the end of a tunnel"),
            (vec![https], "https://[::1]:6443", None, "and by IPv6"),
            (vec![https], "https://localhost:4566", None, "and by name"),
        ] {
            let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let named = NamedProxy::of(|name| value(name).map(str::to_owned));
            let found = named.matcher().intercept(&server.parse().expect("a URL"));
            assert_eq!(found.map(|found| found.uri().to_string()).as_deref(), expected, "{reason}");
        }
    }

    #[test]
    fn a_proxy_has_a_url() {
        for (written, expected, reason) in [
            ("http://proxy.test:3128", Some("http://proxy.test:3128"), "as it is"),
            ("proxy.test:3128", Some("http://proxy.test:3128"), "without a scheme"),
            ("https://anna:p%40s@proxy.test", Some("https://anna:p%40s@proxy.test"), "with a password"),
            ("", None, "none"),
            ("no proxy", None, "no URL"),
        ] {
            let named = NamedProxy::of(|name| (name == "HTTPS_PROXY").then(|| written.to_owned()));
            assert_eq!(named.url().as_deref(), expected, "{reason}");
        }
    }
}
