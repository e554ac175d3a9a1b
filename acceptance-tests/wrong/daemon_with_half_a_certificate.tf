# attribute: daemon.client_key
# says: Set `client_key`
# reason: a certificate proves nothing without its key

provider "goldenpath" {
  daemon = { endpoint = "https://daemon.example:8443", client_certificate = "/etc/goldenpath/tls.crt" }
}
