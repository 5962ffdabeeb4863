//! From XML to settings.

use onhook_device::EmptyElement;
use onhook_params::{Delta, DeltaBuilder, ParamId, Scope, Setting, UserAccess};

use crate::alias::{Alias, AliasMap};
use crate::decode::DecodeSpec;
use crate::diagnostics::{Diagnostics, WarningCode};
use crate::error::{DecodeError, XmlFault};
use crate::position::Positions;
use crate::reference::{self, Piece};
use crate::scanner::classes::first_forbidden;
use crate::scanner::{Fault, Found, Scanner, Start, Text, Token};
use crate::template::{Known, Tag};
use crate::value::{Scratch, trim};

/// Bytes of XML that one element takes, at least, in files as phones get them.
const BYTES_PER_ELEMENT: usize = 64;
/// One byte in this many is part of a value, at most, in such files.
const VALUE_SHARE: usize = 2;
/// Room for values that is taken at the start, at most.
const VALUES: usize = 256 << 10;

/// Reads a document: what it sets, and what was wrong with it but does no harm.
pub(crate) fn read(
    xml: &[u8],
    spec: &DecodeSpec<'_>,
    template: &mut impl Known,
) -> Result<(Delta, Diagnostics), DecodeError> {
    //= R-ENC-1
    let xml = xml.strip_prefix(b"\xef\xbb\xbf").unwrap_or(xml);
    //= R-ENC-2
    let text = std::str::from_utf8(xml)
        .map_err(|error| corrupt(xml, &XmlFault::Utf8.at(error.valid_up_to())))?;
    if let Some(at) = first_forbidden(text) {
        return Err(corrupt(xml, &XmlFault::Control.at(at)));
    }
    let mut reader = Reader {
        scanner: Scanner::new(text, spec.limits),
        scope: &spec.scope,
        template,
        aliases: Vec::new(),
        ancestry: Vec::new(),
        aliased: 0,
        settings: DeltaBuilder::with_capacity(
            text.len() / BYTES_PER_ELEMENT,
            (text.len() / VALUE_SHARE).min(VALUES),
        ),
        scratch: Scratch::default(),
        warnings: Diagnostics::default(),
        first_element: None,
        profiles: 0,
    };
    reader.read_aliases(spec.aliases);
    reader.document().map_err(|fault| corrupt(xml, &fault))?;
    //= D-XML-3
    //= R-ALI-4
    if reader.profiles == 0 && reader.aliased == 0 {
        let (line, column) = Positions::new(xml).locate(reader.first_element.unwrap_or(0));
        return Err(DecodeError::NoFlatProfile { line, column });
    }
    reader.warnings.locate(xml);
    //= R-APP-5
    Ok((reader.settings.finish(), reader.warnings))
}

fn corrupt(xml: &[u8], found: &Found) -> DecodeError {
    let mut positions = Positions::new(xml);
    let named = if matches!(found.fault, XmlFault::WrongEndTag { .. }) {
        XmlFault::WrongEndTag {
            opened: positions.locate(found.opened).0,
        }
    } else {
        found.fault
    };
    let (line, column) = positions.locate(found.at);
    DecodeError::Corrupt {
        fault: named,
        line,
        column,
    }
}

struct Reader<'x, 's, T> {
    scanner: Scanner<'x>,
    scope: &'s Scope,
    template: &'s mut T,
    /// The entries whose parameters exist.
    aliases: Vec<(Alias<'s>, ParamId)>,
    /// The names of the open elements, kept for its memory.
    ancestry: Vec<&'x str>,
    /// Elements that an entry matched.
    aliased: usize,
    settings: DeltaBuilder,
    scratch: Scratch,
    warnings: Diagnostics,
    first_element: Option<usize>,
    profiles: usize,
}

impl<'x, 's, T: Known> Reader<'x, 's, T> {
    /// Reads the alias map; its bad entries are told at the beginning of the file.
    fn read_aliases(&mut self, text: &'s str) {
        let map = AliasMap::parse(text);
        //= R-ALIAS-5
        //= R-ALI-5
        for _ in map.errors() {
            self.warnings.push(WarningCode::AliasEntry, "", 0, None);
        }
        for alias in map.entries() {
            match ParamId::lookup(alias.parameter, self.scope) {
                Some(id) => self.aliases.push((*alias, id)),
                None => {
                    let name = alias.parameter;
                    self.warnings.push(WarningCode::AliasTarget, name, 0, None);
                }
            }
        }
    }

