//! The XML tokenizer: one pass, borrowed slices, no allocation for each element.
//!
//! It is our own, because the rules of profiles are not those of a general parser: a bare ampersand is
//! text, unknown entities are refused also where text is ignored, an attribute without straight quotes is
//! corrupt, warnings want offsets, limits are counted in decoded text. An event reader such as quick-xml
//! leaves all of that to a second look at the same bytes, and takes as long for its events and attributes
//! alone as this takes with lookup and values. A test holds the two against each other.

pub(crate) mod classes;
mod tag;

use crate::decode::Limits;
use crate::diagnostics::{Diagnostics, WarningCode};
use crate::error::XmlFault;
use crate::reference::{self, Piece};
use classes::{Contents, is_name_start, text_len, white_len};

/// A fault and the byte offset where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) fault: XmlFault,
    pub(crate) at: usize,
    /// Offset of the start tag that a wrong end tag should have closed.
    pub(crate) opened: usize,
}

/// A fault in a box, so that the results of good steps fit into registers.
pub(crate) type Fault = Box<Found>;

impl XmlFault {
    #[cold]
    pub(crate) fn at(self, at: usize) -> Fault {
        Box::new(Found {
            fault: self,
            at,
            opened: 0,
        })
    }
}

/// A piece of the document; comments and processing instructions are left out.
///
/// What it holds stays in the scanner, for moving it through every return costs more than reading it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Token {
    /// [`Scanner::text`] up to the next markup.
    Text,
    /// [`Scanner::tag`]: a start tag, or an empty-element tag.
    Start,
    /// An end tag; it has been matched with its start tag.
    End,
    /// The end of the document; all elements are closed.
    Eof,
}

/// A run of text as it stands in the file, from one offset to another.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    from: usize,
    to: usize,
    pub(crate) holds: Contents,
}

/// A start tag with the two attributes that count, as they stand in the file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Start<'x> {
    pub(crate) name: &'x str,
    /// Offset of its `<`.
    pub(crate) at: usize,
    /// `<name/>`: there is no end tag.
    pub(crate) empty: bool,
    pub(crate) ua: Option<&'x [u8]>,
    pub(crate) preserve_value: Option<&'x [u8]>,
}

struct Open<'x> {
    name: &'x str,
    at: usize,
}

/// Reads tokens from a document, which holds no character that XML forbids.
pub(crate) struct Scanner<'x> {
    /// The text of the last [`Token::Text`].
    pub(crate) text: Text,
    /// The tag of the last [`Token::Start`].
    pub(crate) tag: Start<'x>,
    document: &'x str,
    at: usize,
    limits: Limits,
    open: Vec<Open<'x>>,
    attributes: Vec<&'x [u8]>,
    /// Bytes of text since the last tag.
    run: usize,
}

impl<'x> Scanner<'x> {
    pub(crate) fn new(document: &'x str, limits: Limits) -> Self {
        Self {
            text: Text {
                from: 0,
                to: 0,
                holds: Contents::default(),
            },
            tag: Start::default(),
            document,
            at: 0,
            limits,
            open: Vec::with_capacity(8),
            attributes: Vec::with_capacity(8),
            run: 0,
        }
    }

    /// The number of open elements.
    pub(crate) const fn depth(&self) -> usize {
        self.open.len()
    }

