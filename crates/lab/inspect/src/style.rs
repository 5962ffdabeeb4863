//! How texts for people look.

use annotate_snippets::Renderer;

/// Whether a text may hold colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Style {
    /// Characters alone.
    #[default]
    Plain,
    /// With the colours of a terminal.
    Coloured,
}

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    None,
    Strong,
    Good,
    Bad,
}

impl Style {
    /// What stands before and behind a line of that kind.
    pub(crate) const fn escapes(self, paint: Paint) -> (&'static str, &'static str) {
        const END: &str = "\x1b[0m";
        match (self, paint) {
            (Self::Plain, _) | (Self::Coloured, Paint::None) => ("", ""),
            (Self::Coloured, Paint::Strong) => ("\x1b[1m", END),
            (Self::Coloured, Paint::Good) => ("\x1b[32m", END),
            (Self::Coloured, Paint::Bad) => ("\x1b[31m", END),
        }
    }

    pub(crate) const fn renderer(self) -> Renderer {
        match self {
            Self::Plain => Renderer::plain(),
            Self::Coloured => Renderer::styled(),
        }
    }
}

/// The text in one line: white space and control characters show as spaces, bytes keep their places.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_control() { ' ' } else { c })
        .collect()
}
