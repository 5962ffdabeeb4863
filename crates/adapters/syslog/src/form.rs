//! How messages are written and carried.

use std::str::FromStr;

/// What carries messages to their server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Transport {
    /// A datagram for each (RFC 3164, RFC 5426).
    #[default]
    Udp,
    /// A connection, with frames in it (RFC 6587).
    #[cfg(feature = "tcp")]
    Tcp,
}

/// The form of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// `<PRI>Mmm dd hh:mm:ss [identifier ]text`. Over TCP a line feed ends it: who reads this form reads lines.
    #[default]
    Rfc3164,
    /// `<PRI>1 timestamp identifier onhook - - - text`. Over TCP its length stands before it.
    Rfc5424,
}

impl Transport {
    /// The word of the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            #[cfg(feature = "tcp")]
            Self::Tcp => "tcp",
        }
    }
}

impl Format {
    /// The word of the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rfc3164 => "rfc3164",
            Self::Rfc5424 => "rfc5424",
        }
    }
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "udp" => Ok(Self::Udp),
            #[cfg(feature = "tcp")]
            "tcp" => Ok(Self::Tcp),
            #[cfg(not(feature = "tcp"))]
            "tcp" => Err(
                "`tcp` is not in this program, which was built without it: use `udp`".to_owned(),
            ),
            other => Err(format!("`{other}` is not known: use `udp` or `tcp`")),
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "rfc3164" => Ok(Self::Rfc3164),
            "rfc5424" => Ok(Self::Rfc5424),
            other => Err(format!(
                "`{other}` is not known: use `rfc3164` or `rfc5424`"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        assert_eq!("udp".parse(), Ok(Transport::Udp));
        assert_eq!(Transport::Udp.name(), "udp");
        let tcp = "tcp".parse::<Transport>();
        // What is not in a program is refused, and never taken for something else.
        assert_eq!(tcp.is_ok(), cfg!(feature = "tcp"));
        assert!(tcp.is_ok_and(|tcp| tcp.name() == "tcp") || !cfg!(feature = "tcp"));
        for format in [Format::Rfc3164, Format::Rfc5424] {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert!("tls".parse::<Transport>().is_err());
        assert!("3164".parse::<Format>().is_err());
    }
}
