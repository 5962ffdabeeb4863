//! Messages that are right though they do not look so, and messages that are wrong, in the manner of RFC 4475.

use onhook_sip::MESSAGE_LIMIT;

use crate::scene::{SERVER, Scene};

/// A message of these lines, which may hold no other line end than their own.
fn message(lines: &[&str]) -> String {
    lines.join("\r\n") + "\r\n\r\n"
}

#[track_caller]
fn check(name: &str, text: impl AsRef<[u8]>, status: u16, acts: usize) {
    let told = Scene::open().send(SERVER, text.as_ref());
    assert_eq!(
        (told.status(), told.acts().len()),
        (status, acts),
        "{name}: {:?}",
        told.0
    );
}

/// A usual message without what is replaced.
fn with(from: &str, to: &str) -> String {
    let text = Scene::open().notify("resync").text();
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

const URI: &str = "NOTIFY sip:4081001141@192.0.2.50:5060 SIP/2.0";

#[test]
fn spaces_and_folds_may_be_wherever_they_may_be() {
    let text = message(&[
        "NOTIFY sip:4081001141@192.0.2.50;user=phone;x SIP/2.0",
        "TO :\r\n sip:4081001141@example.com ;   tag    = 1918181833n",
        "from   : \"A \\\\\\\" quoted; name\"       <sip:prov@example.com>",
        "  ;",
        "  tag = 98asjd8",
        "MaX-fOrWaRdS: 0068",
        "Call-ID: wsinv.ndaksdj@192.0.2.1",
        "Content-Length   : 0",
        "cseq: 0009",
        "  NOTIFY",
        "Via  : SIP  /   2.0",
        " /UDP",
        "    192.0.2.2;branch=390skdjuw",
        "s :",
        "NewFangledHeader:   newfangled value",
        " continued newfangled value",
        "UnknownHeaderWithUnusualValue: ;;,,;;,;",
        "o: resync",
        "v:  SIP  / 2.0  / TCP     spindle.example.com   ;",
        "  branch  =   z9hG4bK9ikj8  ,",
        " SIP  /    2.0   / UDP  192.168.255.111   ; branch=",
        " z9hG4bK30239",
    ]);
    check("spaces and folds", text, 200, 1);
}

#[test]
fn right_messages_are_taken_however_they_are_written() {
    for (name, text) in [
        (
            "short names",
            with("Via:", "v:")
                .replace("From:", "f:")
                .replace("To:", "t:")
                .replace("Call-ID:", "i:")
                .replace("Content-Length:", "l:")
                .replace("Event:", "o:"),
        ),
        (
            "names in capitals",
            with("Via:", "VIA:")
                .replace("CSeq:", "CSEQ:")
                .replace("Event:", "EVENT:"),
        ),
        ("line feeds alone", with("\r\n", "\n")),
        ("no length over UDP", with("Content-Length: 0\r\n", "")),
        (
            "the same length twice",
            with("Content-Length: 0", "Content-Length: 0\r\nl: 0"),
        ),
        (
            "something after the end",
            with("\r\n\r\n", "\r\n\r\nNOTIFY sip:x SIP/2.0\r\n"),
        ),
        (
            "an unknown transport",
            with("SIP/2.0/UDP", "SIP/2.0/CARRIER-PIGEON"),
        ),
        (
            "letters of other alphabets",
            with("<sip:prov@", "\"Jörg \u{4e2d}\" <sip:prov@"),
        ),
        ("no tag of the asker", with(";tag=77", "")),
        ("a large number", with("CSeq: 1 ", "CSeq: 2147483647 ")),
        (
            "escapes in the address",
            with("sip:4081001141@192", "sip:%34081001141@192"),
        ),
        (
            "a password in the address",
            with("sip:4081001141@192", "sip:4081001141:pw@192"),
        ),
        (
            "a secure address",
            with(URI, "NOTIFY sips:4081001141@192.0.2.50 SIP/2.0"),
        ),
        (
            "an address of IPv6",
            with("192.0.2.10:5060;branch", "[2001:db8::9]:5060;branch"),
        ),
        ("no user", with("sip:4081001141@192", "sip:192")),
        (
            "capitals in the version",
            with("SIP/2.0\r\nVia", "sip/2.0\r\nVia"),
        ),
        (
            "a field of a megalomaniac",
            with("Event:", &format!("X: {}\r\nEvent:", "x".repeat(60_000))),
        ),
    ] {
        check(name, text, 200, 1);
    }
}

#[test]
fn bytes_that_are_no_text_harm_no_field_but_their_own() {
    let mut latin = with("<sip:prov@", "\"J_rg\" <sip:x>\r\nX: <sip:prov@").into_bytes();
    let at = latin.iter().position(|byte| *byte == b'_').unwrap();
    latin[at] = 0xf6;
    check(
        "bytes that are no UTF-8 in a field that counts",
        latin,
        0,
        0,
    );
    let mut latin = with("Event:", "Subject: J_rg\r\nEvent:").into_bytes();
    let at = latin.iter().position(|byte| *byte == b'_').unwrap();
    latin[at] = 0xf6;
    check("bytes that are no UTF-8 in another field", latin, 200, 1);
}

#[test]
fn wrong_messages_are_told_so_if_somebody_can_be_told() {
    for (name, text, status) in [
        (
            "a longer body than came",
            with("Length: 0", "Length: 9999"),
            400,
        ),
        (
            "a length below zero",
            with("Length: 0", "Length: -999"),
            400,
        ),
        ("a length that is none", with("Length: 0", "Length: a"), 400),
        ("two lengths", with("Length: 0", "Length: 0\r\nl: 5"), 400),
        ("another version", with("5060 SIP/2.0", "5060 SIP/7.0"), 505),
        ("no version", with("5060 SIP/2.0", "5060"), 400),
        (
            "another protocol",
            with("5060 SIP/2.0", "5060 HTTP/1.1"),
            400,
        ),
        (
            "an address in brackets",
            with("sip:4081001141@192.0.2.50:5060", "<sip:x@192.0.2.50>"),
            416,
        ),
        (
            "spaces in the address",
            with("sip:4081001141@192.0.2.50", "sip:408 1001141@192.0.2.50"),
            400,
        ),
        ("two spaces", with("NOTIFY sip", "NOTIFY  sip"), 400),
        (
            "a space at the end",
            with("5060 SIP/2.0", "5060 SIP/2.0 "),
            400,
        ),
        (
            "another scheme",
            with(
                "NOTIFY sip:4081001141@192.0.2.50:5060",
                "NOTIFY nobody:knows",
            ),
            416,
        ),
        (
            "a scheme of calls",
            with("NOTIFY sip:4081001141@192.0.2.50:5060", "NOTIFY tel:+1408"),
            416,
        ),
        (
            "no scheme",
            with("NOTIFY sip:4081001141@192.0.2.50:5060", "NOTIFY x"),
            400,
        ),
        (
            "no host",
            with("sip:4081001141@192.0.2.50:5060 S", "sip: S"),
            400,
        ),
        (
            "a number beyond all",
            with("CSeq: 1 ", "CSeq: 36893488147419103232 "),
            400,
        ),
        (
            "a number above the limit",
            with("CSeq: 1 ", "CSeq: 2147483648 "),
            400,
        ),
        ("a number that is none", with("CSeq: 1 ", "CSeq: one "), 400),
        ("another method in CSeq", with("1 NOTIFY", "1 INVITE"), 400),
        ("no method in CSeq", with("1 NOTIFY", "1"), 400),
    ] {
        check(name, text, status, 0);
    }
}

#[test]
fn wrong_fields_are_told_so_if_somebody_can_be_told() {
    for (name, text, status) in [
        (
            "several addressees",
            with("Call-ID", "To: <sip:b@example.com>\r\nCall-ID"),
            400,
        ),
        (
            "several askers",
            with("Call-ID", "f: <sip:b@example.com>\r\nCall-ID"),
            400,
        ),
        (
            "several events",
            with("Content", "o: resync\r\nContent"),
            400,
        ),
        (
            "a Via that is none",
            with(
                "Via: SIP/2.0/UDP 192",
                "Via: SIP/2.0/UDP 192.0.2.1\r\nX: 192",
            ),
            200,
        ),
        ("no end", with("\r\n\r\n", "\r\n"), 400),
        (
            "a line without colon",
            with("Event", "nonsense\r\nEvent"),
            400,
        ),
        (
            "too many fields",
            with("Event:", &format!("{}Event:", "X: y\r\n".repeat(200))),
            513,
        ),
    ] {
        let acts = usize::from(status == 200);
        check(name, text, status, acts);
    }
}

#[test]
fn nobody_is_answered_who_does_not_say_who_asks() {
    for (name, text) in [
        ("no Via", with("Via:", "X-Via:")),
        ("no From", with("From:", "X-From:")),
        ("no To", with("To:", "X-To:")),
        ("no Call-ID", with("Call-ID:", "X:")),
        ("no CSeq", with("CSeq:", "X:")),
        (
            "a Via that cannot be read",
            with("Via: SIP/2.0/UDP 192", "Via: gibberish 192"),
        ),
        ("an answer", with(URI, "SIP/2.0 200 OK")),
        (
            "an answer of no status",
            with(URI, "SIP/2.0 4294967301 better not break the receiver"),
        ),
        ("nothing", String::new()),
        ("a ping", "\r\n\r\n".to_owned()),
        ("one byte", "\0".to_owned()),
        ("the beginning", "NOTIFY".to_owned()),
        ("a page", "GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
    ] {
        check(name, text, 0, 0);
    }
}

#[test]
fn a_message_above_the_limit_is_refused() {
    let filler = format!("X: {}\r\nEvent:", "x".repeat(MESSAGE_LIMIT));
    check("64 KiB of headers", with("Event:", &filler), 513, 0);
    let text = with("Content-Length: 0\r\n\r\n", "\r\n") + &"x".repeat(MESSAGE_LIMIT);
    check("64 KiB of body", text, 513, 0);
}
