# attribute: name
# says: at most 40 characters
# reason: suffixes must fit into the 63 of a namespace

resource "goldenpath_team_environment" "name_too_long" {
  name    = "ppppppppppppppppppppppppppppppppppppppppp"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
}
