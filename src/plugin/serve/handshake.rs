//! How a client finds us: the one line on standard output, or `TF_REATTACH_PROVIDERS`.

use super::{address::Endpoint, environment::PROTOCOL};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use std::{error::Error, fmt};

/// go-plugin's own version, which has never changed.
const CORE_PROTOCOL: u32 = 1;

/// `1|6|unix|/tmp/.../socket|grpc|<certificate>`: the certificate is base64 of its DER, without padding, and empty in
/// plaintext. A seventh field says whether we multiplex the broker; only clients that know of it expect the field.
pub(super) fn line(endpoint: &Endpoint, certificate: Option<&[u8]>, knows_multiplexing: bool) -> String {
    let Endpoint { network, address } = endpoint;
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    let multiplexing = if knows_multiplexing { "|false" } else { "" };
    format!("{CORE_PROTOCOL}|{PROTOCOL}|{network}|{address}|grpc|{certificate}{multiplexing}\n")
}

/// Instead of the handshake: clients show a line that is none. A handshake has fields.
pub(super) fn refusal(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    let words: Vec<String> = std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect();
    format!("the provider can't start: {}\n", words.join(": ").replace(['|', '\n'], " "))
}

/// Where clients find a provider that runs already. Displayed, it is the line for a shell.
#[derive(Clone, Debug)]
pub struct Attachment {
    provider: &'static str,
    endpoint: Endpoint,
    process: u32,
}

impl Attachment {
    pub(super) fn new(provider: &'static str, endpoint: Endpoint, process: u32) -> Self {
        Self { provider, endpoint, process }
    }

    /// The value of `TF_REATTACH_PROVIDERS`. `Test` keeps clients from ending or killing a process that is not theirs.
    pub fn to_json(&self) -> serde_json::Value {
        let Endpoint { network, address } = &self.endpoint;
        serde_json::json!({
            self.provider: {
                "Protocol": "grpc",
                "ProtocolVersion": PROTOCOL,
                "Pid": self.process,
                "Test": true,
                "Addr": { "Network": network.to_string(), "String": address },
            }
        })
    }
}

impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The only free text in it is a path, and a quote in one would end the shell's string.
        write!(f, "TF_REATTACH_PROVIDERS='{}'", self.to_json().to_string().replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Network;

    fn endpoint() -> Endpoint {
        Endpoint { network: Network::Tcp, address: "127.0.0.1:10000".into() }
    }

    #[test]
    fn the_line_has_the_fields_that_go_plugin_splits() {
        let cases: [(&str, Option<&[u8]>, bool, &str); 4] = [
            ("plaintext: an empty last field", None, false, "1|6|tcp|127.0.0.1:10000|grpc|\n"),
            ("base64 without padding", Some(&[0xff]), false, "1|6|tcp|127.0.0.1:10000|grpc|/w\n"),
            ("multiplexing offered, and declined", Some(&[0xff]), true, "1|6|tcp|127.0.0.1:10000|grpc|/w|false\n"),
            ("the seventh field stays the seventh", None, true, "1|6|tcp|127.0.0.1:10000|grpc||false\n"),
        ];
        for (reason, certificate, multiplexing, expected) in cases {
            assert_eq!(line(&endpoint(), certificate, multiplexing), expected, "{reason}");
        }
    }

    #[test]
    fn a_refusal_is_one_line_and_no_handshake() {
        let source = std::io::Error::other("a|b|c|d\ne");
        let line = refusal(&crate::serve::ServeError::Handshake(source));
        assert!(line.starts_with("the provider can't start: ") && line.contains("a b c d e"), "{line}");
        assert!(line.lines().count() == 1 && !line.contains('|'), "{line}");
    }

    #[test]
    fn an_attachment_is_a_line_for_the_shell() {
        let address = "/tmp/o'brien/s".to_owned();
        let shown = Attachment::new("example.test/x/y", Endpoint { network: Network::Unix, address }, 1).to_string();
        assert!(shown.starts_with("TF_REATTACH_PROVIDERS='{"), "{shown}");
        assert!(shown.contains(r"o'\''brien"), "{shown}");

        let json = Attachment::new("example.test/x/y", endpoint(), 1).to_json();
        assert_eq!(json["example.test/x/y"]["ProtocolVersion"], 6, "0 would be taken as 5");
        assert_eq!(json["example.test/x/y"]["Test"], true);
        assert_eq!(json["example.test/x/y"]["Pid"], 1, "whom the client watches");
        assert_eq!(json["example.test/x/y"]["Addr"]["String"], "127.0.0.1:10000");
    }
}
