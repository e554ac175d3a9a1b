# attribute: daemon
# says: unix://
# reason: only a socket of one's own user is served

provider "goldenpath" {
  daemon = { endpoint = "https://daemon.example" }
}
