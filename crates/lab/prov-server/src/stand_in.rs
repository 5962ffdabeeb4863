//! What is sent instead of a file.

use crate::fault::OtherBody;

const PAGE: &[u8] = b"<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\
<body><h1>Welcome</h1><p>Please log in to go on.</p></body></html>\n";

/// Its bytes.
pub(crate) const fn bytes(body: OtherBody) -> &'static [u8] {
    match body {
        OtherBody::Empty => b"",
        OtherBody::Html => PAGE,
    }
}
