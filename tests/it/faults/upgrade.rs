//! An upgrade under load: an older program made the database and serves, this one migrates it and serves
//! beside it, then alone. The older one is built by `tests/run --upgrade REVISION`, which names it here.

use std::path::PathBuf;

use super::gateway::Start;
use super::proof::prove;
use super::scene::Scene;
use crate::support::Engine;

fn beside_an_older_one(engine: Engine) {
    let program =
        std::env::var_os("DOISOAT_TEST_OLDER").expect("DOISOAT_TEST_OLDER names a program");
    let program = PathBuf::from(program);
    let mut scene = Scene::made_by(engine, &program);
    let older = Start {
        program: Some(program),
        ..Start::default()
    };
    let (old, old_address) = scene.serving(&older);
    let callers = scene.callers(8);
    callers.until_acked(60);
    // Migrates while the older one writes.
    let (first, first_address) = scene.serving(&Start::default());
    let acks = scene.between(150, 300);
    callers.until_acked(acks);
    first.kill();
    scene.doors.close(first_address);
    let acks = scene.between(20, 60);
    callers.until_acked(acks);
    let (new, address) = scene.serving(&Start::default());
    callers.until_acked(60);
    scene.doors.close(old_address);
    old.stop();
    callers.until_acked(60);
    prove(&scene, callers, new, address);
}

macro_rules! with_an_older_one {
    ($($name:ident: $engine:ident,)+) => {
        $(#[test]
        #[ignore = "needs an older program: tests/run --upgrade REVISION"]
        fn $name() {
            beside_an_older_one(Engine::$engine);
        })+
    };
}

with_an_older_one!(
    an_older_gateway_and_this_one_share_one_sqlite: Sqlite,
    an_older_gateway_and_this_one_share_one_postgres: Postgres,
);
