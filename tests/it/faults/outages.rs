//! The database goes away: its server crashes and comes back, connections are cut in the middle of a
//! commit, and there are no connections left to have.

use std::net::SocketAddr;
use std::time::Duration;

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;

use super::gateway::Start;
use super::proof::prove;
use super::scene::Scene;
use super::server::OwnServer;
use super::wire::Line;
use crate::support::Engine;
use crate::support::database::TestDatabase;
use crate::support::http::request;

/// What `/readyz` says.
fn readiness(address: SocketAddr) -> u16 {
    let bytes = request("GET", "/readyz", &[], b"");
    Line::new().ask(address, &bytes).unwrap().status
}

#[test]
fn a_server_that_crashes_under_load_loses_nothing() {
    let server = OwnServer::start("-c max_connections=30");
    let mut scene = Scene::on(TestDatabase::at(server.url()));
    let (gateway, address) = scene.serving(&Start::default());
    let callers = scene.callers(8);
    for _ in 0..2 {
        let acks = scene.between(40, 150);
        callers.until_acked(acks);
        server.crash();
        callers.until_put_off(8);
        assert_eq!(readiness(address), 503);
        server.go_on();
        callers.until_acked(20);
        assert_eq!(readiness(address), 200);
    }
    prove(&scene, callers, gateway, address);
}

#[test]
fn connections_cut_in_the_middle_of_a_commit_lose_nothing() {
    let mut scene = Scene::new(Engine::Postgres);
    let (gateway, address) = scene.serving(&Start::default());
    let callers = scene.callers(8);
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'",
        scene.known_as
    );
    for _ in 0..25 {
        let (acks, pause) = (scene.between(1, 30), scene.between(0, 9));
        callers.until_acked(acks);
        std::thread::sleep(Duration::from_millis(pause));
        let caught = if scene.dice.happens(60) {
            " AND state <> 'idle'"
        } else {
            ""
        };
        scene.database.run(&format!("{cut}{caught}"));
    }
    prove(&scene, callers, gateway, address);
}

#[test]
fn without_a_connection_to_be_had_calls_are_put_off() {
    let server = OwnServer::start("-c max_connections=12 -c superuser_reserved_connections=1");
    let mut scene = Scene::on(TestDatabase::at(server.url()));
    let (gateway, address) = scene.serving(&Start::default());
    let mut first = PgConnection::establish(&server.url()).unwrap();
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'",
        scene.known_as
    );
    let callers = scene.callers(8);
    for _ in 0..2 {
        let acks = scene.between(20, 60);
        callers.until_acked(acks);
        // The gateway's are cut, and whatever is free is taken before it can have it again.
        let mut taken = Vec::new();
        while taken.len() < 11 {
            first.batch_execute(&cut).unwrap();
            taken.extend(PgConnection::establish(&server.url()));
        }
        callers.until_put_off(8);
        drop(taken);
        callers.until_acked(20);
    }
    prove(&scene, callers, gateway, address);
}
