//! What a new sandbox holds, and what the options add to it each time it is opened.

use crate::{
    aws::{clusters::user, iam},
    error::SandboxError,
    kubernetes::namespaces,
    options::{ClusterOptions, SandboxOptions},
    store::{Row, Store, TimeSource, uuid},
};
use goldenpath_core::domain::{ClusterArn, ObjectKey, short_hash};
use rusqlite::params;
use serde_json::json;
use std::path::Path;

const DEMO: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";
const PERMISSION_SETS: [&str; 4] = ["AdministratorAccess", "PlatformEngineer", "PaymentsDev", "PaymentsView"];
const ROLES: [&str; 2] = ["pay-admin", "ci"];
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

pub fn open(path: &Path, options: &SandboxOptions, time: TimeSource) -> Result<Store, SandboxError> {
    let mut store = Store::open(path, options, time, new_target)?;
    store.transaction(|store| declare(store, options))?;
    Ok(store)
}

/// `policy/goldenpath/boundary`: the permissions boundary of the embedded path.
fn boundary(partition: &str, account: &str) -> String {
    format!("arn:{partition}:iam::{account}:policy/goldenpath/boundary")
}

fn new_target(store: &mut Store) -> Result<(), SandboxError> {
    store.connection().execute("INSERT INTO target (uuid, calls, revision) VALUES (?1, 0, 0)", [uuid()?])?;
    let demo: ClusterArn = DEMO.parse().map_err(|_| SandboxError::Ended)?;
    declare_cluster(store, &ClusterOptions::new(demo.clone()))?;
    for name in PERMISSION_SETS {
        declare_permission_set(store, name)?;
    }
    for role in ROLES {
        declare_principal(store, &format!("arn:{}:iam::{}:role/{role}", demo.partition(), demo.account()))?;
    }
    Ok(())
}

/// All of it idempotent: every process that opens the file declares again.
fn declare(store: &mut Store, options: &SandboxOptions) -> Result<(), SandboxError> {
    let SandboxOptions { clusters, policies, permission_sets, principals, visibility_delay_ms: _, calls_per_second: _ } =
        options;
    for cluster in clusters {
        declare_cluster(store, cluster)?;
    }
    for arn in policies {
        store.connection().execute("INSERT OR IGNORE INTO policy (arn) VALUES (?1)", [arn])?;
    }
    for name in permission_sets {
        declare_permission_set(store, name)?;
    }
    for arn in principals {
        declare_principal(store, arn)?;
    }
    Ok(())
}

fn declare_cluster(store: &mut Store, cluster: &ClusterOptions) -> Result<(), SandboxError> {
    let arn = &cluster.arn;
    declare_account(store, arn)?;
    store.connection().execute(
        "INSERT INTO cluster (arn, name, options) VALUES (?1, ?2, ?3) \
         ON CONFLICT (arn) DO UPDATE SET options = excluded.options",
        params![arn.as_str(), arn.name(), serde_json::to_string(cluster)?],
    )?;
    for name in NAMESPACES {
        let key = ObjectKey::namespace_object(name);
        if Row::load(store, arn.as_str(), &key)?.is_none() {
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            Row::new(store, arn, &key, body)?.save(store)?;
            namespaces::populate(store, arn, name)?;
        }
    }
    Ok(())
}

/// A new account has the boundary policy and the permission sets that all the others have.
fn declare_account(store: &mut Store, arn: &ClusterArn) -> Result<(), SandboxError> {
    if iam::has_account(store, arn.account())? {
        return Ok(());
    }
    let connection = store.connection();
    connection.execute("INSERT INTO account (id) VALUES (?1)", [arn.account()])?;
    connection.execute("INSERT OR IGNORE INTO policy (arn) VALUES (?1)", [boundary(arn.partition(), arn.account())])?;
    connection.execute("INSERT OR IGNORE INTO user (arn) VALUES (?1)", [user(arn)])?;
    let names: Vec<String> = {
        let mut statement = connection.prepare("SELECT DISTINCT name FROM permission_set")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    for name in names {
        permission_set(store, arn, &name)?;
    }
    Ok(())
}

fn declare_permission_set(store: &mut Store, name: &str) -> Result<(), SandboxError> {
    let arns: Vec<String> = {
        let mut statement = store.connection().prepare("SELECT arn FROM cluster")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    for arn in arns {
        if let Ok(arn) = arn.parse() {
            permission_set(store, &arn, name)?;
        }
    }
    Ok(())
}

/// IAM Identity Center makes one role per permission set and account, under a reserved path with its home region.
fn permission_set(store: &mut Store, cluster: &ClusterArn, name: &str) -> Result<(), SandboxError> {
    let (partition, account) = (cluster.partition(), cluster.account());
    let suffix = short_hash([account, name], 16);
    let arn = format!(
        "arn:{partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com/{}/AWSReservedSSO_{name}_{suffix}",
        cluster.region()
    );
    let made = store.connection().execute(
        "INSERT OR IGNORE INTO permission_set (account, name, arn) VALUES (?1, ?2, ?3)",
        params![account, name, arn],
    )?;
    if made > 0 { declare_principal(store, &arn) } else { Ok(()) }
}

/// A role becomes an object that is not ours, so that its name is taken and it can be deleted.
fn declare_principal(store: &mut Store, arn: &str) -> Result<(), SandboxError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, _, _, account, resource] = parts.as_slice() else {
        return Ok(());
    };
    store.connection().execute("INSERT OR IGNORE INTO account (id) VALUES (?1)", [account])?;
    let Some(path_and_name) = resource.strip_prefix("role") else {
        store.connection().execute("INSERT OR IGNORE INTO user (arn) VALUES (?1)", [arn])?;
        return Ok(());
    };
    let Some((path, name)) = path_and_name.rsplit_once('/') else {
        return Ok(());
    };
    let key = ObjectKey::role(name);
    if Row::load(store, account, &key)?.is_some() {
        return Ok(());
    }
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:{partition}:iam::{account}:root")}}]});
    let body = json!({"path": format!("{path}/"), "trust": trust, "inline": {}, "attached": [], "boundary": "",
        "max_session_seconds": 3600, "description": "", "tags": {}});
    // It has been there for long.
    Row { visible_at: 0, ..Row::in_account(store, account, &key, body)? }.save(store)
}
