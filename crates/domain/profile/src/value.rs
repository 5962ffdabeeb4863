//! The text of one element, decoded, with line ends turned into spaces.

use zeroize::Zeroizing;

use crate::scanner::classes::Contents;

/// A growing text that leaves no copy behind when it moves.
#[derive(Default)]
pub(crate) struct Scratch {
    text: Zeroizing<String>,
    after_cr: bool,
}

impl Scratch {
    /// Starts a new value; the buffer is kept.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.after_cr = false;
    }

    /// Appends decoded text that holds this besides itself.
    pub(crate) fn push_str(&mut self, piece: &str, holds: Contents) {
        self.reserve(piece.len());
        if !self.after_cr && !holds.has_line_ends() {
            self.text.push_str(piece);
            return;
        }
        for char in piece.chars() {
            self.push_char(char);
        }
    }

    /// Appends a decoded character.
    pub(crate) fn push(&mut self, char: char) {
        self.reserve(char.len_utf8());
        self.push_char(char);
    }

    fn push_char(&mut self, char: char) {
        //= R-XML-10
        match char {
            '\n' if self.after_cr => {}
            '\n' | '\r' => self.text.push(' '),
            _ => self.text.push(char),
        }
        self.after_cr = char == '\r';
    }

    /// The text so far, without white space at its ends.
    pub(crate) fn trimmed(&self) -> &str {
        trim(&self.text)
    }

    fn reserve(&mut self, more: usize) {
        if self.text.capacity() - self.text.len() >= more {
            return;
        }
        let wanted = (self.text.len() + more)
            .max(2 * self.text.capacity())
            .max(256);
        let mut larger = Zeroizing::new(String::with_capacity(wanted));
        larger.push_str(&self.text);
        // The old buffer is wiped as it is dropped.
        self.text = larger;
    }
}

/// Removes white space at both ends.
pub(crate) fn trim(text: &str) -> &str {
    //= R-XML-9
    // This also takes form feeds, but a text with one was refused before.
    text.trim_ascii()
}
