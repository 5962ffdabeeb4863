//! The answers of a directory.

use onhook_discovery::{NoUrl, read_redirect};
use proptest::prelude::*;

//= R-OOB-6 type=test
#[test]
fn an_answer_is_one_url_or_nothing() {
    for (answer, url) in [
        ("https://h/$MA.xml", Ok(Some("https://h/$MA.xml"))),
        ("\r\n tftp://h/x\n", Ok(Some("tftp://h/x"))),
        ("[--key $SA] HTTP://h/x", Ok(Some("[--key $SA] HTTP://h/x"))),
        ("", Ok(None)),
        ("\n \t\r\n", Ok(None)),
        ("h/x", Err(NoUrl)),
        ("gds://", Err(NoUrl)),
        ("http://h/a b", Err(NoUrl)),
        ("http://h/a\nhttp://h/b", Err(NoUrl)),
        ("[--key a\nb] http://h/x", Err(NoUrl)),
        ("[--key a http://h/x", Err(NoUrl)),
        ("<html>", Err(NoUrl)),
    ] {
        assert_eq!(read_redirect(answer.as_bytes()), url, "{answer:?}");
    }
    assert_eq!(read_redirect(b"http://h/\xff"), Err(NoUrl));
}

proptest! {
    #[test]
    fn whatever_is_said_a_url_is_one_line_that_was_said(answer: Vec<u8>) {
        if let Ok(Some(url)) = read_redirect(&answer) {
            prop_assert!(!url.contains(char::is_control));
            prop_assert!(String::from_utf8_lossy(&answer).contains(url));
        }
    }
}
