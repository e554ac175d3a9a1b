//! The process as a client sees it: cookie, line, signals, exit. The child is this test binary itself, which a variable
//! makes a plugin.

use super::{
    harness::{channel, create, soon},
    sample::Sample,
};
use crate::serve::{self, Launch};
use std::{
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};
use tfplugin_proto::{
    goplugin::{Empty, grpc_controller_client::GrpcControllerClient},
    tfplugin6::provider_client::ProviderClient,
};
use tokio::{net::UnixStream, task::spawn_blocking};

const CHILD: &str = "PLUGIN_TEST_CHILD";

/// Does nothing in a normal run of the tests.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    serve::install_panic_hook();
    let Launch::Plugin(environment) = serve::detect_launch() else { std::process::exit(3) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let served = runtime.block_on(serve::plugin(Arc::new(Sample::default()), environment));
    std::process::exit(if served.is_ok() { 0 } else { 4 });
}

const ARGUMENTS: [&str; 3] = ["--exact", "serve::tests::process::child", "--nocapture"];

fn command(cookie: bool) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.args(ARGUMENTS);
    prepare(&mut command, cookie);
    command
}

fn prepare(command: &mut Command, cookie: bool) {
    command.env(CHILD, "1").env("PLUGIN_PROTOCOL_VERSIONS", "5,6").stdout(Stdio::piped());
    if cookie {
        command.env("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
    }
}

/// The fields of the handshake line, and what comes after it. Passes over what the test harness prints before it.
async fn line(child: &mut Child) -> (Vec<String>, Lines<BufReader<ChildStdout>>) {
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let find = move || {
        let fields = lines.find_map(|line| Some(line.ok()?.split_once("1|6|")?.1.to_owned()));
        (fields, lines)
    };
    let (fields, rest) = soon("the line", spawn_blocking(find)).await.expect("no panic");
    (fields.expect("a handshake line").split('|').map(str::to_owned).collect(), rest)
}

fn send(signal: &str, child: &Child) {
    // The shell's own: not every system has a program of that name.
    let id = child.id().to_string();
    let sent = Command::new("sh").args(["-c", "kill \"$0\" \"$1\"", signal, &id]).status().expect("a shell");
    assert!(sent.success());
}

async fn exit(mut child: Child) -> Option<i32> {
    soon("its end", spawn_blocking(move || child.wait())).await.expect("no panic").expect("a status").code()
}

#[tokio::test]
async fn without_the_cookie_it_does_not_wait() {
    let child = command(false).spawn().expect("starts");
    assert_eq!(exit(child).await, Some(3), "NotAPlugin, at once");
}

#[tokio::test]
async fn a_client_starts_it_interrupts_it_and_ends_it() {
    let mut child = command(true).spawn().expect("starts");
    let (line, _rest) = line(&mut child).await;
    let fields: Vec<&str> = line.iter().map(String::as_str).collect();
    let ["unix", socket, "grpc", ""] = fields[..] else { panic!("{fields:?}") };

    send("-INT", &child);
    let stream = UnixStream::connect(socket).await.expect("it listens");
    let channel = channel(stream).await.expect("plaintext, since no certificate was sent");
    let mut client = ProviderClient::new(channel.clone());
    assert!(create(&mut client, "x").await.diagnostics.is_empty(), "an interrupt is the client's matter");

    GrpcControllerClient::new(channel).shutdown(Empty {}).await.expect("the reply comes before the end");
    assert_eq!(exit(child).await, Some(0));
    assert!(!Path::new(socket).exists(), "the socket is gone");
}

#[tokio::test]
async fn sigterm_ends_it_in_order() {
    let mut child = command(true).env("PLUGIN_MULTIPLEX_GRPC", "true").spawn().expect("starts");
    let (line, _rest) = line(&mut child).await;
    assert_eq!(line.last().map(String::as_str), Some("false"), "offered, it says that it doesn't multiplex");
    send("-TERM", &child);
    assert_eq!(exit(child).await, Some(0));
    assert!(!Path::new(&line[1]).exists(), "the socket is gone");
}

#[tokio::test]
async fn a_panic_is_shown_as_core_looks_for_it() {
    let mut child = command(true).stderr(Stdio::piped()).spawn().expect("starts");
    let (line, _rest) = line(&mut child).await;
    let stream = UnixStream::connect(&line[1]).await.expect("it listens");
    let mut client = ProviderClient::new(channel(stream).await.expect("plaintext"));
    let applied = create(&mut client, "panic").await;
    let detail = &applied.diagnostics[0].detail;
    assert!(detail.contains("\n  on purpose (") && detail.contains("sample.rs:"), "message and place: {detail}");

    send("-TERM", &child);
    let output = soon("its end", spawn_blocking(move || child.wait_with_output())).await.expect("no panic");
    let stderr = String::from_utf8(output.expect("its output").stderr).expect("text");
    assert!(stderr.lines().any(|line| line.starts_with("panic: on purpose (")), "{stderr}");
}

#[tokio::test]
async fn a_client_that_is_killed_leaves_no_orphan() {
    // The shell stands for the client, and goes without a word when its input closes.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#""$0" "$@" & read _"#]).arg(std::env::current_exe().expect("this binary")).args(ARGUMENTS);
    prepare(&mut shell, true);
    let mut shell = shell.stdin(Stdio::piped()).spawn().expect("sh");
    let (line, rest) = line(&mut shell).await;
    let socket = Path::new(&line[1]);
    assert!(socket.exists());

    drop(shell.stdin.take());
    exit(shell).await;
    // Its end of the pipe closes with it.
    soon("the orphan's end", spawn_blocking(move || rest.count())).await.expect("no panic");
    assert!(!socket.exists());
}
