# attribute: catalogue
# says: daemon has its own
# reason: golden paths are decided where the credentials are

provider "goldenpath" {
  daemon    = { endpoint = "unix:///run/goldenpath/daemon.sock" }
  catalogue = ["./golden-paths"]
}
