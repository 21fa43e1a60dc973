//! Somebody else holds the database, longer than a provider waits: calls are put off in time, also
//! those that find the queue full, and what was committed late is a repeat when it is sent again.

use std::time::Duration;

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;

use super::gateway::Start;
use super::on_both;
use super::proof::prove;
use super::scene::Scene;
use crate::support::Engine;

/// Holds everything that writers want, as long as it is there.
enum Hold {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Hold {
    fn on(url: &str) -> Self {
        match url.strip_prefix("sqlite://") {
            Some(path) => {
                let mut connection = SqliteConnection::establish(path).unwrap();
                connection
                    .batch_execute("PRAGMA busy_timeout = 9000; BEGIN IMMEDIATE")
                    .unwrap();
                Self::Sqlite(connection)
            }
            None => {
                let mut connection = PgConnection::establish(url).unwrap();
                connection
                    .batch_execute("BEGIN; LOCK TABLE payments IN ACCESS EXCLUSIVE MODE")
                    .unwrap();
                Self::Postgres(connection)
            }
        }
    }

    fn ends(self) {
        match self {
            Self::Sqlite(mut connection) => connection.batch_execute("COMMIT").unwrap(),
            Self::Postgres(mut connection) => connection.batch_execute("COMMIT").unwrap(),
        }
    }
}

fn a_database_that_is_held_loses_nothing(engine: Engine) {
    let mut scene = Scene::new(engine);
    let start = Start {
        variables: ["QUEUE", "BATCH"]
            .map(|name| (format!("DOISOAT__WRITER__{name}"), "6".to_owned()))
            .to_vec(),
        ..Start::default()
    };
    let (gateway, address) = scene.serving(&start);
    let callers = scene.callers(16);
    for _ in 0..2 {
        let (acks, pause) = (scene.between(20, 60), scene.between(3_100, 6_000));
        callers.until_acked(acks);
        let hold = Hold::on(&scene.database.url);
        std::thread::sleep(Duration::from_millis(pause));
        hold.ends();
        callers.until_acked(20);
    }
    assert!(callers.tally().try_later > 20, "{:?}", callers.tally());
    prove(&scene, callers, gateway, address);
}

on_both!(
    a_database_that_is_held_loses_nothing: held_on_sqlite_it_loses_nothing,
    held_on_postgres_it_loses_nothing
);