    /// Reads the element whose start tag was read, if the alias map names it: at any depth, before anything else.
    #[inline]
    fn alias(&mut self) -> Result<bool, Fault> {
        if self.aliases.is_empty() {
            return Ok(false);
        }
        let start = self.scanner.tag;
        self.ancestry.clear();
        self.ancestry.extend(self.scanner.path());
        if start.empty {
            self.ancestry.push(start.name);
        }
        //= R-ALI-2
        //= R-ALI-3
        let entry = self
            .aliases
            .iter()
            .find(|(alias, _)| alias.matches(&self.ancestry));
        let Some(id) = entry.map(|(_, id)| *id) else {
            return Ok(false);
        };
        self.aliased += 1;
        self.parameter(id, &start)?;
        Ok(true)
    }

    #[inline]
    fn next(&mut self) -> Result<Token, Fault> {
        self.scanner.next(&mut self.warnings)
    }

    /// Checks text that is otherwise ignored.
    fn ignore(&mut self) -> Result<(), Fault> {
        if self.scanner.text.holds.has_ampersands() {
            return self.scanner.decode_text(&mut self.warnings, |_| {});
        }
        self.scanner.count_text()
    }

    /// Looks for profiles at any depth.
    fn document(&mut self) -> Result<(), Fault> {
        loop {
            match self.next()? {
                Token::Text => self.ignore()?,
                Token::Start => {
                    let start = self.scanner.tag;
                    self.first_element.get_or_insert(start.at);
                    if self.alias()? {
                        continue;
                    }
                    //= R-XML-2
                    //= R-XML-4
                    if start.name == "flat-profile" {
                        //= D-XML-8
                        self.profiles += 1;
                        if !start.empty {
                            self.flat_profile()?;
                        }
                    }
                }
                Token::End => {}
                Token::Eof => return Ok(()),
            }
        }
    }

    /// Reads the children of a profile, up to its end tag.
    fn flat_profile(&mut self) -> Result<(), Fault> {
        let mut before = None;
        loop {
            self.scanner.skip_white();
            if let Some(id) = self.familiar(before)? {
                before = Some(id);
                let start = self.scanner.tag;
                self.parameter(id, &start)?;
                continue;
            }
            match self.next()? {
                //= R-XML-16
                Token::Text => self.ignore()?,
                //= R-XML-1
                //= R-XML-3
                Token::Start => {
                    //= R-ALIAS-4
                    if self.alias()? {
                        continue;
                    }
                    let start = self.scanner.tag;
                    match self.lookup(before) {
                        Some(id) => {
                            before = Some(id);
                            self.parameter(id, &start)?;
                        }
                        None => self.unknown(&start)?,
                    }
                }
                Token::End | Token::Eof => return Ok(()),
            }
        }
    }

    /// Reads the next start tag, if it is the one that came here before; gives its parameter.
    #[inline]
    fn familiar(&mut self, before: Option<ParamId>) -> Result<Option<ParamId>, Fault> {
        let Some(tag) = self.template.expected(before) else {
            return Ok(None);
        };
        Ok(self.scanner.familiar_tag(tag)?.then_some(tag.id))
    }

    /// The parameter of the start tag that was just read.
    fn lookup(&mut self, before: Option<ParamId>) -> Option<ParamId> {
        let start = &self.scanner.tag;
        let id = ParamId::lookup(start.name, self.scope)?;
        let tag = || Tag::of(id, start, self.scanner.raw_tag());
        self.template.note(before, tag);
        Some(id)
    }

    //= R-XML-5
    //= R-XML-15
    fn unknown(&mut self, start: &Start<'x>) -> Result<(), Fault> {
        self.warnings
            .push(WarningCode::Unknown, start.name, start.at, None);
        if start.empty {
            return Ok(());
        }
        self.skip(self.scanner.depth() - 1)
    }

    /// Skips until only `depth` elements are open.
    fn skip(&mut self, depth: usize) -> Result<(), Fault> {
        while self.scanner.depth() > depth {
            match self.next()? {
                Token::Text => self.ignore()?,
                Token::Start => {
                    self.alias()?;
                }
                Token::End => {}
                Token::Eof => return Ok(()),
            }
        }
        Ok(())
    }

