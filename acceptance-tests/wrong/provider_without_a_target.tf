# attribute: 
# says: sandbox
# reason: there is no default target: the sentence shows the choices

provider "goldenpath" {}
