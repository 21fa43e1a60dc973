//! The database goes away: its server crashes and comes back, connections are cut in the middle of a
//! commit, and there are no connections left to have.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;

use super::gateway::Start;
use super::proof::{books_are_whole, prove};
use super::scene::Scene;
use super::server::OwnServer;
use super::wire::Line;
use crate::support::Engine;
use crate::support::app::BANK_KEY;
use crate::support::database::TestDatabase;
use crate::support::http::request;
use crate::support::office::{bank_request, transfer};

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

/// What a transfer from outside the book is answered with.
fn first_try(line: &mut Line, address: SocketAddr, number: u64) -> u16 {
    let told = transfer(9_000_000 + number, 1_000, "outside the book").to_string();
    line.ask(address, &bank_request(told.as_bytes(), BANK_KEY))
        .unwrap()
        .status
}

#[test]
fn a_gateway_that_says_it_is_ready_takes_the_first_call_after_an_outage() {
    let server = OwnServer::start("-c max_connections=30");
    let scene = Scene::on(TestDatabase::at(server.url()));
    let (gateway, address) = scene.serving(&Start::default());
    let mut line = Line::new();
    for round in 0..3 {
        for number in 0..4 {
            assert_eq!(first_try(&mut line, address, round * 100 + number), 200);
        }
        server.crash();
        assert_eq!(readiness(address), 503);
        server.go_on();
        let began = Instant::now();
        while readiness(address) != 200 {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "it is never ready again"
            );
        }
        // Each writer has a connection of before the outage, and each takes some of these.
        for number in 10..18 {
            let status = first_try(&mut line, address, round * 100 + number);
            assert_eq!(status, 200, "call {number} of round {round}");
        }
    }
    gateway.stop();
    let count = "SELECT COUNT(*) AS n FROM payments WHERE amount_minor = 1000";
    assert_eq!(scene.database.number(count), 36);
    books_are_whole(&scene);
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
