//! Where a key comes from.

use std::os::unix::ffi::OsStringExt;

use anyhow::{Context, bail};
use onhook_device::Secret;
use zeroize::Zeroizing;

use crate::cli::KeyArgs;

impl KeyArgs {
    /// The bytes of the key; never empty.
    pub(crate) fn read(&self) -> anyhow::Result<Secret> {
        let key = if let Some(key) = &self.key {
            Secret::new(key.clone().into_vec())
        } else if let Some(path) = &self.key_file {
            let content = std::fs::read(path)
                .with_context(|| format!("cannot read the key file {}", path.display()))?;
            one_line(Zeroizing::new(content))
                .with_context(|| format!("key file {}", path.display()))?
        } else if let Some(name) = &self.key_env {
            let name = name.display();
            let value = self.key_env.as_ref().and_then(std::env::var_os);
            Secret::new(
                value
                    .with_context(|| format!("there is no environment variable {name}"))?
                    .into_vec(),
            )
        } else {
            bail!("give a key with --key-file, --key-env or --key");
        };
        if key.is_empty() {
            bail!("the key is empty");
        }
        Ok(key)
    }
}

/// Takes one line end off.
fn one_line(content: Zeroizing<Vec<u8>>) -> anyhow::Result<Secret> {
    let line = content.strip_suffix(b"\n").unwrap_or(&content);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.contains(&b'\n') {
        bail!("it has more than one line: write the key alone into it");
    }
    Ok(Secret::new(line.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_no_part_of_a_key() {
        for (content, key) in [
            ("key", "key"),
            ("key\n", "key"),
            ("key\r\n", "key"),
            (" key \n", " key "),
            ("\n", ""),
        ] {
            let read = one_line(Zeroizing::new(content.into())).unwrap();
            assert_eq!(read.expose(), key.as_bytes(), "{content:?}");
        }
        assert!(one_line(Zeroizing::new(b"key\n\n".to_vec())).is_err());
        assert!(one_line(Zeroizing::new(b"a\nb".to_vec())).is_err());
    }
}
