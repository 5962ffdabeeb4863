//! What a directory says to a phone out of the box.

use onhook_fetch::Scheme;
use thiserror::Error;

/// A directory has said something else than one URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("it is no URL: a directory answers with one URL, perhaps behind options, or with nothing")]
pub struct NoUrl;

/// Reads the answer of a directory: one URL with a scheme, perhaps behind options in brackets and with white space around it.
/// An empty answer says that it does not know the phone.
///
/// # Errors
/// It is something else.
pub fn read_redirect(answer: &[u8]) -> Result<Option<&str>, NoUrl> {
    let text = std::str::from_utf8(answer).map_err(|_| NoUrl)?.trim_ascii();
    //= R-OOB-6
    if text.is_empty() {
        return Ok(None);
    }
    let url = match text.strip_prefix('[') {
        Some(rest) => rest
            .rsplit_once(']')
            .map_or("", |(_, url)| url.trim_ascii()),
        None => text,
    };
    let whole = url.bytes().all(|b| b.is_ascii_graphic()) && !text.contains(char::is_control);
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.parse());
    match scheme {
        Some(Ok(Scheme::Tftp | Scheme::Http | Scheme::Https)) if whole => Ok(Some(text)),
        Some(_) | None => Err(NoUrl),
    }
}
