//! SIGTERM under load: what is under way is answered, the process ends well, and the next one goes on.

use std::time::{Duration, Instant};

use super::gateway::Start;
use super::on_both;
use super::proof::{nothing_was_taken_unanswered, prove};
use super::scene::Scene;
use crate::support::Engine;

/// Well below the 20 seconds that a stopping process has.
const SOON: Duration = Duration::from_secs(8);

fn told_to_stop_under_load_it_answers_and_ends_well(engine: Engine) {
    let mut scene = Scene::new(engine);
    let callers = scene.callers(12);
    for _ in 0..3 {
        let (mut gateway, address) = scene.serving(&Start::default());
        let acks = scene.between(30, 120);
        callers.until_acked(acks);
        let began = Instant::now();
        gateway.told_to_stop();
        let ended = gateway.ended();
        scene.doors.close(address);
        assert_eq!(ended.code(), Some(0));
        nothing_was_taken_unanswered(&scene);
        assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
    }
    let (gateway, address) = scene.serving(&Start::default());
    callers.until_acked(20);
    prove(&scene, callers, gateway, address);
}

on_both!(
    told_to_stop_under_load_it_answers_and_ends_well: stopped_on_sqlite_it_ends_well,
    stopped_on_postgres_it_ends_well
);
