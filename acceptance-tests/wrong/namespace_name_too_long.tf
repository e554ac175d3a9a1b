# attribute: namespaces
# says: 63
# reason: <name>-<key> is a namespace's name

resource "goldenpath_team_environment" "namespace_name_too_long" {
  name       = "pppppppppppppppppppppppppppppppppppppppp"
  team       = "payments"
  tier       = "dev"
  cluster    = "demo"
  namespaces = { kkkkkkkkkkkkkkkkkkkkkkkkkkkkkk = {} }
}
