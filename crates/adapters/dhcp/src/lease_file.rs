//! The lease files of other DHCP clients.

mod dhclient;
mod lines;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use onhook_discovery::port::{LONGEST_VALUE, MOST_OPTIONS, News, OptionSource};
use onhook_discovery::{HeldOption, HeldValue, Learned, Space};
use thiserror::Error;
use tokio::time::{Instant, sleep_until};

/// How often it is looked whether the file has changed.
const LOOK: Duration = Duration::from_secs(5);
/// Largest file that is read, in octets.
const LARGEST: u64 = 1024 * 1024;

/// Who writes the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// systemd-networkd: `/run/systemd/netif/leases/INDEX`.
    Networkd,
    /// dhclient: `dhclient.leases`, of which the last lease counts.
    Dhclient,
    /// The environment of a script of udhcpc, as `env` or `export -p` prints it.
    Udhcpc,
}

impl Format {
    /// The word of the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Networkd => "systemd-networkd",
            Self::Dhclient => "dhclient",
            Self::Udhcpc => "udhcpc",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let all = [Self::Networkd, Self::Dhclient, Self::Udhcpc];
        let found = all.into_iter().find(|format| format.name() == word);
        found.ok_or_else(|| {
            let names = all.map(Self::name).join("`, `");
            format!("`{word}` is not known: use one of `{names}`")
        })
    }
}

/// A place in a lease file that cannot be read. The message never holds a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("line {line}: {why}")]
pub struct LeaseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub why: &'static str,
}

/// Reads a lease file; `None` if it holds no lease (for this interface).
///
/// What is not finished at its end is still being written, and is passed over.
///
/// # Errors
/// A value that is used has no form that it may have.
pub fn parse(
    format: Format,
    text: &str,
    interface: Option<&str>,
) -> Result<Option<Learned>, LeaseError> {
    let learned = match format {
        Format::Networkd => lines::networkd(text)?,
        Format::Udhcpc => lines::udhcpc(text, interface)?,
        Format::Dhclient => dhclient::parse(text, interface)?,
    };
    Ok(learned.map(|mut learned| {
        learned.options.truncate(MOST_OPTIONS);
        learned
    }))
}

/// Puts an option in its place; a later value of one number stands in for the earlier.
fn put(learned: &mut Learned, code: u16, value: Vec<u8>) {
    if value.len() > LONGEST_VALUE {
        return;
    }
    let option = HeldOption {
        space: Space::V4,
        code,
        value: HeldValue::Wire(value),
    };
    match learned
        .options
        .binary_search_by_key(&code, |option| option.code)
    {
        Ok(at) => {
            if let Some(old) = learned.options.get_mut(at) {
                *old = option;
            }
        }
        Err(at) => learned.options.insert(at, option),
    }
}

/// The lease file of another client as a source of options.
pub struct LeaseFile {
    path: PathBuf,
    format: Format,
    interface: Option<String>,
    /// The file as it was when it was read last.
    seen: Option<Stamp>,
    told: Option<News>,
    /// When it is looked at next; at once before the first time.
    next: Option<Instant>,
}

/// What tells one state of a file from another.
type Stamp = (u64, u64, i64, i64);

impl LeaseFile {
    /// A source that follows a file; of several interfaces in it only one counts if it is named.
    #[must_use]
    pub const fn new(path: PathBuf, format: Format, interface: Option<String>) -> Self {
        Self {
            path,
            format,
            interface,
            seen: None,
            told: None,
            next: None,
        }
    }

    /// What the file says if it has changed; `None` if it has not, or cannot be used.
    fn read(&mut self) -> Option<News> {
        let stamp = match self.stamp() {
            Ok(stamp) => stamp,
            Err(error) => {
                let path = self.path.display();
                tracing::debug!("the lease file {path} cannot be read: {error}");
                self.seen = None;
                return Some(News::Nothing);
            }
        };
        if self.seen == Some(stamp) {
            return None;
        }
        self.seen = Some(stamp);
        match self.content() {
            Ok(Some(learned)) => Some(News::Learned(learned)),
            Ok(None) => Some(News::Nothing),
            Err(why) => {
                let path = self.path.display();
                tracing::warn!("the lease file {path} is not used: {why}");
                None
            }
        }
    }

    fn stamp(&self) -> io::Result<Stamp> {
        let meta = std::fs::metadata(&self.path)?;
        // Anything else could block.
        if !meta.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        Ok((meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
    }

    fn content(&self) -> Result<Option<Learned>, String> {
        let mut bytes = Vec::new();
        let read =
            File::open(&self.path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        match read {
            Err(error) => return Err(error.to_string()),
            Ok(length) if length as u64 > LARGEST => {
                return Err(format!("it is larger than {LARGEST} octets"));
            }
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&bytes);
        let learned = parse(self.format, &text, self.interface.as_deref());
        learned.map_err(|error| format!("{error} (format {})", self.format.name()))
    }
}

#[async_trait]
impl OptionSource for LeaseFile {
    async fn next(&mut self) -> Option<News> {
        loop {
            if let Some(next) = self.next {
                sleep_until(next).await;
            }
            self.next = Some(Instant::now() + LOOK);
            //= R-DHCP-11
            let news = match (self.read(), &self.told) {
                // What could be read before is still the last that is known.
                (None, None) => Some(News::Nothing),
                (news, _) => news,
            };
            if news.is_some() && news != self.told {
                self.told.clone_from(&news);
                return news;
            }
        }
    }
}
