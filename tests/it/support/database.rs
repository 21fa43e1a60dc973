//! A database for one test: a file in a temporary folder, or a schema of its own on the PostgreSQL
//! that DOISOAT_TEST_POSTGRES names. It is gone when the test is. A missing variable fails the test.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl};
use tempfile::TempDir;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A database that is dropped with its test.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    schema: Option<String>,
    _folder: Option<TempDir>,
}

fn server() -> String {
    std::env::var("DOISOAT_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "DOISOAT_TEST_POSTGRES IS NOT SET: this test needs PostgreSQL and is not skipped; \
             run tests/run, which brings one"
        )
    })
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    t: String,
}

impl TestDatabase {
    pub(crate) fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("test.db");
                Self {
                    url: format!("sqlite://{}", path.display()),
                    schema: None,
                    _folder: Some(folder),
                }
            }
            Engine::Postgres => {
                let schema = format!("t{}", uuid::Uuid::now_v7().simple());
                let server = server();
                let mut connection = PgConnection::establish(&server).unwrap();
                let create = format!("CREATE SCHEMA {schema}");
                connection.batch_execute(&create).unwrap();
                Self {
                    url: format!("{server}?options=-csearch_path%3D{schema}"),
                    schema: Some(schema),
                    _folder: None,
                }
            }
        }
    }

    /// A database that is there already and that somebody else takes away, on a server of the
    /// test's own for instance.
    pub(crate) fn at(url: String) -> Self {
        Self {
            url,
            schema: None,
            _folder: None,
        }
    }

    /// Runs statements behind the program's back.
    pub(crate) fn run(&self, sql: &str) {
        match self.url.strip_prefix("sqlite://") {
            Some(path) => {
                let mut connection = SqliteConnection::establish(path).unwrap();
                connection
                    .batch_execute("PRAGMA busy_timeout = 5000")
                    .unwrap();
                connection.batch_execute(sql).unwrap();
            }
            None => PgConnection::establish(&self.url)
                .unwrap()
                .batch_execute(sql)
                .unwrap(),
        }
    }

    /// What the database says of statements that it must refuse.
    pub(crate) fn refuses(&self, sql: &str) -> String {
        let done = match self.url.strip_prefix("sqlite://") {
            Some(path) => SqliteConnection::establish(path)
                .unwrap()
                .batch_execute(sql),
            None => PgConnection::establish(&self.url)
                .unwrap()
                .batch_execute(sql),
        };
        done.unwrap_err().to_string()
    }

    /// The number that a query gives as `n`.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let query = diesel::sql_query(sql);
        let row: Number = match self.url.strip_prefix("sqlite://") {
            Some(path) => query
                .get_result(&mut SqliteConnection::establish(path).unwrap())
                .unwrap(),
            None => query
                .get_result(&mut PgConnection::establish(&self.url).unwrap())
                .unwrap(),
        };
        row.n
    }

    /// The texts that a query gives as `t`.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let query = diesel::sql_query(sql);
        let rows: Vec<Line> = match self.url.strip_prefix("sqlite://") {
            Some(path) => query
                .load(&mut SqliteConnection::establish(path).unwrap())
                .unwrap(),
            None => query
                .load(&mut PgConnection::establish(&self.url).unwrap())
                .unwrap(),
        };
        rows.into_iter().map(|row| row.t).collect()
    }

    /// The one id in a column, as people write it.
    pub(crate) fn id(&self, column: &str, from_where: &str) -> String {
        let text = match self.schema {
            Some(_) => format!("CAST({column} AS TEXT)"),
            None => format!("hex({column})"),
        };
        let found = self.texts(&format!("SELECT {text} AS t FROM {from_where}"));
        assert_eq!(found.len(), 1, "{from_where}: {found:?}");
        uuid::Uuid::parse_str(&found[0]).unwrap().to_string()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(schema) = &self.schema {
            let drop = format!("DROP SCHEMA {schema} CASCADE");
            let connection = PgConnection::establish(&server());
            let dropped = connection.map(|mut connection| connection.batch_execute(&drop));
            if !matches!(dropped, Ok(Ok(()))) {
                eprintln!("the schema {schema} could not be dropped");
            }
        }
    }
}
