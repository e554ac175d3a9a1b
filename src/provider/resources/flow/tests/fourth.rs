//! A fourth golden resource, here alone: a folder in core, a file in `resources` and a line in each list is all that one takes.

use super::{Core, Json, State, create, environment, json, recorder::Recorder, serve, text};
use crate::resources::{
    attributes,
    flow::{self, ManagedResource, OPERATIONS},
    session::Unreachable,
    team_environment::TeamEnvironment,
};
use goldenpath_core::{
    domain::{
        Body, Desired, DnsLabel, EnvironmentId, Id, NameError, ObjectKey, Outputs, Place, Problems, ResourceKind,
    },
    golden::{GoldenResource, RESOURCES, ResolveContext, Summary},
    policy::Subject,
    provision::{Descriptor, Spec, descriptor},
};
use plugin::{
    Schema, Type, Value,
    diagnostic::any_error,
    schema::{computed, required, timeouts},
    value::{ConvertError, from_value},
};
use serde::{Deserialize, Serialize};

/// A ServiceAccount for a machine, in its environment's first namespace.
struct Robot;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RobotSpec {
    environment: EnvironmentId,
    name: DnsLabel,
}

struct ResolvedRobot {
    spec: RobotSpec,
    namespace: String,
    summary: Summary,
}

const KIND: ResourceKind = ResourceKind::from_static("robot");

impl RobotSpec {
    fn id(&self) -> Id {
        Id { kind: KIND, place: Place::Inside(self.environment.clone(), self.name.clone()) }
    }
}

impl ResolvedRobot {
    fn object(&self, kind: &str, namespace: &str, name: &str) -> Desired {
        let id = self.spec.id();
        let body = json!({
            "apiVersion": "v1", "kind": kind,
            "metadata": { "name": name, "namespace": namespace, "labels": {
                "app.kubernetes.io/managed-by": "goldenpath",
                "app.kubernetes.io/part-of": self.spec.environment.environment,
                "goldenpath.internal/managed": "true",
                "goldenpath.internal/environment": self.spec.environment.environment,
                "goldenpath.internal/slot": id.part(),
                "goldenpath.internal/team": self.summary.team,
            } }
        });
        Desired::new(ObjectKey::kube("v1", kind, Some(namespace), name), Some(Body::Kube(body)))
    }
}

impl GoldenResource for Robot {
    const KIND: ResourceKind = KIND;
    const OUTPUTS: &'static [&'static str] = &["service_account"];
    type Spec = RobotSpec;
    type Resolved = ResolvedRobot;

    fn id(spec: &RobotSpec) -> Id {
        spec.id()
    }

    fn resolve(spec: &RobotSpec, given: &ResolveContext<'_>) -> Result<ResolvedRobot, Problems> {
        let path = given.catalogue.newest(None)?;
        let parent = given.parent.expect("it lives in an environment");
        let summary = Summary {
            team: parent.team.clone(),
            path: path.id(),
            tier: None,
            class: None,
            enforcement: None,
            issuer: None,
            deletion_protection: false,
            namespaces: vec![],
            boundaries: vec![],
        };
        let namespace = parent.namespace_names().next().expect("a namespace").clone();
        Ok(ResolvedRobot { spec: spec.clone(), namespace, summary })
    }

    fn spec(resolved: &ResolvedRobot) -> &RobotSpec {
        &resolved.spec
    }

    fn summary(resolved: &ResolvedRobot) -> &Summary {
        &resolved.summary
    }

    fn render(resolved: &ResolvedRobot) -> Vec<Desired> {
        let record = resolved.object("ConfigMap", "goldenpath-system", &resolved.spec.id().record_name());
        vec![resolved.object("ServiceAccount", &resolved.namespace, resolved.spec.name.as_str()), record]
    }

    fn outputs(resolved: &ResolvedRobot) -> Outputs {
        Outputs::default().with("service_account", resolved.spec.name.as_str())
    }

    fn subject<'a>(resolved: &'a ResolvedRobot, objects: &'a [Desired]) -> Subject<'a> {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        Subject::of(objects, Box::leak(Box::new(cluster)), resolved.summary.class)
    }
}

struct RobotResource;

impl ManagedResource for RobotResource {
    fn name(&self) -> &'static str {
        "goldenpath_robot"
    }

    fn id_form(&self) -> &'static str {
        "<cluster>/<environment>/<robot>"
    }

    fn schema(&self) -> Schema {
        let own = [
            required("environment", Type::String).parses::<EnvironmentId>().replaces(),
            required("name", Type::String).parses::<DnsLabel>().replaces(),
            computed("service_account", Type::String).stable(),
            timeouts(OPERATIONS),
        ];
        Schema::new(own.into_iter().chain(attributes::identity(self.id_form()))).describe("A robot.")
    }

    fn spec(&self, config: &Value) -> Result<Spec, ConvertError> {
        from_value(config).map(Spec::of::<Robot>)
    }

    fn golden(&self) -> &'static dyn Descriptor {
        descriptor::<Robot>()
    }

    fn id(&self, config: &Value) -> Option<Id> {
        let (environment, name) = (flow::leaf(config, "environment")?, flow::leaf(config, "name")?);
        Some(RobotSpec { environment, name }.id())
    }

    fn parse_id(&self, text: &str) -> Result<Id, NameError> {
        let (environment, name) = text.rsplit_once('/').unwrap_or_default();
        Ok(RobotSpec { environment: environment.parse()?, name: name.parse()? }.id())
    }
}

const WITH_ROBOTS: &[&dyn Descriptor] = &[RESOURCES[0], RESOURCES[1], RESOURCES[2], descriptor::<Robot>()];

#[tokio::test]
async fn a_fourth_resource_is_planned_made_read_imported_and_removed_like_the_others() {
    let (folder, _, _) = super::fixture().await;
    let target = Recorder::open_with(folder.path(), WITH_ROBOTS);
    let environments = serve(&target, &TeamEnvironment, Unreachable::Error);
    let robots = serve(&target, &RobotResource, Unreachable::Error);
    let (environments, core) = (Core::new(&environments), Core::new(&robots));
    let pay = create(&environments, environment("pay")).await;

    let config: Json = json!({ "environment": "demo/pay", "name": "ci" });
    let robot = create(&core, config.clone()).await;
    assert_eq!((text(&robot, "id"), text(&robot, "service_account")), ("demo/pay/ci", "ci"));
    assert!(core.read(&robot).await.1.is_empty(), "a refresh has nothing to report");
    assert!(core.plan(Some(&robot), &core.config(config)).await.sound().is_empty(), "and the plan is empty");

    let (imported, found) = core.import("demo/pay/ci").await;
    let imported: State = core.read(&imported.unwrap_or_else(|| panic!("{found:?}"))).await.0.expect("it is there");
    assert_eq!(imported.value, robot.value, "an import gives all of it");

    let (left, found) = environments.destroy(&pay, pay.private.clone()).await;
    assert!(left.is_some() && found[0].summary.contains("robot pay/ci"), "an environment in use stays: {found:?}");
    let (left, found) = core.destroy(&robot, robot.private.clone()).await;
    assert!(left.is_none() && !any_error(&found), "{found:?}");
    let (left, found) = environments.destroy(&pay, pay.private.clone()).await;
    assert!(left.is_none() && !any_error(&found), "{found:?}");
}
