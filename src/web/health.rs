//! Health: `/healthz` says that the process answers, `/readyz` that it can take money: the database
//! answers, the writer is alive and its queue has room. Neither says anything about the books.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde_json::json;
use tokio::time::timeout;

use super::Gateway;

/// How long the database may take: whoever asks how we are waits no longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// `/healthz`.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok")
}

/// `/readyz`: 200, or 503 with what is wrong.
pub async fn ready(gateway: web::Data<Gateway>) -> HttpResponse {
    let asked = gateway.clone();
    let database = web::block(move || asked.db.pending_migrations());
    let database = match timeout(PATIENCE, database).await {
        Ok(Ok(Ok(missing))) if missing.is_empty() => "ok",
        Ok(Ok(Ok(_))) => "migrations are missing",
        Ok(Ok(Err(_)) | Err(_)) | Err(_) => "does not answer",
    };
    let writer = if gateway.intake.is_alive() {
        "ok"
    } else {
        "has ended"
    };
    let waiting = gateway.intake.tally().waiting.load(Ordering::Relaxed);
    let room = u64::try_from(gateway.settings.writer.queue).unwrap_or(u64::MAX);
    let queue = if waiting < room { "ok" } else { "is full" };
    let is_ready = [database, writer, queue].iter().all(|word| *word == "ok");
    let body = json!({ "database": database, "writer": writer, "queue": queue });
    if is_ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}
