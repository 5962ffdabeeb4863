//! Entity and character references.

use crate::error::XmlFault;
use crate::scanner::Fault;
use crate::scanner::classes::{ampersand, is_allowed, is_name_byte, is_name_start};

/// A part of a text whose references are being decoded.
pub(crate) enum Piece<'t> {
    /// Text without references.
    Text(&'t str),
    /// What a reference stands for.
    Char(char),
    /// An ampersand that begins no reference, at this offset.
    BareAmpersand(usize),
}

enum Reference {
    /// The character and the length of what follows the ampersand.
    Char(char, usize),
    Bare,
}

/// Decodes the references of a text that begins at offset `at`, once.
pub(crate) fn decode<'t>(
    text: &'t str,
    at: usize,
    mut emit: impl FnMut(Piece<'t>),
) -> Result<(), Fault> {
    let mut rest = text;
    while let Some(len) = ampersand(rest) {
        let (before, after) = (
            rest.get(..len).unwrap_or(""),
            rest.get(len + 1..).unwrap_or(""),
        );
        if !before.is_empty() {
            emit(Piece::Text(before));
        }
        let here = at + (text.len() - after.len() - 1);
        match reference(after).map_err(|fault| fault.at(here))? {
            //= R-XML-11
            Reference::Char(char, len) => {
                emit(Piece::Char(char));
                rest = after.get(len..).unwrap_or("");
            }
            //= D-XML-5
            Reference::Bare => {
                emit(Piece::BareAmpersand(here));
                rest = after;
            }
        }
    }
    if !rest.is_empty() {
        emit(Piece::Text(rest));
    }
    Ok(())
}

/// Reads the reference whose ampersand stands before `after`.
fn reference(after: &str) -> Result<Reference, XmlFault> {
    let (radix, digits) = match after.strip_prefix('#') {
        Some(number) => match number.strip_prefix('x') {
            Some(hex) => (16, hex),
            None => (10, number),
        },
        None => return named(after),
    };
    let len = digits
        .bytes()
        .take_while(|byte| char::from(*byte).is_digit(radix))
        .count();
    let Some((number, rest)) = digits.split_at_checked(len) else {
        return Ok(Reference::Bare);
    };
    if number.is_empty() || !rest.starts_with(';') {
        return Ok(Reference::Bare);
    }
    //= R-XML-12
    let char = u32::from_str_radix(number, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|char| is_allowed(*char))
        .ok_or(XmlFault::ForbiddenReference)?;
    Ok(Reference::Char(char, after.len() - rest.len() + 1))
}

fn named(after: &str) -> Result<Reference, XmlFault> {
    let (char, len) = match after.as_bytes() {
        [b'a', b'm', b'p', b';', ..] => ('&', 4),
        [b'l', b't', b';', ..] => ('<', 3),
        [b'g', b't', b';', ..] => ('>', 3),
        [b'q', b'u', b'o', b't', b';', ..] => ('"', 5),
        [b'a', b'p', b'o', b's', b';', ..] => ('\'', 5),
        other => {
            let len = other.iter().take_while(|byte| is_name_byte(**byte)).count();
            let begins_a_name = other.first().is_some_and(|byte| is_name_start(*byte));
            return if begins_a_name && other.get(len) == Some(&b';') {
                Err(XmlFault::UnknownEntity)
            } else {
                Ok(Reference::Bare)
            };
        }
    };
    Ok(Reference::Char(char, len))
}