    fn parameter(&mut self, id: ParamId, start: &Start<'x>) -> Result<(), Fault> {
        if start.empty {
            //= D-XML-1
            //= R-XML-7
            let value = match self.scope.readings.empty_element {
                EmptyElement::Keep => None,
                EmptyElement::Clear => Some(""),
            };
            self.set(id, start, value);
            return Ok(());
        }
        if let Some(text) = self.scanner.plain_element(T::same)? {
            self.set_plain(id, start, text);
            return Ok(());
        }
        self.scratch.clear();
        loop {
            match self.next()? {
                Token::Text => self.append()?,
                //= R-XML-15
                Token::Start => {
                    self.warnings
                        .push(WarningCode::Nested, start.name, start.at, None);
                    let child = usize::from(!self.scanner.tag.empty);
                    let outside = self.scanner.depth() - 1 - child;
                    self.alias()?;
                    return self.skip(outside);
                }
                Token::End | Token::Eof => break,
            }
        }
        let scratch = std::mem::take(&mut self.scratch);
        //= R-XML-8
        self.set(id, start, Some(scratch.trimmed()));
        self.scratch = scratch;
        Ok(())
    }

    /// Sets a value that is one run of text without references, which mostly needs no copy.
    fn set_plain(&mut self, id: ParamId, start: &Start<'x>, text: Text) {
        let raw = self.scanner.raw(text);
        if !text.holds.has_line_ends() {
            return self.set(id, start, Some(trim(raw)));
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch.push_str(raw, text.holds);
        self.set(id, start, Some(scratch.trimmed()));
        self.scratch = scratch;
    }

    //= D-XML-4
    fn append(&mut self) -> Result<(), Fault> {
        let scratch = &mut self.scratch;
        let holds = self.scanner.text.holds;
        if !holds.has_ampersands() {
            self.scanner.count_text()?;
            scratch.push_str(self.scanner.raw(self.scanner.text), holds);
            return Ok(());
        }
        self.scanner
            .decode_text(&mut self.warnings, |piece| match piece {
                Piece::Text(raw) => scratch.push_str(raw, holds),
                Piece::Char(char) => scratch.push(char),
                Piece::BareAmpersand(_) => scratch.push('&'),
            })
    }

    /// Adds what one element sets: a decoded, trimmed value, and the user right.
    fn set(&mut self, id: ParamId, start: &Start<'x>, text: Option<&str>) {
        let access = self.access(start);
        //= R-APP-8
        let value = match text.map(|text| id.canonical(text, self.scope)).transpose() {
            Ok(value) => value,
            //= R-APP-6
            Err(bad) => {
                let code = if bad.code() == "too-long" {
                    WarningCode::TooLong
                } else {
                    WarningCode::BadValue
                };
                self.warnings.push(code, start.name, start.at, Some(bad));
                None
            }
        };
        //= R-UA-2
        //= D-UA-1
        if value.is_none() && access.is_none() {
            return;
        }
        let repeated = self.settings.push(Setting {
            id,
            value: value.as_deref(),
            access,
            //= R-UA-5
            preserve: access.is_some() && is_yes(start.preserve_value),
        });
        if repeated {
            self.warnings
                .push(WarningCode::Duplicate, start.name, start.at, None);
        }
    }

    fn access(&mut self, start: &Start<'x>) -> Option<UserAccess> {
        let right = start.ua?;
        //= R-UA-1
        let access = match right {
            b"na" => Some(UserAccess::Na),
            b"ro" => Some(UserAccess::Ro),
            b"rw" => Some(UserAccess::Rw),
            _ => [
                ("na", UserAccess::Na),
                ("ro", UserAccess::Ro),
                ("rw", UserAccess::Rw),
            ]
            .into_iter()
            .find_map(|(name, access)| decodes_to(right, name).then_some(access)),
        };
        if access.is_none() {
            //= R-UA-4
            //= D-UA-2
            self.warnings
                .push(WarningCode::BadUa, start.name, start.at, None);
        }
        access
    }
}

fn is_yes(attribute: Option<&[u8]>) -> bool {
    attribute.is_some_and(|raw| decodes_to(raw, "y"))
}

/// Whether an attribute value, which has been checked, decodes to a text.
fn decodes_to(raw: &[u8], expected: &str) -> bool {
    let Ok(raw) = std::str::from_utf8(raw) else {
        return false;
    };
    let mut rest = Some(expected);
    let good = reference::decode(raw, 0, |piece| {
        rest = rest.and_then(|rest| match piece {
            Piece::Text(text) => rest.strip_prefix(text),
            Piece::Char(char) => rest.strip_prefix(char),
            Piece::BareAmpersand(_) => rest.strip_prefix('&'),
        });
    });
    good.is_ok() && rest == Some("")
}
