//! Answers, each with the headers that keep browsers honest.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{self, HeaderName, HeaderValue};

/// What pages may use: nothing but what the phone itself serves, and no script in a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // A form says where it comes from, and nobody else learns a URL.
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    ),
];

/// An answer of a type.
pub(crate) fn answer(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page.
pub(crate) fn html(status: StatusCode, text: String) -> Response {
    answer(status, "text/html; charset=utf-8", text)
}

/// Plain words.
pub(crate) fn words(status: StatusCode, text: impl Into<String>) -> Response {
    answer(status, "text/plain; charset=utf-8", text.into() + "\n")
}

/// Words of an action, which scripts look for (R-WEB-6).
pub(crate) fn accepted(text: &str) -> Response {
    html(
        StatusCode::OK,
        format!("<!doctype html><html lang=\"en\"><title>Onhook</title><p>{text}</p></html>\n"),
    )
}

/// Go on with another page.
pub(crate) fn see(path: &str) -> Response {
    let mut response = words(StatusCode::SEE_OTHER, format!("see {path}"));
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}
