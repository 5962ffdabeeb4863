//! Cadences of rings and lamps.

use std::fmt;

use super::few::Few;
use super::number::{Decimal, decimals};

/// Segments of a section, and components of a frequency script, at most.
pub(super) const PARTS: usize = 6;
/// Sections of a cadence at most.
pub(super) const SECTIONS: usize = 2;

/// A time in a cadence (R-TYP-15).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Span {
    /// `*`
    #[default]
    Forever,
    /// Seconds with at most three decimals.
    Seconds(Decimal),
}

impl Span {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Forever);
        }
        (decimals(text) <= 3)
            .then(|| Decimal::parse_unsigned(text).map(Self::Seconds))
            .flatten()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forever => f.write_str("*"),
            Self::Seconds(seconds) => seconds.fmt(f),
        }
    }
}

/// `on/off`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct Segment {
    /// How long it sounds or shines.
    pub on: Span,
    /// How long it does not.
    pub off: Span,
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        let (on, off) = text.split_once('/')?;
        Some(Self {
            on: Span::parse(on)?,
            off: Span::parse(off)?,
        })
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.on, self.off)
    }
}

/// `D(segment[,segment]...)`: how long the segments repeat, and one to six of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Section<S> {
    /// How long altogether.
    pub total: Span,
    /// What repeats.
    pub segments: Few<S, PARTS>,
}

impl<S: Copy + Default> Default for Section<S> {
    fn default() -> Self {
        Self {
            total: Span::default(),
            segments: Few::default(),
        }
    }
}

impl<S: Copy + Default> Section<S> {
    pub(super) fn parse(text: &str, segment: impl Fn(&str) -> Option<S>) -> Option<Self> {
        let (total, segments) = text.trim().strip_suffix(')')?.split_once('(')?;
        Some(Self {
            total: Span::parse(total)?,
            segments: Few::parse(segments, ',', |text| segment(text.trim()))?,
        })
    }
}

impl<S: fmt::Display> fmt::Display for Section<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.total)?;
        self.segments.join(f, ",")?;
        f.write_str(")")
    }
}

/// One or two sections of one to six segments, `D(on/off[,on/off]...)[;D(...)]` (R-TYP-15).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cadence(Few<Section<Segment>, SECTIONS>);

impl Cadence {
    /// Reads a cadence; `None` if the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        //= R-TYP-15
        Few::parse(text, ';', |text| Section::parse(text, Segment::parse)).map(Self)
    }

    /// One or two.
    #[must_use]
    pub fn sections(&self) -> &[Section<Segment>] {
        &self.0
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.join(f, ";")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= R-TYP-15 type=test
    fn a_cadence_says_how_long_what_repeats() {
        let cadence = Cadence::parse("60(.2/.2, .25/4.);*(1/*)").unwrap();
        assert_eq!(cadence.to_string(), "60(0.2/0.2,0.25/4);*(1/*)");
        let [first, second] = cadence.sections() else {
            panic!("there are two sections");
        };
        assert_eq!(first.segments.len(), 2);
        assert_eq!(second.total, Span::Forever);
        assert_eq!(second.segments[0].off, Span::Forever);
        assert!(Cadence::parse("1(1/1,1/1,1/1,1/1,1/1,1/1)").is_some());
        for text in [
            "",
            "60",
            "60()",
            "60(1)",
            "60(1/2/3)",
            "(1/2)",
            "60(1/2",
            "60(-1/2)",
            "60(.1234/2)",
            "1(1/1,1/1,1/1,1/1,1/1,1/1,1/1)",
            "1(1/1);1(1/1);1(1/1)",
            "1(1/1);",
        ] {
            assert_eq!(Cadence::parse(text), None, "{text}");
        }
    }
}
