#!/usr/bin/env python3
"""A policy over `goldenpath explain --json PLAN`: exits with 1 and says why if a plan needs a second reviewer.

    goldenpath explain --json saved.plan | python3 deny.py
"""

import json
import sys

FORMAT = 1
POWERFUL = {"admin", "deployer"}


def reasons(review):
    if review["format"] != FORMAT:
        yield f"format {review['format']} is not known to this policy"
        return
    for lost in review["lost"]:
        yield f"namespace {lost['namespace']} is lost by {lost['by']} of {lost['address']}"
    for access in review["access"]:
        if access["direction"] == "gains" and access["what"] in POWERFUL:
            yield f"{access['who']} ({access['kind']}) gains {access['what']} in {access['environment']}"
    for unknown in review["unknown"]:
        if unknown["action"] != "create":
            yield f"{unknown['address']} does not say what will be"


if __name__ == "__main__":
    found = list(reasons(json.load(sys.stdin)))
    print("\n".join(found))
    sys.exit(1 if found else 0)
