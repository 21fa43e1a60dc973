//! What pages load beside their HTML: one style sheet, compiled in. It is the same until the
//! program changes, so browsers may keep it for an hour; nothing comes from other hosts.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};

/// `/assets/site.css`.
pub async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(include_str!("assets/site.css"))
}
