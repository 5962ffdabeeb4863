//! Lists of delays such as `1800,3600+600`.

use crate::draw::uniform;
use crate::error::{ScheduleError, ScheduleErrorCode as Code};

const SECONDS: &str = "seconds in digits, 0 to 4294967295";

/// A list of delays whose syntax has been checked; it borrows the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DelayList<'t> {
    text: &'t str,
    len: u32,
}

/// One element `base+span` of a list: a delay from `base` to `base + span` seconds, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Delay {
    /// Seconds that always pass.
    pub base: u32,
    /// Most seconds that chance adds.
    pub span: u32,
}

impl<'t> DelayList<'t> {
    /// Reads a list; a text of nothing but white space is the empty list (R-SCHED-3).
    ///
    /// White space is space, tab, CR and LF.
    ///
    /// # Errors
    /// The text is no list of `digits` or `digits+digits` joined by commas, or a number is
    /// above 4,294,967,295.
    pub fn parse(text: &'t str) -> Result<Self, ScheduleError> {
        if text.chars().all(is_white) {
            return Ok(Self { text: "", len: 0 });
        }
        let mut len = 0_u32;
        let mut offset = 0;
        for element in text.split(',') {
            parse_element(element, offset)?;
            offset += element.len() + 1;
            len = len.saturating_add(1);
        }
        Ok(Self { text, len })
    }

    /// Number of elements.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Whether there are no elements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The element for the delay number `n`, counted from 0; the last one repeats for ever
    /// (R-SCHED-2). `None` only for the empty list.
    ///
    /// Whoever asks decides what [`Delay::is_zero`] means (R-SCHED-5, R-SCHED-6).
    #[must_use]
    pub fn element(&self, n: u32) -> Option<Delay> {
        //= R-SCHED-2
        let index = n.min(self.len.checked_sub(1)?);
        let element = self.text.split(',').nth(usize::try_from(index).ok()?)?;
        parse_element(element, 0).ok()
    }
}

impl Delay {
    /// Whether the element is `0` or `0+0`.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.base == 0 && self.span == 0
    }

    /// Seconds for a number from [`draw`](crate::draw), `base..=base + span` (R-SCHED-1).
    #[must_use]
    pub fn seconds(self, drawn: u64) -> u64 {
        //= R-SCHED-1
        u64::from(self.base) + uniform(drawn, u64::from(self.span))
    }
}

/// Reads `ws digits ws [ "+" ws digits ws ]`; `offset` is where the element starts.
fn parse_element(element: &str, offset: usize) -> Result<Delay, ScheduleError> {
    let Some((base, span)) = element.split_once('+') else {
        let base = parse_seconds(element, offset)?;
        return Ok(Delay { base, span: 0 });
    };
    Ok(Delay {
        base: parse_seconds(base, offset)?,
        span: parse_seconds(span, offset + base.len() + 1)?,
    })
}

fn parse_seconds(text: &str, offset: usize) -> Result<u32, ScheduleError> {
    //= R-SCHED-3
    let lead = text.len() - text.trim_start_matches(is_white).len();
    let digits = text.trim_matches(is_white);
    let at = offset + lead;
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(ScheduleError::new(Code::MissingNumber, at, SECONDS));
    }
    if let Some(stray) = digits.find(|c: char| !c.is_ascii_digit()) {
        return Err(ScheduleError::new(
            Code::UnexpectedText,
            at + stray,
            "`,` or one `+` between numbers",
        ));
    }
    digits
        .parse()
        .map_err(|_| ScheduleError::new(Code::NumberTooLarge, at, SECONDS))
}

fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}
