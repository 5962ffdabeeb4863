//! Where a key comes from.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use anyhow::{Context, bail};
use onhook_device::Secret;
use zeroize::Zeroizing;

use crate::cli::crypt::KeyArgs;

/// What a file is encrypted with; never empty.
pub(crate) enum Key {
    /// The passphrase of `--key` in a rule.
    Passphrase(Secret),
    /// The value of IKM_HTTP_Encrypt_Content.
    Ikm(Secret),
}

impl KeyArgs {
    /// The one that was given.
    pub(crate) fn read(&self) -> anyhow::Result<Key> {
        if let Some(key) = secret(&self.key, &self.key_file, &self.key_env)? {
            return Ok(Key::Passphrase(key));
        }
        match secret(&self.ikm, &self.ikm_file, &self.ikm_env)? {
            Some(ikm) => Ok(Key::Ikm(ikm)),
            None => bail!(
                "give a key with --key-file, --key-env or --key, or --ikm-file, --ikm-env or --ikm"
            ),
        }
    }
}

/// The bytes that an argument, a file or a variable of the environment holds; `None` without any of them.
pub(crate) fn secret(
    given: &Option<OsString>,
    file: &Option<PathBuf>,
    variable: &Option<OsString>,
) -> anyhow::Result<Option<Secret>> {
    let key = if let Some(key) = given {
        Secret::new(key.clone().into_vec())
    } else if let Some(path) = file {
        let content = std::fs::read(path)
            .with_context(|| format!("cannot read the key file {}", path.display()))?;
        one_line(Zeroizing::new(content)).with_context(|| format!("key file {}", path.display()))?
    } else if let Some(name) = variable {
        let value = std::env::var_os(name)
            .with_context(|| format!("there is no environment variable {}", name.display()))?;
        Secret::new(value.into_vec())
    } else {
        return Ok(None);
    };
    if key.is_empty() {
        bail!("the key is empty");
    }
    Ok(Some(key))
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
