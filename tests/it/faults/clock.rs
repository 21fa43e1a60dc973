//! The machine's clock is set back and forth under load, by seconds, hours and days. Only that clock is
//! changed, by a library of some lines that is loaded before the program; the monotonic one goes on.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

use super::gateway::Start;
use super::on_both;
use super::proof::prove;
use super::scene::Scene;
use crate::support::Engine;

const SHIM: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile long *off;
__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("DOISOAT_FAULTS_CLOCK"), O_RDONLY);
    void *at = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) abort();
    off = at;
}
int clock_gettime(clockid_t id, struct timespec *now) {
    int status = syscall(SYS_clock_gettime, id, now);
    if (status == 0 && id == CLOCK_REALTIME && off) now->tv_sec += *off;
    return status;
}
time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec told;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &told);
    now->tv_sec = told.tv_sec;
    now->tv_usec = told.tv_nsec / 1000;
    return 0;
}
"#;

/// A clock that one gateway reads and the scenario sets.
struct FalseClock {
    file: std::fs::File,
    start: Start,
}

impl FalseClock {
    fn new(scene: &Scene) -> Self {
        let path = |name: &str| -> PathBuf { scene.folder.path().join(name) };
        let (source, library) = (path("clock.c"), path("clock.so"));
        std::fs::write(&source, SHIM).unwrap();
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .status();
        assert!(built.unwrap().success(), "a C compiler builds the clock");
        let offset = path("clock");
        std::fs::write(&offset, 0_i64.to_ne_bytes()).unwrap();
        let variable = |name: &str, value: &PathBuf| (name.to_owned(), value.display().to_string());
        Self {
            file: std::fs::OpenOptions::new()
                .write(true)
                .open(&offset)
                .unwrap(),
            start: Start {
                variables: vec![
                    variable("LD_PRELOAD", &library),
                    variable("DOISOAT_FAULTS_CLOCK", &offset),
                ],
                ..Start::default()
            },
        }
    }

    fn is_off_by(&self, seconds: i64) {
        self.file.write_at(&seconds.to_ne_bytes(), 0).unwrap();
    }
}

/// On PostgreSQL a second gateway keeps the right time beside the one that does not.
fn a_clock_that_is_stepped_loses_nothing(engine: Engine) {
    let mut scene = Scene::new(engine);
    let clock = FalseClock::new(&scene);
    let (gateway, address) = scene.serving(&clock.start);
    let right = (engine == Engine::Postgres).then(|| scene.serving(&Start::default()));
    scene.book.lock().unwrap().is_clock_off = true;
    let callers = scene.callers(8);
    for step in [172_800, -172_800, -1, 7_200, -7_200, 90, -90, 130, 0] {
        let acks = scene.between(20, 50);
        callers.until_acked(acks);
        clock.is_off_by(step);
    }
    callers.until_acked(20);
    if let Some((right, address)) = right {
        scene.doors.close(address);
        right.stop();
    }
    prove(&scene, callers, gateway, address);
    let log = std::fs::read_to_string(&scene.log).unwrap();
    let years: std::collections::BTreeSet<&str> =
        log.lines().filter_map(|line| line.get(14..24)).collect();
    assert!(years.len() >= 3, "the clock was never off: {years:?}");
}

on_both!(
    a_clock_that_is_stepped_loses_nothing: a_clock_stepped_on_sqlite_loses_nothing,
    a_clock_stepped_on_postgres_loses_nothing
);
