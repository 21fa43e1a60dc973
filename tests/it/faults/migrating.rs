//! Migrations beside life: gateways that start at once on a database without a schema, one that is
//! killed in the middle of the first migration, and `migrate` and other commands again and again under
//! load.

use std::time::Duration;

use super::gateway::{Gateway, Start};
use super::on_both;
use super::proof::{books_are_whole, prove};
use super::scene::Scene;
use crate::support::Engine;

fn all_that_start_at_once_come_to_serve(engine: Engine) {
    let scene = Scene::on_nothing(engine);
    let mut started: Vec<Gateway> = (0..3)
        .map(|_| Gateway::spawn(&scene.config, &scene.log, &Start::default()))
        .collect();
    for gateway in &mut started {
        scene.doors.open(gateway.address());
    }
    let callers = scene.callers(6);
    callers.until_acked(60);
    drop(callers);
    for gateway in started {
        gateway.stop();
    }
    books_are_whole(&scene);
}

fn killed_in_a_migration_it_starts_again(engine: Engine) {
    let mut scene = Scene::on_nothing(engine);
    for _ in 0..4 {
        let gateway = Gateway::spawn(&scene.config, &scene.log, &Start::default());
        let pause = scene.between(5, 90);
        std::thread::sleep(Duration::from_millis(pause));
        gateway.kill();
    }
    let (gateway, address) = scene.serving(&Start::default());
    let callers = scene.callers(4);
    callers.until_acked(30);
    prove(&scene, callers, gateway, address);
}

fn commands_beside_load_disturb_nothing(engine: Engine) {
    let scene = Scene::new(engine);
    let (gateway, address) = scene.serving(&Start::default());
    let callers = scene.callers(6);
    for words in [
        &["migrate"][..],
        &["token", "create", "--role", "auditor"],
        &["sweep"],
        &["verify"],
        &["officer", "add", "CB01", "--name", "Nguyễn Thị Bình"],
        &["migrate"],
    ] {
        callers.until_acked(25);
        scene.does(words);
    }
    prove(&scene, callers, gateway, address);
}

on_both!(
    all_that_start_at_once_come_to_serve: started_at_once_on_sqlite_all_serve,
    started_at_once_on_postgres_all_serve
);
on_both!(
    killed_in_a_migration_it_starts_again: killed_in_a_migration_on_sqlite_it_starts_again,
    killed_in_a_migration_on_postgres_it_starts_again
);
on_both!(
    commands_beside_load_disturb_nothing: commands_beside_load_disturb_nothing_on_sqlite,
    commands_beside_load_disturb_nothing_on_postgres
);
