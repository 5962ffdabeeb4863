//! Which crate the bytes of a program belong to, as far as they have a name.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The bytes of each crate, largest first; generic code counts for the crate that wrote it.
pub(super) fn by_crate(program: &Path) -> Result<Vec<(String, u64)>> {
    let output = Command::new("nm")
        .args(["--print-size", "--demangle", "--defined-only"])
        .arg(program)
        .output()
        .context("starting nm, which comes with the C compiler")?;
    ensure!(output.status.success(), "nm failed");
    let mut crates: BTreeMap<String, u64> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some((bytes, name)) = symbol(line) {
            *crates.entry(owner(name)).or_default() += bytes;
        }
    }
    let mut crates: Vec<_> = crates.into_iter().collect();
    crates.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    Ok(crates)
}

/// Size and name in a line `ADDRESS SIZE KIND NAME` of nm; what is zero at the start takes no room in the file.
fn symbol(line: &str) -> Option<(u64, &str)> {
    let mut parts = line.splitn(4, ' ');
    let (_, size, kind, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if kind.eq_ignore_ascii_case("b") {
        return None;
    }
    Some((u64::from_str_radix(size, 16).ok()?, name))
}

/// The crate of a symbol.
fn owner(name: &str) -> String {
    let path = name.trim_start_matches(['<', '&', '[', '(', '*']);
    let path = ["mut ", "dyn ", "const "]
        .iter()
        .fold(path, |path, word| path.strip_prefix(word).unwrap_or(path));
    let path = path.trim_start_matches(['<', '&', '[', '(', '*']);
    let Some((first, _)) = path.split_once("::") else {
        return unnamed(name).to_owned();
    };
    // v0 mangling writes `crate[hash]`.
    let first = first.split('[').next().unwrap_or(first);
    // `<T as core::…>`: a trait's code for a type without a path.
    let first = first.rsplit(' ').next().unwrap_or(first);
    match first {
        "std" | "core" | "alloc" | "compiler_builtins" | "hashbrown" | "std_detect" => {
            "std, core, alloc".to_owned()
        }
        other => other.to_owned(),
    }
}

/// Code and data without a path.
fn unnamed(name: &str) -> &'static str {
    const C_OF_TLS: [&str; 12] = [
        "ring_core",
        "x25519",
        "fiat_",
        "ecp_nistz",
        "aes_",
        "ghash",
        "gcm_",
        "bn_",
        "chacha",
        "poly1305",
        "sha256",
        "sha512",
    ];
    let lower = name.to_ascii_lowercase();
    let starts = |start: &&str| lower.trim_start_matches('_').starts_with(*start);
    if C_OF_TLS.iter().any(starts) || lower.contains("p256") || lower.contains("p384") {
        "C and assembly of ring"
    } else if lower.starts_with("anon.")
        || lower.starts_with("alloc_")
        || lower.starts_with("switch.table")
    {
        "constants"
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use super::{owner, symbol};

    #[test]
    fn a_symbol_belongs_to_the_crate_that_wrote_it() {
        for (name, crate_) in [
            ("onhook_rules::parse::rule", "onhook_rules"),
            (
                "<onhook_rules::Rule as core::fmt::Debug>::fmt",
                "onhook_rules",
            ),
            (
                "<&mut serde_json::ser::Serializer<W> as serde::Serializer>::f",
                "serde_json",
            ),
            (
                "core::ptr::drop_in_place<rustls::Connection>",
                "std, core, alloc",
            ),
            ("<T as core::any::Any>::type_id", "std, core, alloc"),
            ("tokio[1a2b]::runtime::park", "tokio"),
            ("ring_core_0_17_14__aes_gcm_dec", "C and assembly of ring"),
            ("main", "other"),
        ] {
            assert_eq!(owner(name), crate_, "{name}");
        }
    }

    #[test]
    fn sizes_are_hexadecimal_and_zeroed_memory_is_left_out() {
        let line = "00000000000a1b20 00000000000000ff t onhook_rules::a b";
        assert_eq!(symbol(line), Some((255, "onhook_rules::a b")));
        assert_eq!(symbol("00000000000a1b20 00000000000000ff b buffer"), None);
        assert_eq!(symbol("00000000000a1b20 T _start"), None);
    }
}
