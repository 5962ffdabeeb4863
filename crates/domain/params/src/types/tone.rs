//! Frequencies and tones.

use std::fmt;

use super::cadence::{PARTS, SECTIONS, Section, Span};
use super::few::Few;
use super::number::{Level, Unsigned};

/// `F@L`: a frequency and its level.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct Component {
    /// Frequency in Hz.
    pub hertz: Unsigned,
    /// Level in dBm.
    pub level: Level,
}

impl Component {
    fn parse(text: &str) -> Option<Self> {
        let (hertz, level) = text.trim().split_once('@')?;
        let decimal = hertz.bytes().all(|b| b.is_ascii_digit());
        Some(Self {
            hertz: Unsigned::parse(hertz).filter(|_| decimal)?,
            level: Level::parse(level)?,
        })
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.hertz, self.level)
    }
}

/// One to six components, `F@L[,F@L]...` (R-TYP-16).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frequencies(Few<Component, PARTS>);

impl Frequencies {
    /// Reads a frequency script; `None` if the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        //= R-TYP-16
        Few::parse(text, ',', Component::parse).map(Self)
    }

    /// One to six, number 1 first.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.0
    }
}

impl fmt::Display for Frequencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.join(f, ",")
    }
}

/// Which components sound: `0`, or numbers 1..=6 joined by `+` (R-TYP-17).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct Mix(u8);

impl Mix {
    fn parse(text: &str) -> Option<Self> {
        if text == "0" {
            return Some(Self(0));
        }
        text.split('+')
            .try_fold(0, |bits, number| match *number.as_bytes() {
                [digit @ b'1'..=b'6'] => Some(bits | 1 << (digit - b'1')),
                _ => None,
            })
            .map(Self)
    }

    /// Whether the component with a number, counted from 1, sounds.
    #[must_use]
    pub const fn has(self, number: u8) -> bool {
        matches!(number, 1..=6) && self.0 >> (number - 1) & 1 == 1
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0");
        }
        let mut joint = "";
        for number in (1..=6).filter(|number| self.has(*number)) {
            write!(f, "{joint}{number}")?;
            joint = "+";
        }
        Ok(())
    }
}

/// `on/off/mix`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct ToneSegment {
    /// How long it sounds.
    pub on: Span,
    /// How long it does not.
    pub off: Span,
    /// What sounds.
    pub mix: Mix,
}

impl ToneSegment {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        Some(Self {
            on: Span::parse(parts.next()?)?,
            off: Span::parse(parts.next()?)?,
            mix: Mix::parse(parts.next()?)?,
        })
    }
}

impl fmt::Display for ToneSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.on, self.off, self.mix)
    }
}

/// Frequencies and one or two sections, `F@L[,F@L]...;D(on/off/mix[,...])[;D(...)]` (R-TYP-17).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tone {
    /// What can sound.
    pub frequencies: Frequencies,
    sections: Few<Section<ToneSegment>, SECTIONS>,
}

impl Tone {
    /// Reads a tone; `None` if the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        //= R-TYP-17
        let (frequencies, sections) = text.split_once(';')?;
        Some(Self {
            frequencies: Frequencies::parse(frequencies)?,
            sections: Few::parse(sections, ';', |text| {
                Section::parse(text, ToneSegment::parse)
            })?,
        })
    }

    /// One or two.
    #[must_use]
    pub fn sections(&self) -> &[Section<ToneSegment>] {
        &self.sections
    }
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};", self.frequencies)?;
        self.sections.join(f, ";")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= R-TYP-16 type=test
    fn a_frequency_script_has_one_to_six_components() {
        for (text, spelling) in [
            ("350@-19", "350@-19"),
            ("350@-19,440@-19", "350@-19,440@-19"),
            ("0350@-19.0 , 440@-19.5", "350@-19,440@-19.5"),
            ("1@1,2@1,3@1,4@1,5@1,6@1", "1@1,2@1,3@1,4@1,5@1,6@1"),
        ] {
            assert_eq!(Frequencies::parse(text).unwrap().to_string(), spelling);
        }
        for text in [
            "",
            "350",
            "350@",
            "@-19",
            "0x15e@-19",
            "350.5@-19",
            "350@-19,",
            "350@-19.55",
            "1@1,2@1,3@1,4@1,5@1,6@1,7@1",
        ] {
            assert_eq!(Frequencies::parse(text), None, "{text}");
        }
    }

    #[test]
    //= R-TYP-17 type=test
    fn a_tone_mixes_its_components_in_a_cadence() {
        let text = "350@-19,440@-19;2(.1/.1/1+2);10(*/0/2+1,1/1/0)";
        let tone = Tone::parse(text).unwrap();
        assert_eq!(
            tone.to_string(),
            "350@-19,440@-19;2(0.1/0.1/1+2);10(*/0/1+2,1/1/0)"
        );
        let mix = tone.sections()[1].segments[0].mix;
        assert!(mix.has(1) && mix.has(2) && !mix.has(3) && !mix.has(0) && !mix.has(9));
        for text in [
            "",
            "350@-19",
            "350@-19;",
            "350@-19;10(*/0)",
            "350@-19;10(*/0/7)",
            "350@-19;10(*/0/1+0)",
            "350@-19;10(*/0/1+)",
            "350@-19;10(*/0/1/1)",
            "350@-19;1(1/1/1);1(1/1/1);1(1/1/1)",
        ] {
            assert_eq!(Tone::parse(text), None, "{text}");
        }
    }
}
