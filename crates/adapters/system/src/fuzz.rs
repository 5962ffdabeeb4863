//! What fuzzing feeds: a function that takes any bytes and panics when something that must hold does not.

use crate::request::ControlRequest;

/// A line at the control socket: what is read is what its own text is read as, and what is refused is told in words of bounded length
/// that fit into one line.
///
/// # Panics
/// Something of this does not hold.
pub fn control(bytes: &[u8]) {
    match ControlRequest::read(bytes) {
        Ok(request) => {
            let written = serde_json::to_vec(&request).unwrap_or_default();
            assert!(!written.is_empty() && !written.contains(&b'\n'));
            let again = ControlRequest::read(&written);
            let again = again.map(|request| serde_json::to_vec(&request).unwrap_or_default());
            assert_eq!(again.as_ref(), Ok(&written));
            let _ = request.into_ask();
        }
        Err(why) => {
            assert!(why.starts_with("not a request: ") && why.len() < 200);
            assert!(!why.contains(char::is_control));
        }
    }
}
