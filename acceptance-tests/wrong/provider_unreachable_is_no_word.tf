# attribute: unreachable
# says: assume_unchanged
# reason: the sentence lists the choices

provider "goldenpath" {
  sandbox     = { path = "sandbox.db" }
  unreachable = "ignore"
}
