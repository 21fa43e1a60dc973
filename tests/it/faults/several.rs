//! Several gateways on one database, told of the same calls at the same moment; one of them is killed
//! and comes back.

use super::gateway::Start;
use super::proof::prove;
use super::scene::Scene;
use crate::support::Engine;

fn race(engine: Engine, gateways: usize) {
    let mut scene = Scene::new(engine);
    let mut open: Vec<_> = (0..gateways)
        .map(|_| scene.serving(&Start::default()))
        .collect();
    let callers = scene.callers(12);
    for _ in 0..3 {
        let acks = scene.between(60, 160);
        callers.until_acked(acks);
        let (gateway, address) = open.remove(0);
        gateway.kill();
        scene.doors.close(address);
        let acks = scene.between(20, 60);
        callers.until_acked(acks);
        open.push(scene.serving(&Start::default()));
    }
    let (gateway, address) = open.remove(0);
    for (other, address) in open {
        scene.doors.close(address);
        other.stop();
    }
    prove(&scene, callers, gateway, address);
}

#[test]
fn two_gateways_race_on_one_postgres() {
    race(Engine::Postgres, 2);
}

#[test]
fn three_gateways_race_on_one_postgres() {
    race(Engine::Postgres, 3);
}

/// Nobody runs two on SQLite for long, but a new process may start before the old one has ended.
#[test]
fn two_gateways_race_on_one_sqlite() {
    race(Engine::Sqlite, 2);
}
