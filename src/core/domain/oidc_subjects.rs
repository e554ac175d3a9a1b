//! Whose tokens of an OIDC provider a subject matches. Anybody gets tokens of GitHub or GitLab, and what tells theirs from ours is how the
//! subject begins: a wildcard stands only after that.
//!
//! GitHub Docs, OpenID Connect reference, Subject claims; GitLab Docs, ID token authentication.

/// What has to be spelled out before the first wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinned {
    /// Of a golden path, which bounds what requests may name.
    Owner,
    /// Of a request, which the trust of a role is made of.
    Repository,
}

/// A subject that names a repository: `<claim><owner>/<repository>:...`.
struct Form {
    provider: &'static str,
    claim: &'static str,
    owner: &'static str,
    repository: &'static str,
}

const FORMS: [Form; 2] = [
    Form {
        provider: "token.actions.githubusercontent.com",
        claim: "repo:",
        owner: "repo:<owner>/",
        repository: "repo:<owner>/<repository>:",
    },
    Form {
        provider: "gitlab.com",
        claim: "project_path:",
        owner: "project_path:<group>/",
        repository: "project_path:<group>/<project>:",
    },
];

// === impl Form ===

impl Form {
    /// Also of one that a company runs itself, and of an enterprise's own issuer below GitHub's.
    fn is_of(&self, provider: &str, subject: &str) -> bool {
        let (host, _) = provider.split_once('/').unwrap_or((provider, ""));
        host == self.provider || subject.starts_with(self.claim)
    }

    fn is_pinned(&self, literal: &str, pinned: Pinned) -> bool {
        let path = literal.strip_prefix(self.claim).and_then(|path| path.split_once('/'));
        path.is_some_and(|(owner, rest)| {
            let has_repository = || rest.split_once(':').is_some_and(|(repository, _)| !repository.is_empty());
            !owner.is_empty() && (pinned == Pinned::Owner || has_repository())
        })
    }

    fn beginning(&self, pinned: Pinned) -> &'static str {
        match pinned {
            Pinned::Owner => self.owner,
            Pinned::Repository => self.repository,
        }
    }
}

/// The error is what the subject has to begin with, spelled out.
pub fn check(provider: &str, subject: &str, pinned: Pinned) -> Result<(), &'static str> {
    let form = FORMS.iter().find(|form| form.is_of(provider, subject));
    let literal = match subject.find(['*', '?']) {
        None if !subject.is_empty() => return Ok(()),
        first => &subject[..first.unwrap_or_default()],
    };
    let (is_pinned, beginning) = match form {
        Some(form) => (form.is_pinned(literal, pinned), form.beginning(pinned)),
        None => (literal.find([':', '/']).is_some_and(|end| end > 0), "<its first part>:"),
    };
    if is_pinned { Ok(()) } else { Err(beginning) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: &str = "token.actions.githubusercontent.com";

    #[test]
    fn wildcards_stand_after_what_says_whose_the_tokens_are() {
        for (provider, subject, for_path, for_request, reason) in [
            (GITHUB, "repo:acme/pay:ref:refs/heads/main", true, true, "one branch"),
            (GITHUB, "repo:acme/pay", true, true, "no wildcard at all"),
            (GITHUB, "repo:acme/pay:*", true, true, "whatever runs in one repository"),
            (GITHUB, "repo:acme/pay:ref:refs/tags/v?", true, true, "some of it"),
            (GITHUB, "repo:acme/pay*", true, false, "pay-by-others, too"),
            (GITHUB, "repo:acme/*", true, false, "every repository of the owner: a bound, and no trust"),
            (GITHUB, "repo:acme/{team}-*", true, false, "those of a team, by their names"),
            (GITHUB, "repo:acme/:*", true, false, "no repository"),
            (GITHUB, "repo:acme*/pay:ref:x", false, false, "acme-by-others"),
            (GITHUB, "repo:acme:*", false, false, "no owner that ends"),
            (GITHUB, "repo:/pay:*", false, false, "no owner"),
            (GITHUB, "repo:*", false, false, "all of GitHub"),
            (GITHUB, "repo:?cme/pay:*", false, false, "the same by one character"),
            (GITHUB, "job_workflow_ref:acme/pay/*", false, false, "a claim that anybody's workflow may have"),
            (GITHUB, "", false, false, "nothing"),
            ("token.actions.githubusercontent.com/acme", "repo:*", false, false, "an enterprise's own issuer"),
            ("git.acme.example/_services/token", "repo:*", false, false, "GitHub that a company runs itself"),
            ("gitlab.com", "project_path:acme/pay:ref_type:branch:ref:*", true, true, "one project"),
            ("gitlab.com", "project_path:acme/pay/api:*", true, true, "one of a group inside the group"),
            ("gitlab.com", "project_path:acme/*", true, false, "every project of the group"),
            ("gitlab.com", "project_path:*", false, false, "all of GitLab"),
            ("gitlab.com", "project*:acme/pay:x", false, false, "a wildcard before it"),
            ("gitlab.acme.example", "project_path:*", false, false, "GitLab that a company runs itself"),
            ("app.terraform.io", "organization:acme:project:*", true, true, "others: after the first part"),
            ("app.terraform.io", "organ*:acme", false, false, "inside of it"),
            ("app.terraform.io", "?rganization:acme", false, false, "at its begin"),
            ("app.terraform.io", ":*", false, false, "an empty one"),
            ("idp.example.com", "service-*", false, false, "there is one part"),
            ("idp.example.com", "service-7", true, true, "spelled out"),
            ("idp.example.com", "", false, false, "nothing"),
        ] {
            assert_eq!(check(provider, subject, Pinned::Owner).is_ok(), for_path, "{subject} in a path: {reason}");
            let request = check(provider, subject, Pinned::Repository);
            assert_eq!(request.is_ok(), for_request, "{subject} in a request: {reason}");
        }
        assert_eq!(check(GITHUB, "repo:acme/*", Pinned::Repository), Err("repo:<owner>/<repository>:"));
        assert_eq!(check("gitlab.com", "*", Pinned::Owner), Err("project_path:<group>/"));
    }
}
