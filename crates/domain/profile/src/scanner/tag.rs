//! Start tags with their attributes, and end tags.

use crate::diagnostics::Diagnostics;
use crate::error::XmlFault;
use crate::scanner::classes::{is_name_start, name_len, white_len};
use crate::scanner::{Fault, Open, Scanner, Start};
use crate::template::Tag;

impl Scanner<'_> {
    pub(super) fn end_tag(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else {
            return Err(XmlFault::StrayEndTag.at(self.at));
        };
        let name_at = self.at + 2;
        let after = self.bytes_from(name_at).strip_prefix(open.name.as_bytes());
        let blanks = after.map_or(0, white_len);
        match after.map(|after| after.get(blanks)) {
            Some(Some(b'>')) => {
                self.at = name_at + open.name.len() + blanks + 1;
                self.run = 0;
                Ok(())
            }
            Some(None) => Err(XmlFault::Unterminated.at(self.at)),
            Some(Some(_)) | None => {
                let mut wrong = XmlFault::WrongEndTag { opened: 0 }.at(self.at);
                wrong.opened = open.at;
                Err(wrong)
            }
        }
    }

    pub(super) fn start_tag(&mut self, warnings: &mut Diagnostics) -> Result<(), Fault> {
        let at = self.at;
        let name_end = at + 1 + name_len(self.bytes_from(at + 1));
        let name = self.document.get(at + 1..name_end).unwrap_or("");
        self.tag = Start {
            name,
            at,
            ..Start::default()
        };
        self.attributes.clear();
        self.at = name_end;
        loop {
            let blanks = white_len(self.bytes_from(self.at));
            self.at += blanks;
            match self.bytes_from(self.at) {
                [b'>', ..] => {
                    self.at += 1;
                    break;
                }
                [b'/', b'>', ..] => {
                    self.at += 2;
                    self.tag.empty = true;
                    break;
                }
                //= D-XML-7
                [byte, ..] if blanks > 0 && is_name_start(*byte) => self.attribute(warnings)?,
                [_, ..] => return Err(XmlFault::Attribute.at(self.at)),
                [] => return Err(XmlFault::Unterminated.at(at)),
            }
        }
        self.enter()
    }

    /// Reads a start tag if it is one that was read before.
    #[inline]
    pub(crate) fn familiar_tag(&mut self, tag: &Tag) -> Result<bool, Fault> {
        let Some(len) = tag.stands_in(self.bytes_from(self.at)) else {
            return Ok(false);
        };
        self.tag = tag.at(self.document, self.at);
        self.at += len;
        self.enter()?;
        Ok(true)
    }

    /// The start tag that was just read, as it stands in the file.
    pub(crate) fn raw_tag(&self) -> &[u8] {
        let bytes = self.document.as_bytes();
        bytes.get(self.tag.at..self.at).unwrap_or_default()
    }

    /// Opens the element whose start tag was read.
    #[inline]
    fn enter(&mut self) -> Result<(), Fault> {
        let Start {
            name, at, empty, ..
        } = self.tag;
        let limit = self.limits.depth;
        if self.open.len() >= limit {
            return Err(XmlFault::TooDeep { limit }.at(at));
        }
        self.run = 0;
        if !empty {
            self.open.push(Open { name, at });
        }
        Ok(())
    }

    fn attribute(&mut self, warnings: &mut Diagnostics) -> Result<(), Fault> {
        let at = self.at;
        let bytes = self.bytes_from(at);
        let (name, mut rest) = bytes.split_at_checked(name_len(bytes)).unwrap_or_default();
        let limit = self.limits.attributes;
        if self.attributes.len() >= limit {
            return Err(XmlFault::TooManyAttributes { limit }.at(at));
        }
        if self.attributes.contains(&name) {
            return Err(XmlFault::RepeatedAttribute.at(at));
        }
        self.attributes.push(name);
        rest = trim_start(rest);
        //= R-UA-3
        let [b'=', rest @ ..] = rest else {
            return Err(XmlFault::Attribute.at(at));
        };
        let [quote @ (b'"' | b'\''), rest @ ..] = trim_start(rest) else {
            return Err(XmlFault::Attribute.at(at));
        };
        let (mut len, mut references) = (0, false);
        loop {
            match rest.get(len) {
                Some(byte) if byte == quote => break,
                Some(b'<') => return Err(XmlFault::AttributeTag.at(at)),
                Some(byte) => references |= *byte == b'&',
                None => return Err(XmlFault::Unterminated.at(at)),
            }
            len += 1;
        }
        let value_at = self.document.len() - rest.len();
        self.at = value_at + len + 1;
        if references {
            self.decode(value_at, value_at + len, warnings, |_| {})?;
        }
        let value = rest.get(..len);
        match name {
            b"ua" => self.tag.ua = value,
            b"preserve-value" => self.tag.preserve_value = value,
            //= R-XML-14
            _ => {}
        }
        Ok(())
    }
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    bytes.get(white_len(bytes)..).unwrap_or_default()
}
