# attribute: 
# says: No target: set `aws`, `daemon`, `sandbox` or `offline`
# reason: there is no default target: the sentence shows the choices

provider "goldenpath" {}
