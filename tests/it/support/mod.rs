//! What tests share: databases of their own, the real server on a free port with a clock that stands
//! still, and a caller that speaks HTTP byte for byte. It decides nothing about what is right.

pub(crate) mod app;
pub(crate) mod collector;
pub(crate) mod contract;
pub(crate) mod database;
pub(crate) mod http;
pub(crate) mod office;
pub(crate) mod program;
pub(crate) mod provider;
pub(crate) mod receiver;

pub(crate) use app::TestApp;
pub(crate) use database::Engine;

/// One test on both databases: `both!(fn the_sentence(app) { … })`, with more settings as TOML:
/// `both!(fn the_sentence(app, "[writer]\nqueue = 1") { … })`.
macro_rules! both {
    (fn $name:ident($app:ident) $body:block) => {
        both!(fn $name($app, "") $body);
    };
    (fn $name:ident($app:ident, $settings:expr) $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "not every story needs them")]
            use super::*;

            fn story($app: &mut crate::support::TestApp) $body

            #[test]
            fn on_sqlite() {
                story(&mut crate::support::TestApp::start(
                    crate::support::Engine::Sqlite,
                    $settings,
                ));
            }

            #[test]
            fn on_postgres() {
                story(&mut crate::support::TestApp::start(
                    crate::support::Engine::Postgres,
                    $settings,
                ));
            }
        }
    };
}
pub(crate) use both;
