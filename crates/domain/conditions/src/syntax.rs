//! Reads comparisons out of the text, one after the other.

use crate::error::{ConditionError, ConditionErrorCode as Code};
use crate::operand::{Comparison, Form, Operand, RelOp};

const OPERAND: &str = "a quoted string, an integer or a version";
const OPERATOR: &str = "one of = != < <= > >= eq ne lt le gt ge";

/// Yields the comparisons of a condition; ends after the last one or after an error.
pub(crate) struct Comparisons<'t> {
    text: &'t str,
    at: usize,
    state: State,
}

enum State {
    First,
    Between,
    Done,
}

impl<'t> Comparisons<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            state: State::First,
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The bytes at the cursor; everything that counts here is ASCII.
    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn skip_white(&mut self) {
        let start = self.at;
        while let [first, ..] = self.bytes()
            && is_white(*first)
        {
            self.at += 1;
        }
        looked(self.at - start + 1);
    }

    /// The run of bare characters at the cursor, perhaps empty; the cursor stays.
    fn peek_run(&self) -> &'t str {
        let bytes = self.bytes();
        let end = bytes.iter().position(|byte| ends_run(*byte));
        let end = end.unwrap_or(bytes.len());
        looked(end + 1);
        self.text.get(self.at..self.at + end).unwrap_or("")
    }

    fn comparison(&mut self) -> Result<Comparison<'t>, ConditionError> {
        self.skip_white();
        let left_offset = self.at;
        //= R-COND-6
        //= R-COND-7
        if let Some(op) = self.operator() {
            return self.legacy(left_offset, op);
        }
        let left = self.operand()?;
        self.skip_white();
        let op_offset = self.at;
        let Some(op) = self.operator() else {
            // `true` is a comparison only where no operator follows it.
            if left == Operand::Bare("true") {
                return Ok(Comparison {
                    form: Form::True,
                    left,
                    left_offset,
                    op: RelOp::Equal,
                    right: left,
                    right_offset: left_offset,
                });
            }
            return Err(ConditionError::new(
                Code::MissingOperator,
                op_offset,
                OPERATOR,
            ));
        };
        self.skip_white();
        let right_offset = self.at;
        let right = self.operand()?;
        Ok(Comparison {
            form: Form::Full,
            left,
            left_offset,
            op,
            right,
            right_offset,
        })
    }

    fn legacy(&mut self, left_offset: usize, op: RelOp) -> Result<Comparison<'t>, ConditionError> {
        self.skip_white();
        let right_offset = self.at;
        let right = self.operand()?;
        if matches!(right, Operand::Text(_)) || right.looks_like_integer() {
            return Err(ConditionError::new(
                Code::LegacyNeedsVersion,
                right_offset,
                "a version",
            ));
        }
        Ok(Comparison {
            form: Form::ImplicitLeft,
            left: Operand::Bare(""),
            left_offset,
            op,
            right,
            right_offset,
        })
    }

    fn operator(&mut self) -> Option<RelOp> {
        let (op, length) = match self.bytes() {
            [b'=', ..] => (RelOp::Equal, 1),
            [b'!', b'=', ..] => (RelOp::NotEqual, 2),
            [b'!', ..] => (RelOp::NotEqual, 1),
            [b'<', b'=', ..] => (RelOp::LessOrEqual, 2),
            [b'<', ..] => (RelOp::Less, 1),
            [b'>', b'=', ..] => (RelOp::GreaterOrEqual, 2),
            [b'>', ..] => (RelOp::Greater, 1),
            //= R-COND-5
            // A word counts only as a whole run, so `5eq` is an operand.
            [b'e' | b'n' | b'l' | b'g', ..] => {
                let run = self.peek_run();
                (RelOp::from_word(run)?, run.len())
            }
            _ => return None,
        };
        self.at += length;
        Some(op)
    }

    fn operand(&mut self) -> Result<Operand<'t>, ConditionError> {
        let start = self.at;
        if let Some(quoted) = self.rest().strip_prefix('"') {
            //= R-COND-11
            let end = quoted.bytes().position(|byte| byte == b'"');
            let Some(text) = end.and_then(|end| quoted.get(..end)) else {
                return Err(ConditionError::new(
                    Code::UnterminatedString,
                    start,
                    "a closing quote",
                ));
            };
            looked(text.len());
            self.at += text.len() + 2;
            return Ok(Operand::Text(text));
        }
        let run = self.peek_run();
        //= R-COND-12
        // A parenthesis starts no operand, so a wrapped condition fails here.
        if run.is_empty() {
            return Err(ConditionError::new(Code::MissingOperand, start, OPERAND));
        }
        self.at += run.len();
        //= R-VER-3
        self.at += suffix_length(run, self.rest());
        Ok(Operand::Bare(self.text.get(start..self.at).unwrap_or(run)))
    }

    /// Moves behind the word `and`; `false` at the end of the text.
    fn join(&mut self) -> Result<Next, ConditionError> {
        self.skip_white();
        if self.rest().is_empty() {
            return Ok(Next::End);
        }
        let run = self.peek_run();
        if run == "and" || run == "AND" {
            self.at += run.len();
            return Ok(Next::Comparison);
        }
        //= R-COND-1
        Err(ConditionError::new(
            Code::MissingAnd,
            self.at,
            "`and` or the end of the condition",
        ))
    }

    fn advance(&mut self) -> Result<Option<Comparison<'t>>, ConditionError> {
        match self.state {
            State::Done => return Ok(None),
            State::First => {
                self.skip_white();
                if self.rest().is_empty() {
                    return Err(ConditionError::new(Code::Empty, 0, "a comparison"));
                }
            }
            State::Between => match self.join()? {
                Next::End => return Ok(None),
                Next::Comparison => {}
            },
        }
        self.comparison().map(Some)
    }
}

enum Next {
    Comparison,
    End,
}

impl<'t> Iterator for Comparisons<'t> {
    type Item = Result<Comparison<'t>, ConditionError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance().transpose();
        self.state = match item {
            Some(Ok(_)) => State::Between,
            Some(Err(_)) | None => State::Done,
        };
        item
    }
}

/// Counts bytes that were looked at, in unit tests.
#[inline]
fn looked(bytes: usize) {
    #[cfg(test)]
    crate::effort::looked(bytes);
    #[cfg(not(test))]
    let _ = bytes;
}

const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

const fn ends_run(byte: u8) -> bool {
    is_white(byte) || matches!(byte, b'"' | b'(' | b')' | b'=' | b'!' | b'<' | b'>')
}

/// Length of the `(suffix)` that belongs to the dotted version `run`, 0 if none does.
fn suffix_length(run: &str, rest: &str) -> usize {
    // Nearly no operand has one.
    let Some(inner) = rest.strip_prefix('(') else {
        return 0;
    };
    let parts = run.split('.').count();
    let dotted = matches!(parts, 2 | 3)
        && run
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !dotted {
        return 0;
    }
    let length = inner.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if length > 0 && inner.as_bytes().get(length) == Some(&b')') {
        length + 2
    } else {
        0
    }
}
