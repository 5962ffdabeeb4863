//! A compiled text and its expansion.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::scan::{Percent, What, next_reference};
use crate::{Expanded, MacroName, MacroSource};

/// Stands for a password in a message.
const MASK: &str = "***";

/// A text compiled for expansion.
///
/// Compile once per unexpanded text and keep it. The text may hold a key, so it is wiped on drop and
/// `Debug` does not print it.
pub struct Template {
    text: Zeroizing<Box<str>>,
    pieces: Box<[Piece]>,
}

/// A span of the text and what becomes of it; `None` copies it.
struct Piece {
    span: Range<usize>,
    what: Option<What>,
}

/// What a Log_* message has beside its macros.
#[derive(Clone, Copy)]
struct Message<'m> {
    operation: &'m str,
}

impl Template {
    /// Compiles a rule, trigger condition, URL or request body. Every text is valid.
    ///
    /// The body of `--post` is the text of a register, compiled like any other: one level (R-MACRO-4).
    #[must_use]
    pub fn compile(text: &str) -> Self {
        //= R-MACRO-4
        Self::compile_with(text, Percent::Literal)
    }

    /// Compiles a Log_* message, in which `%s` stands for the operation word (R-MACRO-23).
    #[must_use]
    pub fn compile_message(text: &str) -> Self {
        Self::compile_with(text, Percent::Operation)
    }

    fn compile_with(text: &str, percent: Percent) -> Self {
        let mut pieces = Vec::new();
        let mut push = |span: Range<usize>, what| {
            if !span.is_empty() {
                pieces.push(Piece { span, what });
            }
        };
        let mut at = 0;
        //= R-MACRO-16
        // Nothing but the references themselves is looked at.
        while let Some((span, what)) = next_reference(text, at, percent) {
            push(at..span.start, None);
            at = span.end;
            push(span, Some(what));
        }
        push(at..text.len(), None);
        Self {
            text: Zeroizing::new(text.into()),
            pieces: pieces.into_boxed_slice(),
        }
    }

    /// The unexpanded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text holds nothing but space, tab, CR and LF; a message without text is not sent.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        //= R-MACRO-23
        self.text
            .bytes()
            .all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
    }

    /// The macros that the text refers to, in order, with repetitions.
    pub fn macros(&self) -> impl Iterator<Item = MacroName> {
        self.pieces.iter().filter_map(|piece| match piece.what {
            Some(What::Macro(name, _)) => Some(name),
            Some(What::Secret(register, _)) => Some(MacroName::Secret(register)),
            Some(What::Unknown | What::Dollar | What::Operation) | None => None,
        })
    }

    /// The references to secret registers: the register, SA..SD as 0..=3, and its byte range.
    pub fn secrets(&self) -> impl Iterator<Item = (u8, Range<usize>)> {
        self.pieces.iter().filter_map(|piece| match piece.what {
            Some(What::Secret(register, _)) => Some((register, piece.span.clone())),
            Some(What::Macro(..) | What::Unknown | What::Dollar | What::Operation) | None => None,
        })
    }

    /// Byte ranges of well-formed references to names that are no macros.
    pub fn unknown(&self) -> impl Iterator<Item = Range<usize>> {
        self.pieces.iter().filter_map(|piece| match piece.what {
            Some(What::Unknown) => Some(piece.span.clone()),
            Some(What::Macro(..) | What::Secret(..) | What::Dollar | What::Operation) | None => {
                None
            }
        })
    }

    /// Expands the text into `out`, replacing what it held.
    pub fn expand(&self, source: &dyn MacroSource, out: &mut Expanded) {
        self.render(source, None, out);
    }

    /// Expands a Log_* message: `%s` becomes the operation word, and MPWD is never shown.
    pub fn expand_message(&self, source: &dyn MacroSource, operation: &str, out: &mut Expanded) {
        self.render(source, Some(Message { operation }), out);
    }

    fn render(&self, source: &dyn MacroSource, message: Option<Message<'_>>, out: &mut Expanded) {
        out.clear();
        for piece in &self.pieces {
            let written = self.text.get(piece.span.clone()).unwrap_or("");
            match (&piece.what, message) {
                //= R-MACRO-10
                (None | Some(What::Unknown), _) => out.push_text(written),
                //= R-MACRO-6
                (Some(What::Dollar), _) => out.push_text("$"),
                (Some(What::Operation), message) => {
                    //= R-MACRO-23
                    out.push_text(message.map_or(written, |m| m.operation));
                }
                //= R-MACRO-18
                //= R-MACRO-20
                (Some(What::Secret(..)), Some(_)) => out.push_text(written),
                //= R-MACRO-17
                //= R-MACRO-19
                (Some(What::Secret(register, part)), None) => {
                    out.push_slot(written, *register, *part);
                }
                //= R-MACRO-20
                (Some(What::Macro(MacroName::MPwd, _)), Some(_)) => {
                    out.push_mask(MacroName::MPwd, piece.span.clone(), MASK);
                }
                //= R-MACRO-2
                //= R-MACRO-3
                // What the source appends is never looked at again.
                (Some(What::Macro(name, part)), _) => {
                    out.push_value(*name, *part, piece.span.clone(), source);
                }
            }
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("bytes", &self.text.len())
            .field("pieces", &self.pieces.len())
            .finish_non_exhaustive()
    }
}

/// Expands a text once, in a context without secrets.
#[must_use]
pub fn expand_to_string(text: &str, source: &dyn MacroSource) -> String {
    let mut out = Expanded::new();
    Template::compile(text).expand(source, &mut out);
    out.text().to_owned()
}
