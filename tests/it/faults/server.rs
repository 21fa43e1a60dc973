//! A PostgreSQL of the scenario's own, in a temporary folder, that may be stopped, starved and killed
//! without disturbing other tests. It is as durable as one in production, and gone when it is dropped.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::disk::{mount, unmount};

/// The server and its folder.
pub(super) struct OwnServer {
    folder: TempDir,
    data: PathBuf,
    programs: PathBuf,
    user: Option<&'static str>,
    port: u16,
    settings: String,
    /// Where `data` lies on a disk of its own.
    disk: Option<PathBuf>,
}

impl OwnServer {
    /// Makes a server with further settings, such as `-c max_connections=20`, and starts it.
    pub(super) fn start(settings: &str) -> Self {
        Self::start_in(folder(), settings, None)
    }

    /// The same with its data on a disk of so many megabytes; nothing where none can be mounted.
    pub(super) fn on_small_disk(megabytes: u32) -> Option<Self> {
        let folder = folder();
        let disk = folder.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        if !mount(&disk, megabytes) {
            return None;
        }
        let settings = "-c max_wal_size=4MB -c min_wal_size=2MB";
        Some(Self::start_in(folder, settings, Some(disk)))
    }

    fn start_in(folder: TempDir, settings: &str, disk: Option<PathBuf>) -> Self {
        let user = (id(&["-u"]) == "0").then(|| {
            let knows = Command::new("id").arg("postgres").output().unwrap();
            if knows.status.success() {
                "postgres"
            } else {
                "nobody"
            }
        });
        if let Some(user) = user {
            run(
                "chown",
                [OsStr::new("-R"), user.as_ref(), folder.path().as_ref()],
            );
        }
        let mut server = Self {
            data: disk.as_deref().unwrap_or(folder.path()).join("data"),
            programs: programs(),
            user,
            port: 0,
            settings: settings.to_owned(),
            disk,
            folder,
        };
        let data = server.data.clone();
        server.program(
            "initdb",
            [
                OsStr::new("-D"),
                data.as_ref(),
                "-U".as_ref(),
                "doisoat".as_ref(),
                "--auth=trust".as_ref(),
                "--encoding=UTF8".as_ref(),
                "--locale=C".as_ref(),
                "--no-sync".as_ref(),
                "--wal-segsize=1".as_ref(),
            ],
        );
        server.port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        server.go_on();
        server
    }

    pub(super) fn url(&self) -> String {
        format!(
            "postgres://doisoat@127.0.0.1:{}/postgres?options=-csearch_path%3Dpublic",
            self.port
        )
    }

    /// Where its data lies.
    pub(super) fn disk(&self) -> &Path {
        self.disk.as_deref().unwrap()
    }

    /// Stops it as a crash would: no connection is told, nothing is written.
    pub(super) fn crash(&self) {
        self.program(
            "pg_ctl",
            [
                OsStr::new("-D"),
                self.data.as_ref(),
                "-m".as_ref(),
                "immediate".as_ref(),
                "-w".as_ref(),
                "stop".as_ref(),
            ],
        );
    }

    /// Sees to it that it runs, whether it stopped by itself or not.
    pub(super) fn goes_on(&self) {
        let mut status = self.command("pg_ctl");
        let status = status.arg("-D").arg(&self.data).arg("status").status();
        if !status.unwrap().success() {
            self.go_on();
        }
    }

    /// Starts it; it recovers what was committed.
    pub(super) fn go_on(&self) {
        let settings = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={} \
             -c shared_buffers=16MB {}",
            self.port,
            self.folder.path().display(),
            self.settings
        );
        let log = self.folder.path().join("server.log");
        self.program(
            "pg_ctl",
            [
                OsStr::new("-D"),
                self.data.as_ref(),
                "-l".as_ref(),
                log.as_ref(),
                "-w".as_ref(),
                "-t".as_ref(),
                "60".as_ref(),
                "-o".as_ref(),
                settings.as_ref(),
                "start".as_ref(),
            ],
        );
    }

    /// One of its programs, run as its user.
    fn command(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = match self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(&program);
                command
            }
            None => Command::new(&program),
        };
        command
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn program<'a>(&self, name: &str, words: impl IntoIterator<Item = &'a OsStr>) {
        let done = self.command(name).args(words).status().unwrap();
        let log = std::fs::read_to_string(self.folder.path().join("server.log"));
        assert!(done.success(), "{name}: {}", log.unwrap_or_default());
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        if self.data.join("postmaster.pid").exists() {
            let mut stop = self.command("pg_ctl");
            let _ = stop
                .arg("-D")
                .arg(&self.data)
                .args(["-m", "immediate", "-w", "stop"])
                .status();
        }
        if let Some(disk) = &self.disk {
            unmount(disk);
        }
    }
}

/// Not in TMPDIR, which may be closed to the server's user and too long for a socket.
fn folder() -> TempDir {
    let mut named = tempfile::Builder::new();
    named.prefix("doisoat-faults.").tempdir_in("/tmp").unwrap()
}

/// Where the newest PostgreSQL has its programs.
fn programs() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs
                .join("initdb")
                .exists()
                .then_some((version, programs))
        })
        .collect();
    found.sort();
    if let Some((_, programs)) = found.pop() {
        return programs;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|folder| folder.join("initdb").exists())
        .expect("PostgreSQL's programs are missing: tests/run installs them")
}

pub(super) fn id(words: &[&str]) -> String {
    let told = Command::new("id").args(words).output().unwrap().stdout;
    String::from_utf8(told).unwrap().trim().to_owned()
}

pub(super) fn run<'a>(program: &str, words: impl IntoIterator<Item = &'a OsStr>) {
    let done = Command::new(program).args(words).status().unwrap();
    assert!(done.success(), "{program}");
}
