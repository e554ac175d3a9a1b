//! Traces of a daemon, as a collector gets them.

use crate::{daemon::Daemon, sandbox::FaultRow, server::Server};
use acceptance_tests::{
    BASELINE, ENVIRONMENT, block_on,
    client::{Instance, no_errors},
    servers::free_port,
    tools::command_line,
};
use anyhow::{Context as _, Result, ensure};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, Status, status::StatusCode},
};
use prost::Message as _;
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

type Run = fn() -> Result<()>;

pub const CHECKS: [(&str, Run); 4] = [
    ("an operation has one id in record, ledger, log and list", one_id),
    ("a collector gets the trace of an apply", one_apply),
    ("a collector that is away costs nothing and is said once", without_a_collector),
    ("a trace that is not sampled is not sent", unsampled_trace_is_not_sent),
];

const WHO: &str = "Bearer of-this-test";

/// Reads what is posted to it, and answers as a collector does.
struct CollectorFixture {
    port: u16,
    got: Arc<Mutex<Got>>,
}

#[derive(Default)]
struct Got {
    spans: Vec<Span>,
    resource: BTreeMap<String, String>,
    heads: Vec<String>,
}

// === impl CollectorFixture ===

impl CollectorFixture {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (port, got) = (listener.local_addr()?.port(), Arc::<Mutex<Got>>::default());
        let own = got.clone();
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &own);
            }
        });
        Ok(Self { port, got })
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn got(&self) -> MutexGuard<'_, Got> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(mut stream: TcpStream, got: &Mutex<Got>) -> Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = ExportTraceServiceRequest::decode(&*body)?;
    {
        let mut got = got.lock().unwrap_or_else(PoisonError::into_inner);
        got.heads.push(head);
        for of_resource in request.resource_spans {
            got.resource.extend(texts(&of_resource.resource.unwrap_or_default().attributes));
            got.spans.extend(of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n")?;
    Ok(())
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: Option<&Value>| match value {
        Some(Value::StringValue(text)) => text.clone(),
        other => format!("{other:?}"),
    };
    let value = |one: &KeyValue| text(one.value.as_ref().and_then(|value| value.value.as_ref()));
    attributes.iter().map(|one| (one.key.clone(), value(one))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct TracedFixture {
    server: Server,
    daemon: Daemon,
    environment: Instance,
}

// === impl TracedFixture ===

impl TracedFixture {
    /// With a baseline that is made already.
    async fn new(telemetry: &str) -> Result<Self> {
        let server = Server::start()?;
        let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
        std::fs::write(folder.path().join("headers"), format!("authorization: {WHO}\n"))?;
        let config = format!(
            "listen: unix://{}/daemon.sock\njournal: journal.db\ntarget:\n  sandbox: {{ path: {} }}\ntelemetry: {telemetry}\n",
            folder.path().display(),
            server.sandbox_path().display()
        );
        let variables = [("TF_LOG", "info"), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
        let daemon =
            Daemon::in_folder(folder, &config, variables.map(|(name, value)| (name.into(), value.into())).into())?;
        let client = server.client(&json!({ "daemon": { "endpoint": daemon.endpoint() } })).await?;
        let mut baseline = Instance::new(&client, BASELINE);
        no_errors(&baseline.plan_and_apply(Some(&json!({ "cluster": "demo" }))).await?, "the baseline")?;
        let environment = Instance::new(&client, ENVIRONMENT);
        Ok(Self { server, daemon, environment })
    }

    async fn apply(&mut self) -> Result<()> {
        let environment = json!({ "name": "payments", "team": "payments", "tier": "dev", "cluster": "demo" });
        no_errors(&self.environment.plan_and_apply(Some(&environment)).await?, "apply")
    }
}

fn one_apply() -> Result<()> {
    let collector = CollectorFixture::start()?;
    let telemetry =
        format!("{{ endpoint: '{}', headers_file: headers, service_name: of-this-test }}", collector.endpoint());
    let mut fixture = block_on(async {
        let mut fixture = TracedFixture::new(&telemetry).await?;
        fixture.apply().await?;
        Ok(fixture)
    })?;
    // What is left is sent at the end.
    fixture.daemon.terminate()?;
    let got = collector.got();
    ensure!(got.heads.iter().all(|head| head.contains(&format!("authorization: {WHO}"))), "{:?}", got.heads);
    ensure!(got.heads.iter().all(|head| head.starts_with("POST /v1/traces ")), "{:?}", got.heads);
    ensure!(got.resource.get("service.name").map(String::as_str) == Some("of-this-test"), "{:?}", got.resource);
    ensure!(got.resource.contains_key("service.version"), "{:?}", got.resource);

    let roots: Vec<&Span> = got.spans.iter().filter(|span| span.parent_span_id.is_empty()).collect();
    ensure!(roots.len() == 2, "one for each operation: {roots:#?}");
    let root = roots.into_iter().find(|span| span.name == "ensure environment").context("none of the environment")?;
    let attributes = texts(&root.attributes);
    for (name, expected) in
        [("kind", "environment"), ("about", "demo/payments"), ("caller", "own user"), ("outcome", "done")]
    {
        ensure!(attributes.get(name).map(String::as_str) == Some(expected), "{name}: {attributes:?}");
    }
    ensure!(matches!(&root.status, Some(Status { code, .. }) if *code == StatusCode::Ok as i32), "{:?}", root.status);
    let operation = attributes.get("operation").context("no operation")?;
    let trace = hex(&root.trace_id);
    ensure!(*operation == format!("op-{trace}"), "one id for both: {operation} and {trace}");

    let of_trace: Vec<&Span> = got.spans.iter().filter(|span| span.trace_id == root.trace_id).collect();
    let name_of = |id: &[u8]| of_trace.iter().find(|span| span.span_id == id).map(|span| span.name.as_str());
    let stages: BTreeSet<&str> =
        of_trace.iter().filter(|span| span.parent_span_id == root.span_id).map(|span| span.name.as_str()).collect();
    ensure!(stages.contains("gather") && stages.contains("execute"), "the stages: {stages:?}");
    let calls: Vec<&&Span> = of_trace.iter().filter(|span| span.name.starts_with("sandbox:")).collect();
    ensure!(calls.len() > 5, "every request that changes something: {calls:?}");
    let ledger = fixture.daemon.ledger()?;
    for call in &calls {
        ensure!(name_of(&call.parent_span_id) == Some("execute"), "{call:?}");
        let attributes = texts(&call.attributes);
        let text = |name: &str| attributes.get(name).with_context(|| format!("no {name}: {call:?}"));
        let (code, id) = (text("code")?, text("request_id")?);
        let entry = format!("\"code\":\"{code}\",\"request_id\":\"{id}\"");
        let of_it = ledger.lines().filter(|line| line.contains(&entry) && line.contains(operation.as_str()));
        ensure!(of_it.count() == 1, "request {id} is in the ledger, as one of {operation}");
    }
    let log = fixture.daemon.log()?;
    let mine: Vec<&str> = log.lines().filter(|line| line.contains(operation.as_str())).collect();
    let traced = format!("\"trace_id\":\"{trace}\"");
    ensure!(mine.len() >= 2 && mine.iter().all(|line| line.contains(&traced)), "{mine:#?}");
    Ok(())
}

/// One that broke off is still in its record.
fn one_id() -> Result<()> {
    let fixture = block_on(async {
        let mut fixture = TracedFixture::new("{ sample: 0% }").await?;
        let sandbox = fixture.server.sandbox();
        sandbox.fault(&FaultRow::new("deny").verb("apply").key("k8s/v1/ResourceQuota/payments/gp-base"))?;
        ensure!(fixture.apply().await.is_err(), "the fault was not met");
        Ok(fixture)
    })?;
    let document = fixture.server.sandbox().document("k8s/v1/ConfigMap/goldenpath-system/environment.payments")?;
    let record: Json = serde_json::from_str(document["data"]["record"].as_str().context("no record")?)?;
    let id = record["operation"]["id"].as_str().context("no operation")?;
    let mut command = Command::new(command_line()?);
    let listed = command.args(["operations", "--json", "--endpoint", &fixture.daemon.endpoint()]).output()?;
    let listed: Json = serde_json::from_slice(&listed.stdout)?;
    ensure!(listed[0]["id"] == id && listed[0]["state"] == "failed", "{id} in {listed:#}");
    let field = format!("\"operation\":\"{id}\"");
    for (what, text) in [("ledger", fixture.daemon.ledger()?), ("log", fixture.daemon.log()?)] {
        ensure!(text.contains(&field), "{id} is not in the {what}");
    }
    Ok(())
}

fn without_a_collector() -> Result<()> {
    let telemetry = format!("{{ endpoint: 'http://127.0.0.1:{}' }}", free_port()?);
    let mut fixture = block_on(async {
        let mut fixture = TracedFixture::new(&telemetry).await?;
        fixture.apply().await?;
        // More than one batch.
        tokio::time::sleep(Duration::from_millis(500)).await;
        no_errors(&fixture.environment.plan_and_apply(None).await?, "destroy")?;
        Ok(fixture)
    })?;
    let begun = Instant::now();
    fixture.daemon.terminate()?;
    ensure!(begun.elapsed() < Duration::from_secs(5), "its end is not held up: {:?}", begun.elapsed());
    let log = fixture.daemon.log()?;
    ensure!(log.matches("Traces can't be sent").count() == 1, "{log}");
    Ok(())
}

fn unsampled_trace_is_not_sent() -> Result<()> {
    let collector = CollectorFixture::start()?;
    let telemetry = format!("{{ endpoint: '{}', sample: 0% }}", collector.endpoint());
    let mut fixture = block_on(async {
        let mut fixture = TracedFixture::new(&telemetry).await?;
        fixture.apply().await?;
        Ok(fixture)
    })?;
    fixture.daemon.terminate()?;
    ensure!(collector.got().spans.is_empty(), "{:?}", collector.got().spans);
    Ok(())
}
