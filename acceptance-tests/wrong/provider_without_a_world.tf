# attribute: 
# says: sandbox
# reason: there is no default world: the sentence shows the choices

provider "goldenpath" {}
