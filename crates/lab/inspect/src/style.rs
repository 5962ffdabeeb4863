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

impl Style {
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
