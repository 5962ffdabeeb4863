//! Forms with a file in them (RFC 7578).

/// A form: its media type with the boundary, and the body.
#[derive(Debug)]
pub struct Form {
    /// Value of Content-Type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A form with texts, by name and value, and then a file, by name, file name and content; `salt` makes a boundary that no
/// content has by chance.
///
/// Names have no quotes and no control characters; what of the texts ends lines is replaced by blanks.
#[must_use]
pub fn form(texts: &[(&str, &str)], file: (&str, &str, &[u8]), salt: [u8; 32]) -> Form {
    use std::fmt::Write as _;

    let mut boundary = String::from("onhook-");
    for byte in salt.iter().take(20) {
        // Writing to a String cannot fail.
        let _ = write!(boundary, "{byte:02x}");
    }
    let mut head = String::new();
    for (name, value) in texts {
        let value: String = value
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = write!(
            head,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    let (name, file, content) = file;
    let _ = write!(
        head,
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
         Content-Type: application/gzip\r\n\r\n"
    );
    let end = format!("\r\n--{boundary}--\r\n");
    Form {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        body: [head.as_bytes(), content, end.as_bytes()].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-PRT-2 type=test
    #[test]
    fn a_form_is_what_rfc_7578_says() {
        let form = form(
            &[("user", "Zo\u{eb}\r\n--x"), ("empty", "")],
            ("file", "f.tar.gz", b"\x1f\x8b"),
            [0xab; 32],
        );
        let boundary = format!("onhook-{}", "ab".repeat(20));
        let expected =
            "--B\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nZo\u{eb}  --x\r\n\
             --B\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n\
             --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.tar.gz\"\r\n\
             Content-Type: application/gzip\r\n\r\n\u{1f}*\r\n--B--\r\n"
                .replace("--B", &format!("--{boundary}"));
        let body: Vec<u8> = expected
            .bytes()
            .map(|b| if b == b'*' { 0x8b } else { b })
            .collect();
        assert_eq!(form.body, body);
        let media_type = format!("multipart/form-data; boundary={boundary}");
        assert_eq!(form.content_type, media_type);
        assert!(boundary.len() <= 70, "RFC 2046, 5.1.1");
    }
}
