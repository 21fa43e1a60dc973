//! The disk fills up under load and is given room again: a small disk in memory where one can be
//! mounted, a limit on the size of files where not. The gateway is not restarted.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::gateway::Start;
use super::proof::prove;
use super::scene::Scene;
use super::server::{OwnServer, run};
use crate::support::Engine;
use crate::support::database::TestDatabase;

/// Mounts a disk of so many megabytes; false where this machine does not let us.
pub(super) fn mount(at: &Path, megabytes: u32) -> bool {
    let size = format!("size={megabytes}m");
    let done = Command::new("mount")
        .args(["-t", "tmpfs", "-o", &size, "doisoat-faults"])
        .arg(at)
        .stderr(Stdio::null())
        .status();
    done.is_ok_and(|status| status.success())
}

/// Takes it away.
pub(super) fn unmount(at: &Path) {
    let _ = Command::new("umount").arg("-l").arg(at).status();
}

/// A disk that is gone when it is dropped.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn mounted(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        mount(folder.path(), megabytes).then_some(Self { folder })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(self.folder.path());
    }
}

/// What lies on a disk until nothing else fits.
struct Ballast(PathBuf);

impl Ballast {
    fn fills(folder: &Path) -> Self {
        let path = folder.join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        let block = vec![7; 16 * 1024];
        while file.write_all(&block).is_ok() {}
        Self(path)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_full_disk_under_sqlite_loses_nothing() {
    let Some(disk) = Disk::mounted(24) else {
        eprintln!("NO DISK CAN BE MOUNTED HERE: the limit on the size of files stands in for it");
        return files_that_may_not_grow();
    };
    let file = disk.folder.path().join("test.db");
    let mut scene = Scene::on(TestDatabase::at(format!("sqlite://{}", file.display())));
    let (gateway, address) = scene.serving(&Start::default());
    let callers = scene.callers(8);
    for _ in 0..3 {
        let acks = scene.between(30, 90);
        callers.until_acked(acks);
        let ballast = Ballast::fills(disk.folder.path());
        callers.until_put_off(30);
        drop(ballast);
        callers.until_acked(30);
    }
    prove(&scene, callers, gateway, address);
}

#[test]
fn files_that_may_not_grow_under_sqlite_lose_nothing() {
    files_that_may_not_grow();
}

fn files_that_may_not_grow() {
    let mut scene = Scene::new(Engine::Sqlite);
    let begin = Start {
        // A write beyond the limit fails, where otherwise it would end the process.
        before: "trap '' XFSZ;".to_owned(),
        ..Start::default()
    };
    let (gateway, address) = scene.serving(&begin);
    let id = gateway.id().to_string();
    let limit = |bytes: &str| {
        let words = ["--pid", &id, &format!("--fsize={bytes}:unlimited")];
        run("prlimit", words.map(OsStr::new));
    };
    let callers = scene.callers(8);
    for _ in 0..3 {
        let acks = scene.between(30, 90);
        callers.until_acked(acks);
        limit("65536");
        callers.until_put_off(30);
        limit("unlimited");
        callers.until_acked(30);
    }
    prove(&scene, callers, gateway, address);
}

#[test]
fn a_full_disk_under_postgres_loses_nothing() {
    let Some(server) = OwnServer::on_small_disk(80) else {
        eprintln!("NO DISK CAN BE MOUNTED HERE: A FULL DISK UNDER POSTGRESQL WAS NOT TRIED");
        return;
    };
    let mut scene = Scene::on(TestDatabase::at(server.url()));
    let (gateway, address) = scene.serving(&Start::default());
    let callers = scene.callers(8);
    for _ in 0..2 {
        let acks = scene.between(30, 90);
        callers.until_acked(acks);
        let ballast = Ballast::fills(server.disk());
        callers.until_put_off(30);
        drop(ballast);
        server.goes_on();
        callers.until_acked(30);
    }
    prove(&scene, callers, gateway, address);
}
