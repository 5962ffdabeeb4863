//! A place in a text, moved forward by the parsers.

use crate::{RuleError, RuleErrorCode};

/// Space, tab, CR and LF; nothing else is white space in a rule.
pub(crate) const fn is_space(byte: u8) -> bool {
    //= R-RULE-6
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A byte offset in a text. It only ever stops at character boundaries: every step ends at an ASCII
/// byte or at the end.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        #[cfg(test)]
        crate::effort::looked(1);
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over one ASCII byte, or does nothing at the end.
    pub(crate) fn bump(&mut self) {
        self.at = (self.at + 1).min(self.text.len());
    }

    pub(crate) fn skip_space(&mut self) {
        //= R-RULE-4
        self.take_while(is_space);
    }

    /// Takes the longest run of bytes that satisfy a test, which treats all bytes that are not ASCII alike.
    pub(crate) fn take_while(&mut self, test: impl Fn(u8) -> bool) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or("");
        let length = rest.bytes().position(|b| !test(b)).unwrap_or(rest.len());
        #[cfg(test)]
        crate::effort::looked(length + 1);
        self.at += length;
        rest.get(..length).unwrap_or("")
    }

    /// The text from an earlier place to here.
    pub(crate) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or("")
    }

    /// Takes a quoted string, standing on its opening quote; gives what is between the quotes.
    pub(crate) fn string(&mut self) -> Result<&'t str, RuleError> {
        let open = self.at;
        self.bump();
        let inside = self.take_while(|b| b != b'"');
        if self.peek().is_none() {
            return Err(RuleError::new(
                RuleErrorCode::UnclosedString,
                open,
                "a closing quote",
            ));
        }
        self.bump();
        Ok(inside)
    }

    /// Takes a group in parentheses, standing on the opening one; gives what is between them.
    ///
    /// Strings are skipped and inner parentheses are matched. A `|` or `#` outside a string ends the
    /// alternative or begins the comment, so the group has no end then.
    pub(crate) fn group(&mut self) -> Result<&'t str, RuleError> {
        let open = self.at;
        let mut depth = 0_usize;
        loop {
            self.take_while(|b| !matches!(b, b'(' | b')' | b'"' | b'|' | b'#'));
            match self.peek() {
                //= R-VER-3
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                //= R-RULE-3
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                _ => {
                    return Err(RuleError::new(
                        RuleErrorCode::UnclosedParenthesis,
                        open,
                        "a closing parenthesis",
                    ));
                }
            }
            self.bump();
            if depth == 0 {
                let inside = self.since(open);
                return Ok(inside.get(1..inside.len() - 1).unwrap_or(""));
            }
        }
    }
}
