//! Which certificate authorities are trusted when we call AWS.
//!
//! `AWS_CA_BUNDLE` as every tool of AWS has it, else the bundle of this system. Of the two forms in which systems keep the same
//! certificates, the one file is a tenth of the work of the folder with a file for each.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// As the distributions call it; elsewhere, and where there is none, the platform decides.
#[cfg(target_os = "linux")]
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
#[cfg(not(target_os = "linux"))]
const BUNDLES: [&str; 0] = [];

#[derive(Debug, PartialEq, Eq)]
enum Source {
    /// Set by the user.
    Named(&'static str, PathBuf),
    Usual(PathBuf),
    Platform,
}

/// Pure but for what it is given to look with.
fn source(variable: impl Fn(&str) -> Option<OsString>, exists: impl Fn(&Path) -> bool) -> Source {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        if let Some(path) = set(name) {
            return Source::Named(name, path.into());
        }
    }
    let usual = BUNDLES.into_iter().map(Path::new).find(|path| exists(path));
    match (set("SSL_CERT_DIR"), usual) {
        (None, Some(path)) => Source::Usual(path.to_owned()),
        _ => Source::Platform,
    }
}

/// PEM of the certificates to trust; `None`: the platform's own.
pub(super) fn load() -> Result<Option<String>, String> {
    match source(|name| std::env::var_os(name), Path::exists) {
        Source::Named(name, path) => {
            let failed = |problem: String| format!("{name} names {}: {problem}", path.display());
            let content = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
            usable(&content).map(Some).ok_or_else(|| failed("the file holds no PEM certificate".to_owned()))
        }
        Source::Usual(path) => Ok(std::fs::read(path).ok().and_then(|content| usable(&content))),
        Source::Platform => Ok(None),
    }
}

/// Those that can be trusted at all, as every client leaves the rest out; `None` without one.
fn usable(content: &[u8]) -> Option<String> {
    let mut pem = String::new();
    for certificate in CertificateDer::pem_slice_iter(content).flatten() {
        let encoded = STANDARD.encode(&certificate);
        if RootCertStore::empty().add(certificate).is_ok() {
            pem += &format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
        }
    }
    (!pem.is_empty()).then_some(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_a_bundle_gets_it() {
        let usual = BUNDLES.first().map_or(Source::Platform, |path| Source::Usual(path.into()));
        for (set, is_there, expected, reason) in [
            (
                &[("AWS_CA_BUNDLE", "/a"), ("SSL_CERT_FILE", "/b")] as &[(&str, &str)],
                true,
                Source::Named("AWS_CA_BUNDLE", "/a".into()),
                "AWS's own variable first",
            ),
            (
                &[("SSL_CERT_FILE", "/b"), ("SSL_CERT_DIR", "/c")],
                true,
                Source::Named("SSL_CERT_FILE", "/b".into()),
                "a file says it all",
            ),
            (&[("SSL_CERT_DIR", "/c")], true, Source::Platform, "only a folder was named"),
            (&[("AWS_CA_BUNDLE", "")], true, usual, "an empty variable is unset"),
            (&[], false, Source::Platform, "no bundle in the usual places"),
        ] {
            let variable = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            assert_eq!(source(variable, |_| is_there), expected, "{reason}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_left_out() {
        let signed = rcgen::generate_simple_self_signed(["aws.test".to_owned()]).expect("a certificate");
        let good = signed.cert.pem();
        let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (content, expected, reason) in [
            (good.clone(), 1, "one"),
            (format!("# a comment\n{bad}{good}\nrest"), 1, "one of two is none"),
            (bad.to_owned(), 0, "none at all"),
            (String::new(), 0, "an empty file"),
        ] {
            let pem = usable(content.as_bytes()).unwrap_or_default();
            assert_eq!(pem.matches("BEGIN").count(), expected, "{reason}");
            assert_eq!(
                CertificateDer::pem_slice_iter(pem.as_bytes()).flatten().count(),
                expected,
                "{reason}: it reads back"
            );
        }
    }
}
