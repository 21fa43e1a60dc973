//! `kill -9` at random moments, also while it starts, also while it stops.

use std::time::Duration;

use super::gateway::{Gateway, Start};
use super::on_both;
use super::proof::{books_are_whole, prove};
use super::scene::Scene;
use crate::support::Engine;

/// Kills in a normal run, per engine.
const KILLS: u64 = 10;

fn kills() -> u64 {
    let given = std::env::var("DOISOAT_FAULTS_KILLS").ok();
    let given = given.map(|text| text.parse().expect("DOISOAT_FAULTS_KILLS is a number"));
    given.unwrap_or(KILLS)
}

fn killed_at_any_moment_nothing_is_lost(engine: Engine) {
    let mut scene = Scene::new(engine);
    let callers = scene.callers(8);
    for kill in 1..=kills() {
        if scene.dice.happens(20) {
            // While it starts.
            let gateway = Gateway::spawn(&scene.config, &scene.log, &Start::default());
            let pause = scene.between(0, 250);
            std::thread::sleep(Duration::from_millis(pause));
            gateway.kill();
            continue;
        }
        let (gateway, address) = scene.serving(&Start::default());
        let (acks, pause) = (scene.between(1, 150), scene.between(0, 40));
        callers.until_acked(acks);
        std::thread::sleep(Duration::from_millis(pause));
        if scene.dice.happens(20) {
            // While it stops.
            gateway.told_to_stop();
            let pause = scene.between(0, 60);
            std::thread::sleep(Duration::from_millis(pause));
        }
        gateway.kill();
        scene.doors.close(address);
        if kill % 10 == 0 {
            books_are_whole(&scene);
        }
    }
    let (gateway, address) = scene.serving(&Start::default());
    callers.until_acked(20);
    prove(&scene, callers, gateway, address);
}

on_both!(
    killed_at_any_moment_nothing_is_lost: killed_on_sqlite_nothing_is_lost,
    killed_on_postgres_nothing_is_lost
);
