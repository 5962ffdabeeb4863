//! What many patterns have in common: the tables hold each of these once, and a pattern has its number.

use super::text::Text;

/// Which values were published.
#[derive(Debug)]
pub(crate) struct Limits {
    /// The published choices, joined.
    pub(crate) values: Text,
    pub(crate) min: Option<u32>,
    pub(crate) max: Option<u32>,
    pub(crate) min_len: Option<u16>,
    pub(crate) max_len: Option<u16>,
    pub(crate) unit: Text,
    pub(crate) unit_10_4: Text,
}

impl Limits {
    /// Nothing was published.
    pub(crate) const NONE: Self = Self {
        values: Text::NONE,
        min: None,
        max: None,
        min_len: None,
        max_len: None,
        unit: Text::NONE,
        unit_10_4: Text::NONE,
    };
}

/// What the factory sets.
#[derive(Debug)]
pub(crate) struct Factory {
    pub(crate) default: Text,
    pub(crate) default_10_4: Text,
    pub(crate) default_spa: Text,
}

impl Factory {
    /// Nothing is known.
    pub(crate) const NONE: Self = Self {
        default: Text::NONE,
        default_10_4: Text::NONE,
        default_spa: Text::NONE,
    };
}

/// Where the administration page shows a value.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) tab: Text,
    pub(crate) section: Text,
    pub(crate) label: Text,
    pub(crate) label_10_4: Text,
}

impl Field {
    /// Nowhere.
    pub(crate) const NONE: Self = Self {
        tab: Text::NONE,
        section: Text::NONE,
        label: Text::NONE,
        label_10_4: Text::NONE,
    };
}
