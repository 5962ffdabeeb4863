//! Where the values of a profile stand in its text.

use onhook_params::{ParamId, Scope};
use zeroize::Zeroizing;

use crate::decode::Limits;
use crate::diagnostics::Diagnostics;
use crate::position::Positions;
use crate::reference::{self, Piece};
use crate::scanner::{Fault, Scanner, Token};
use crate::value::trim;

/// The values of a plain XML profile, each with its place.
///
/// This is for tools that point into a file; a phone has no use for it.
pub struct Places<'x> {
    document: &'x str,
    all: Vec<Place>,
}

/// One value and where it stands.
pub struct Place {
    /// The parameter.
    pub id: ParamId,
    value: Zeroizing<String>,
    /// Byte offset of the start tag in the document.
    tag: usize,
    /// Byte offsets in the value and in the document; what follows one moves on in step.
    steps: Vec<(usize, usize)>,
}

impl Place {
    /// The value, decoded and trimmed, as the phone gets it; it need not fit the parameter.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Line and column of a byte offset in the value.
    pub fn locate(&self, offset: usize, positions: &mut Positions<'_>) -> (u32, u32) {
        let behind = self.steps.partition_point(|(value, _)| *value <= offset);
        let step = behind.checked_sub(1).and_then(|at| self.steps.get(at));
        let at = step.map_or(self.tag, |(value, document)| document + (offset - value));
        positions.locate(at)
    }
}

impl<'x> Places<'x> {
    /// Finds the values of a document in order, repeated ones too; what is not well-formed ends the search.
    #[must_use]
    pub fn find(document: &'x [u8], scope: &Scope, limits: Limits) -> Self {
        let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        let document = std::str::from_utf8(document).unwrap_or("");
        let mut search = Search {
            scanner: Scanner::new(document, limits),
            warnings: Diagnostics::default(),
            document,
            scope,
            all: Vec::new(),
        };
        // What was found before a fault stays.
        let _ = search.document();
        Self {
            document,
            all: search.all,
        }
    }

    /// The values in order.
    #[must_use]
    pub fn all(&self) -> &[Place] {
        &self.all
    }

    /// Positions in the document, for [`Place::locate`].
    #[must_use]
    pub const fn positions(&self) -> Positions<'x> {
        Positions::new(self.document.as_bytes())
    }
}

struct Search<'x, 's> {
    scanner: Scanner<'x>,
    warnings: Diagnostics,
    document: &'x str,
    scope: &'s Scope,
    all: Vec<Place>,
}

impl<'x> Search<'x, '_> {
    fn next(&mut self) -> Result<Token, Fault> {
        self.scanner.next(&mut self.warnings)
    }

    fn document(&mut self) -> Result<(), Fault> {
        loop {
            match self.next()? {
                Token::Start if self.scanner.tag.name == "flat-profile" => {
                    if !self.scanner.tag.empty {
                        self.flat_profile()?;
                    }
                }
                Token::Start | Token::End | Token::Text => {}
                Token::Eof => return Ok(()),
            }
        }
    }

    fn flat_profile(&mut self) -> Result<(), Fault> {
        loop {
            match self.next()? {
                Token::Text => {}
                Token::Start if self.scanner.tag.empty => {}
                Token::Start => match ParamId::lookup(self.scanner.tag.name, self.scope) {
                    Some(id) => self.parameter(id)?,
                    None => self.skip(self.scanner.depth() - 1)?,
                },
                Token::End | Token::Eof => return Ok(()),
            }
        }
    }

    /// Skips until only `depth` elements are open.
    fn skip(&mut self, depth: usize) -> Result<(), Fault> {
        while self.scanner.depth() > depth && self.next()? != Token::Eof {}
        Ok(())
    }

    fn parameter(&mut self, id: ParamId) -> Result<(), Fault> {
        let tag = self.scanner.tag.at;
        let depth = self.scanner.depth() - 1;
        let mut value = Value::default();
        loop {
            match self.next()? {
                Token::Text => self.text(&mut value)?,
                // A parameter with elements inside sets nothing.
                Token::Start => return self.skip(depth),
                Token::End | Token::Eof => break,
            }
        }
        self.all.push(value.place(id, tag));
        Ok(())
    }

    fn text(&self, value: &mut Value) -> Result<(), Fault> {
        let text = self.scanner.text;
        let raw = self.scanner.raw(text);
        let from = raw.as_ptr().addr() - self.document.as_ptr().addr();
        if !text.holds.has_ampersands() {
            value.push_str(raw, from);
            return Ok(());
        }
        let mut at = from;
        reference::decode(raw, from, |piece| match piece {
            Piece::Text(plain) => {
                at = plain.as_ptr().addr() - self.document.as_ptr().addr();
                value.push_str(plain, at);
                at += plain.len();
            }
            Piece::Char(char) => {
                value.push(char, at);
                let rest = self.document.get(at..).unwrap_or("");
                at += rest.find(';').map_or(0, |end| end + 1);
            }
            Piece::BareAmpersand(here) => {
                value.push('&', here);
                at = here + 1;
            }
        })
    }
}

/// A value that grows, and where its parts come from.
#[derive(Default)]
struct Value {
    text: Zeroizing<String>,
    steps: Vec<(usize, usize)>,
    after_cr: bool,
}

impl Value {
    fn push_str(&mut self, text: &str, at: usize) {
        for (offset, char) in text.char_indices() {
            self.push(char, at + offset);
        }
    }

    fn push(&mut self, char: char, at: usize) {
        let joins = char == '\n' && self.after_cr;
        self.after_cr = char == '\r';
        if joins {
            return;
        }
        let here = self.text.len();
        let in_step = self
            .steps
            .last()
            .is_some_and(|(value, document)| document + (here - value) == at);
        if !in_step {
            self.steps.push((here, at));
        }
        self.text.push(match char {
            '\r' | '\n' => ' ',
            other => other,
        });
    }

    fn place(self, id: ParamId, tag: usize) -> Place {
        let trimmed = trim(&self.text);
        let lead = trimmed.as_ptr().addr() - self.text.as_ptr().addr();
        // The step that the trimmed value begins in begins with it.
        let behind = self.steps.partition_point(|(value, _)| *value <= lead);
        let steps = self
            .steps
            .iter()
            .skip(behind.saturating_sub(1))
            .map(|(value, document)| {
                let cut = lead.saturating_sub(*value);
                (value + cut - lead, document + cut)
            })
            .collect();
        Place {
            id,
            value: Zeroizing::new(trimmed.to_owned()),
            tag,
            steps,
        }
    }
}