    /// The names of the open elements, outermost first.
    pub(crate) fn path(&self) -> impl Iterator<Item = &'x str> {
        self.open.iter().map(|open| open.name)
    }

    /// A run of text.
    pub(crate) fn raw(&self, text: Text) -> &'x str {
        self.document.get(text.from..text.to).unwrap_or("")
    }

    #[inline]
    fn bytes_from(&self, at: usize) -> &'x [u8] {
        self.document.as_bytes().get(at..).unwrap_or_default()
    }

    /// Leaves out white space, as it stands between the elements of most files.
    #[inline]
    pub(crate) fn skip_white(&mut self) {
        self.at += white_len(self.bytes_from(self.at));
    }

    /// The next token.
    #[inline]
    pub(crate) fn next(&mut self, warnings: &mut Diagnostics) -> Result<Token, Fault> {
        loop {
            match self.bytes_from(self.at) {
                [b'<', byte, ..] if is_name_start(*byte) => {
                    self.start_tag(warnings)?;
                    return Ok(Token::Start);
                }
                [b'<', b'/', ..] => {
                    self.end_tag()?;
                    return Ok(Token::End);
                }
                [b'<', ..] => {
                    if self.other_markup(warnings)? {
                        return Ok(Token::Text);
                    }
                }
                [] => return self.end_of_file(),
                rest => {
                    let (len, holds) = text_len(rest);
                    self.text = Text {
                        from: self.at,
                        to: self.at + len,
                        holds,
                    };
                    self.at += len;
                    return Ok(Token::Text);
                }
            }
        }
    }

    /// Reads the text of the element that has just begun together with its end tag.
    ///
    /// This is the way of most elements. `None`, and nothing is read, for one that holds references,
    /// comments or other elements, or whose end tag is not the plain one. `same` compares texts of one length.
    #[inline]
    pub(crate) fn plain_element(
        &mut self,
        same: impl Fn(&[u8], &[u8]) -> bool,
    ) -> Result<Option<Text>, Fault> {
        let rest = self.bytes_from(self.at);
        let (len, holds) = text_len(rest);
        let tag = rest.get(len..).and_then(|rest| rest.strip_prefix(b"</"));
        let name = self.tag.name.as_bytes();
        let Some((ended, [b'>', ..])) = tag.and_then(|tag| tag.split_at_checked(name.len())) else {
            return Ok(None);
        };
        if holds.has_ampersands() || !same(ended, name) {
            return Ok(None);
        }
        let text = Text {
            from: self.at,
            to: self.at + len,
            holds,
        };
        self.count(len, text.from)?;
        self.open.pop();
        self.run = 0;
        self.at = text.to + 3 + name.len();
        Ok(Some(text))
    }

    //= R-XML-6
    fn end_of_file(&self) -> Result<Token, Fault> {
        match self.open.last() {
            Some(open) => Err(XmlFault::Unclosed.at(open.at)),
            None => Ok(Token::Eof),
        }
    }

    /// Counts the current text against the limit of its element.
    pub(crate) fn count_text(&mut self) -> Result<(), Fault> {
        self.count(self.text.to - self.text.from, self.text.from)
    }

    /// Decodes the current text and counts it.
    pub(crate) fn decode_text(
        &mut self,
        warnings: &mut Diagnostics,
        mut emit: impl FnMut(Piece<'x>),
    ) -> Result<(), Fault> {
        let Text { from, to, .. } = self.text;
        let room = self.limits.element_text.saturating_sub(self.run);
        let mut len = 0;
        self.decode(from, to, warnings, |piece| {
            len += match &piece {
                Piece::Text(raw) => raw.len(),
                Piece::Char(char) => char.len_utf8(),
                Piece::BareAmpersand(_) => 1,
            };
            if len <= room {
                emit(piece);
            }
        })?;
        self.count(len, from)
    }

    /// Decodes a part of the document and warns of its first bare ampersand.
    fn decode(
        &self,
        from: usize,
        to: usize,
        warnings: &mut Diagnostics,
        mut emit: impl FnMut(Piece<'x>),
    ) -> Result<(), Fault> {
        let mut bare = None;
        let raw = self.document.get(from..to).unwrap_or("");
        reference::decode(raw, from, |piece| {
            if let Piece::BareAmpersand(at) = &piece {
                bare = bare.or(Some(*at));
            }
            emit(piece);
        })?;
        if let Some(at) = bare {
            warnings.push(WarningCode::BareAmpersand, "", at, None);
        }
        Ok(())
    }

    /// Text around the root is ignored, so it has no limit.
    fn count(&mut self, len: usize, at: usize) -> Result<(), Fault> {
        self.run = self.run.saturating_add(len);
        let limit = self.limits.element_text;
        if self.run > limit && !self.open.is_empty() {
            return Err(XmlFault::TextTooLong { limit }.at(at));
        }
        Ok(())
    }

    /// Reads markup that is no tag; answers whether it is text.
    fn other_markup(&mut self, warnings: &mut Diagnostics) -> Result<bool, Fault> {
        let at = self.at;
        match self.bytes_from(at) {
            [b'<', b'!', b'-', b'-', inside @ ..] => {
                self.comment(inside, warnings)?;
                Ok(false)
            }
            //= R-XML-5
            [b'<', b'?', ..] => {
                self.delimited(2, "?>")?;
                Ok(false)
            }
            //= D-XML-10
            markup if markup.starts_with(b"<![CDATA[") => {
                self.text = self.delimited(9, "]]>")?;
                Ok(true)
            }
            //= D-XML-9
            [b'<', b'!', ..] => Err(XmlFault::Declaration.at(at)),
            _ => Err(XmlFault::NoTag.at(at)),
        }
    }

    /// Leaves out a comment; hyphens in pairs end it or are warned of.
    fn comment(&mut self, inside: &[u8], warnings: &mut Diagnostics) -> Result<(), Fault> {
        let mut rest = inside;
        let mut double = false;
        //= R-XML-13
        //= D-XML-6
        loop {
            let Some(hyphen) = rest.iter().position(|byte| *byte == b'-') else {
                return Err(XmlFault::Unterminated.at(self.at));
            };
            rest = rest.get(hyphen + 1..).unwrap_or_default();
            match rest {
                [b'-', b'>', behind @ ..] => {
                    rest = behind;
                    break;
                }
                [b'-', ..] => double = true,
                _ => {}
            }
        }
        if double {
            warnings.push(WarningCode::CommentDoubleHyphen, "", self.at, None);
        }
        self.at = self.document.len() - rest.len();
        Ok(())
    }

    /// What stands between a mark of some bytes, which is here, and another.
    fn delimited(&mut self, mark: usize, end: &str) -> Result<Text, Fault> {
        let from = self.at + mark;
        let inside = self.document.get(from..).unwrap_or("");
        let Some(len) = inside.find(end) else {
            return Err(XmlFault::Unterminated.at(self.at));
        };
        self.at = from + len + end.len();
        Ok(Text {
            from,
            to: from + len,
            holds: Contents::of(inside.get(..len).unwrap_or("")).literal(),
        })
    }
}
