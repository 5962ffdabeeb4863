//! Objects that are sent to a phone to be executed (`CiscoIPPhoneExecute`), by SIP or to its pages.

use onhook_device::Secret;
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

const ROOT: &str = "CiscoIPPhoneExecute";
const ITEM: &str = "ExecuteItem";

/// What an object asks for.
#[derive(PartialEq, Eq, Debug)]
pub enum Execution {
    /// Run the configured rules.
    Resync,
    /// Run this rule alone, once; it is as it was written, and may hold a key.
    ResyncWith(Secret),
}

/// Why an object asks for nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotExecuted {
    /// It is no such object.
    Malformed,
    /// Nothing in it can be done by this phone.
    Unable,
}

/// Reads an object; of several items the first that asks for a resync counts.
///
/// # Errors
/// It is no object, or asks for nothing that can be done.
pub fn read_execute(body: &[u8]) -> Result<Execution, NotExecuted> {
    //= R-WEB-12
    let text = std::str::from_utf8(body).map_err(|_| NotExecuted::Malformed)?;
    let mut reader = Reader::from_str(text);
    let (mut inside, mut items) = (false, 0);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) if !inside => {
                if tag.name().as_ref() != ROOT {
                    return Err(NotExecuted::Malformed);
                }
                inside = true;
            }
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.name().as_ref() == ITEM => {
                items += 1;
                let url = tag
                    .try_get_attribute("URL")
                    .map_err(|_| NotExecuted::Malformed)?
                    .ok_or(NotExecuted::Malformed)?;
                let url = url.normalized_value(XmlVersion::Implicit1_0);
                if let Some(rule) = resync_of(&url.map_err(|_| NotExecuted::Malformed)?) {
                    return Ok(match rule {
                        "" => Execution::Resync,
                        rule => Execution::ResyncWith(Secret::from(rule)),
                    });
                }
            }
            Ok(Event::Eof) if inside && items > 0 => return Err(NotExecuted::Unable),
            Ok(Event::Eof | Event::DocType(_)) | Err(_) => return Err(NotExecuted::Malformed),
            Ok(_) => {}
        }
    }
}

/// The rule of `Resync:[rule]`, with or without the brackets.
fn resync_of(url: &str) -> Option<&str> {
    let url = url.trim();
    let scheme = url.get(.."Resync:".len())?;
    let rule = url.get("Resync:".len()..)?.trim();
    let bare = rule
        .strip_prefix('[')
        .and_then(|rule| rule.strip_suffix(']'));
    scheme
        .eq_ignore_ascii_case("Resync:")
        .then_some(bare.map_or(rule, str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(rule: &str) -> Result<Execution, NotExecuted> {
        Ok(Execution::ResyncWith(Secret::from(rule)))
    }

    //= R-WEB-12 type=test
    #[test]
    fn an_object_may_ask_for_a_resync() {
        let item = |url: &str| {
            format!(
                "<CiscoIPPhoneExecute><ExecuteItem Priority=\"0\" URL=\"{url}\"/></CiscoIPPhoneExecute>"
            )
        };
        for (body, act) in [
            (
                item("Resync:[http://h/x?a=1&amp;b]"),
                with("http://h/x?a=1&b"),
            ),
            (item("resync: http://h/x"), with("http://h/x")),
            (
                item("Resync:[--key k]http://h/x"),
                with("[--key k]http://h/x"),
            ),
            (item("Resync:x"), with("x")),
            (item("Resync:"), Ok(Execution::Resync)),
            (item("Resync:[]"), Ok(Execution::Resync)),
            (item("Key:Headset"), Err(NotExecuted::Unable)),
            (
                item("Key:A\"/><ExecuteItem URL=\"Resync:"),
                Ok(Execution::Resync),
            ),
            (item("\" x=\""), Err(NotExecuted::Unable)),
            (item("&nope;"), Err(NotExecuted::Malformed)),
            (
                "<CiscoIPPhoneExecute><ExecuteItem/></CiscoIPPhoneExecute>".to_owned(),
                Err(NotExecuted::Malformed),
            ),
            (
                "<CiscoIPPhoneText/>".to_owned(),
                Err(NotExecuted::Malformed),
            ),
            (
                "<CiscoIPPhoneExecute/>".to_owned(),
                Err(NotExecuted::Malformed),
            ),
            (
                "<!DOCTYPE a>".to_owned() + &item("Resync:"),
                Err(NotExecuted::Malformed),
            ),
            ("Resync:".to_owned(), Err(NotExecuted::Malformed)),
            (String::new(), Err(NotExecuted::Malformed)),
        ] {
            assert_eq!(read_execute(body.as_bytes()), act, "{body}");
        }
    }
}
