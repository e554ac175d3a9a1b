//! Files for the application's own repository: a start that passes the environment's guardrails. We never apply them.
//!
//! Values in them are parsed names and quantities, so that nothing here needs quoting.

use super::slot::Effective;
use crate::domain::{Quantity, SlotSpec, Spread};
use std::collections::BTreeMap;

pub(super) fn render(spec: &SlotSpec, namespace: &str, effective: &Effective) -> BTreeMap<String, String> {
    let mut files = BTreeMap::from([
        ("deployment.yaml".to_owned(), deployment(spec, namespace, effective)),
        ("score.yaml".to_owned(), score(spec, effective)),
    ]);
    if spec.availability.as_ref().and_then(|availability| availability.target_cpu_percent).is_none() {
        files.insert("hpa.yaml".to_owned(), autoscaler(spec, namespace, effective));
    }
    files
}

/// What one replica may ask for, when all of them run.
fn each(effective: &Effective) -> (Quantity, Quantity) {
    let step = |text: &str| text.parse().unwrap_or_else(|_| Quantity::whole(1));
    (
        effective.cpu.share(effective.max_replicas, &step("1m")),
        effective.memory.share(effective.max_replicas, &step("1Mi")),
    )
}

fn port(spec: &SlotSpec) -> u16 {
    spec.ingress.as_ref().and_then(|ingress| ingress.ports.first().copied()).unwrap_or(8080)
}

fn deployment(spec: &SlotSpec, namespace: &str, effective: &Effective) -> String {
    let (name, port) = (&spec.name, port(spec));
    let (cpu, memory) = each(effective);
    let spread = match effective.spread {
        Spread::None => String::new(),
        Spread::ZonePreferred => topology(name.as_str(), "ScheduleAnyway"),
        Spread::ZoneRequired => topology(name.as_str(), "DoNotSchedule"),
    };
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app.kubernetes.io/name: {name}
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
      serviceAccountName: {name}
{spread}      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: {name}
          image: registry.example/{name}:1.0.0
          ports:
            - name: http
              containerPort: {port}
          readinessProbe:
            tcpSocket:
              port: http
          resources:
            requests:
              cpu: {cpu}
              memory: {memory}
            limits:
              memory: {memory}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
",
        replicas = effective.min_replicas,
    )
}

fn topology(name: &str, when: &str) -> String {
    format!(
        "      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: {when}
          labelSelector:
            matchLabels:
              app.kubernetes.io/name: {name}
"
    )
}

/// A file and not an object: without a Deployment it would report FailedGetScale for ever.
fn autoscaler(spec: &SlotSpec, namespace: &str, effective: &Effective) -> String {
    format!(
        "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {name}
  namespace: {namespace}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {name}
  minReplicas: {min}
  maxReplicas: {max}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
",
        name = spec.name,
        min = effective.min_replicas,
        max = effective.max_replicas,
    )
}

fn score(spec: &SlotSpec, effective: &Effective) -> String {
    let (cpu, memory) = each(effective);
    format!(
        "\
apiVersion: score.dev/v1b1
metadata:
  name: {name}
containers:
  main:
    image: registry.example/{name}:1.0.0
    resources:
      requests:
        cpu: {cpu}
        memory: {memory}
      limits:
        memory: {memory}
service:
  ports:
    http:
      port: {port}
",
        name = spec.name,
        port = port(spec),
    )
}
