# attribute: daemon
# says: https://
# reason: without TLS anybody on the way would have the token

provider "goldenpath" {
  daemon = { endpoint = "http://daemon.example:8080" }
}
