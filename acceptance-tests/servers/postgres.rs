//! A real PostgreSQL server of a test, with its data in a folder of its own: on a unix socket there and on a port of the loopback. It
//! can be stopped and started again. It refuses to run as root, and is then run as the user that its package brings.

use super::{ports::free_port, process::Process};
use crate::tools::program;
use anyhow::{Context as _, Result, ensure};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const LONGEST: Duration = Duration::from_secs(60);
/// Who the databases belong to: anybody on this machine may say so here.
const USER: &str = "goldenpath";
/// The system's user of Debian's package.
const SYSTEM_USER: &str = "postgres";

pub struct PostgresServer {
    bin: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    is_durable: bool,
    process: Option<Process>,
}

// === impl PostgresServer ===

impl PostgresServer {
    /// The folder of its programs.
    pub fn find() -> Option<PathBuf> {
        program("postgres")?.canonicalize().ok()?.parent().map(Path::to_owned)
    }

    /// `is_durable`: what is committed survives the end of the machine as well as that of the server. Without, it writes faster.
    pub fn start(bin: &Path, is_durable: bool) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("gp-pg").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let mut server = Self { bin: bin.to_owned(), port: free_port()?, folder, is_durable, process: None };
        let data = server.data();
        fs::create_dir(&data)?;
        if is_root(server.folder.path())? {
            let changed = Command::new("chown").arg(format!("{SYSTEM_USER}:")).arg(&data).status()?;
            ensure!(changed.success(), "{} can't be given to {SYSTEM_USER}", data.display());
        }
        let made = server
            .command("initdb")?
            .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username", USER, "--pgdata"])
            .arg(&data)
            .stdout(Stdio::null())
            .output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.start_again()?;
        Ok(server)
    }

    /// After `stop`, on the data that it left.
    pub fn start_again(&mut self) -> Result<()> {
        let program = self.command("postgres")?;
        let mut arguments: Vec<String> = program.get_args().map(|one| one.to_string_lossy().into_owned()).collect();
        let data = self.data().display().to_string();
        arguments
            .extend(["-D", &data, "-k", &data, "-h", "127.0.0.1", "-p", &self.port.to_string()].map(str::to_owned));
        arguments.extend(["-c", "max_connections=200", "-c", "timezone=UTC"].map(str::to_owned));
        if !self.is_durable {
            arguments.extend(["-c", "fsync=off"].map(str::to_owned));
        }
        let log = self.folder.path().join("postgres.log");
        let mut process = Process::start_with(Path::new(program.get_program()), &arguments, &log, |command| {
            command.current_dir("/");
        })?;
        let begun = Instant::now();
        while self.run("postgres", "SELECT 1").is_err() {
            process.check()?;
            ensure!(begun.elapsed() < LONGEST, "PostgreSQL is not ready after {LONGEST:?}");
            sleep(Duration::from_millis(50));
        }
        self.process = Some(process);
        Ok(())
    }

    /// At once: what is under way is rolled back, and clients lose their connections.
    pub fn stop(&mut self) -> Result<()> {
        let stopped = self.command("pg_ctl")?.args(["stop", "-m", "immediate", "-D"]).arg(self.data()).output()?;
        ensure!(stopped.status.success(), "pg_ctl: {}", String::from_utf8_lossy(&stopped.stderr));
        self.process = None;
        Ok(())
    }

    /// A database of its own for one test; its address.
    pub fn database(&self, name: &str) -> Result<String> {
        self.run("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(self.address(name))
    }

    pub fn address(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Of everybody who comes over the loopback.
    pub fn want_passwords(&self) -> Result<()> {
        fs::write(self.data().join("pg_hba.conf"), "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")?;
        self.run("postgres", "SELECT pg_reload_conf()").map(drop)
    }

    /// What `psql` prints: a line for each row.
    pub fn run(&self, database: &str, statement: &str) -> Result<String> {
        let mut command = Command::new(self.bin.join("psql"));
        command.args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--username",
            USER,
            "--dbname",
            database,
            "--host",
        ]);
        command.arg(self.data()).args(["--port", &self.port.to_string(), "--command", statement]);
        let ran = command.stdin(Stdio::null()).output().context("psql")?;
        ensure!(ran.status.success(), "psql: {}", String::from_utf8_lossy(&ran.stderr));
        Ok(String::from_utf8(ran.stdout)?.trim_end().to_owned())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// As the system's user where this process is root.
    fn command(&self, program: &str) -> Result<Command> {
        let program = self.bin.join(program);
        if !is_root(self.folder.path())? {
            return Ok(Command::new(program));
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid", SYSTEM_USER, "--regid", SYSTEM_USER, "--init-groups", "--"]).arg(program);
        // It may not look into the folder that this process was started in.
        command.current_dir("/");
        Ok(command)
    }
}

/// By what this process has just made.
fn is_root(own: &Path) -> Result<bool> {
    Ok(fs::metadata(own)?.uid() == 0)
}
