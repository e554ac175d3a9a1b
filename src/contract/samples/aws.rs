//! Samples of AWS's kinds.

use super::sample::{Names, Sample};
use goldenpath_core::{
    domain::{AccessEntry, AccessPolicy, Body, ObjectKey, PodIdentityAssociation, Role},
    kinds::Kind,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn sample(names: &Names<'_>, kind: &Kind) -> Option<Sample> {
    match kind.name {
        "Role" => Some(names.role()),
        "AccessEntry" => Some(names.access_entry()),
        "AccessPolicy" => Some(names.access_policy()),
        "PodIdentityAssociation" => Some(names.association()),
        _ => None,
    }
}

impl Names<'_> {
    fn tags(&self) -> BTreeMap<String, String> {
        [
            ("goldenpath:managed", "true".to_owned()),
            ("goldenpath:environment", self.environment.clone()),
            ("goldenpath:cluster-arn", self.cluster.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn role_body(&self) -> Role {
        let account = format!("arn:{}:iam::{}:root", self.cluster.partition(), self.cluster.account());
        let statement = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account}}]);
        let inline = json!({"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["eks:DescribeCluster"], "Resource": [self.cluster.as_str()]}]});
        Role {
            path: format!("/goldenpath/{}/", self.environment),
            trust: json!({"Version": "2012-10-17", "Statement": statement}),
            inline: BTreeMap::from([("cluster".to_owned(), inline)]),
            attached: BTreeSet::new(),
            boundary: self.boundary.to_owned(),
            max_session_seconds: 3600,
            description: "of the contract suite".to_owned(),
            tags: self.tags(),
        }
    }

    fn role_name(&self) -> String {
        format!("gp-{}", self.environment)
    }

    fn role_arn(&self) -> String {
        let (cluster, environment) = (self.cluster, &self.environment);
        let (partition, account) = (cluster.partition(), cluster.account());
        format!("arn:{partition}:iam::{account}:role/goldenpath/{environment}/{}", self.role_name())
    }

    fn role_need(&self) -> (ObjectKey, Body) {
        (ObjectKey::role(self.role_name()), Body::Role(self.role_body()))
    }

    fn role(&self) -> Sample {
        let body = self.role_body();
        Sample {
            key: ObjectKey::role(self.role_name()),
            changed: Some(Body::Role(Role { max_session_seconds: 7200, ..body.clone() })),
            body: Body::Role(body),
            owned: "/maxSessionDuration",
            edited: Some(("/max_session_seconds", json!(5400))),
            foreign: Some(("/tags/cost-allocation", json!("shared"))),
            needs: vec![],
        }
    }

    fn entry_need(&self) -> (ObjectKey, Body) {
        let entry = AccessEntry::new("gp:p:0123456789abcdef", self.tags());
        (ObjectKey::AccessEntry { principal: self.role_arn() }, Body::AccessEntry(entry))
    }

    fn access_entry(&self) -> Sample {
        let (key, body) = self.entry_need();
        let changed = AccessEntry::new("gp:p:fedcba9876543210", self.tags());
        Sample {
            key,
            body,
            changed: Some(Body::AccessEntry(changed)),
            owned: "/kubernetesGroups",
            edited: Some(("/group", json!("somebody"))),
            foreign: Some(("/tags/cost-allocation", json!("shared"))),
            needs: vec![self.role_need()],
        }
    }

    fn access_policy(&self) -> Sample {
        let principal = self.role_arn();
        let policy = "AmazonEKSViewPolicy".to_owned();
        Sample {
            key: ObjectKey::AccessPolicy { policy, namespace: self.environment.clone(), principal },
            body: Body::AccessPolicy(AccessPolicy {}),
            changed: None,
            owned: "/accessScope/type",
            edited: None,
            foreign: None,
            needs: vec![self.role_need(), self.entry_need()],
        }
    }

    fn association(&self) -> Sample {
        let body = PodIdentityAssociation {
            role_arn: self.role_arn(),
            target_role_arn: None,
            disable_session_tags: false,
            policy: None,
            tags: self.tags(),
        };
        Sample {
            key: ObjectKey::PodIdentityAssociation {
                namespace: self.environment.clone(),
                service_account: "app".to_owned(),
            },
            changed: Some(Body::PodIdentityAssociation(PodIdentityAssociation {
                disable_session_tags: true,
                ..body.clone()
            })),
            body: Body::PodIdentityAssociation(body),
            owned: "/disableSessionTags",
            edited: Some(("/disable_session_tags", json!(true))),
            foreign: Some(("/tags/cost-allocation", json!("shared"))),
            needs: vec![self.role_need()],
        }
    }
}
