//! What a change as a whole is refused or warned for, in words.

use crate::{
    domain::{ClusterArn, Id, Problem},
    kinds::aws::role,
};

pub fn shared_namespace(id: &Id, namespace: &str, rival: &Id) -> Problem {
    Problem::error(
        "names.shared_namespace",
        format!("{id} and {rival} would both create the namespace {namespace}: choose another name or key"),
        "The key `default` is the namespace with the environment's name, any other key is appended to it with `-`, and so is the \
         name of a slot with a namespace of its own. Nothing was changed. Choose another name or key.",
    )
}

pub fn no_baseline(id: &Id, is_plan: bool) -> Problem {
    let problem = match is_plan {
        true => Problem::warning(
            "baseline.missing",
            format!("Undecided: cluster {} has no baseline", id.cluster()),
            format!(
                "{id} needs what goldenpath_cluster_baseline creates once per cluster. If it is created in this run, add \
                 `depends_on = [goldenpath_cluster_baseline.<name>]`, otherwise apply is refused."
            ),
        ),
        false => Problem::error(
            "baseline.missing",
            format!("Cluster {} has no baseline: apply goldenpath_cluster_baseline first", id.cluster()),
            format!(
                "{id} needs what goldenpath_cluster_baseline creates once per cluster. Nothing was changed. Add that resource, \
                 and `depends_on` it."
            ),
        ),
    };
    problem.at(["cluster"])
}

pub fn missing_instance(id: &Id) -> Problem {
    Problem::error(
        "record.gone",
        format!("{id} no longer exists: plan again"),
        "Its record and its objects were deleted after the plan was made. Plan again, and it will be created.",
    )
}

pub fn no_boundary(cluster: &ClusterArn, arn: &str) -> Problem {
    if !role::may_have_policy(cluster, arn) {
        let account = cluster.account();
        return Problem::error(
            "boundary.missing",
            format!("The permissions boundary {arn} is not of the account {account}: name one of that account"),
            "Every role is created with it, and IAM takes no policy of another account than the role's. Write {account} for the account's \
             number in the golden path, or have a golden path for each account.",
        );
    }
    Problem::error(
        "boundary.missing",
        format!("The permissions boundary {arn} does not exist: create the policy first"),
        "Every role is created with it. Create the policy in this account first, or have the golden path name another one.",
    )
}
