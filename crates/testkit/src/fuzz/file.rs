//! What a server may send: profiles, compressed and encrypted ones.

use onhook_crypto::port::NoSecrets;
use onhook_crypto::{Digest, RECORDS_SALT, keying_material, open, seal, unseal};
use onhook_params::{Delta, ParamId, Scope, UserAccess};
use onhook_profile::{DecodeSpec, Decoded, Exported, Template, decode, decode_like, export};

const KEY: &[u8] = b"SecretPhrase1234";
/// An alias map for documents that are no profiles.
const ALIASES: &str = "/a/b = /flat-profile/GPP_A; /c = /flat-profile/Resync_Periodic";

type Set<'d> = Vec<(ParamId, Option<&'d str>, Option<UserAccess>)>;

fn set(delta: &Delta) -> Set<'_> {
    let all = delta.iter();
    all.map(|one| (one.id, one.value, one.access)).collect()
}

/// Profiles: what a file sets is what the export of that sets, and errors and warnings have places.
pub fn profile(bytes: &[u8]) {
    for aliases in ["", ALIASES] {
        let spec = DecodeSpec {
            aliases,
            ..DecodeSpec::default()
        };
        match decode(bytes.to_vec(), &spec, &NoSecrets) {
            Err(error) => {
                assert!(!error.to_string().is_empty());
                if let Some((line, column)) = error.position() {
                    assert!(line > 0 && column > 0);
                }
            }
            Ok(decoded) => again(&decoded, &spec),
        }
    }
    alike(bytes);
}

/// Files between zero bytes, which no profile has, come to the same whatever was read before them.
fn alike(bytes: &[u8]) {
    let mut template = Template::new(Scope::default());
    let files = || bytes.split(|byte| *byte == 0);
    for (file, aliases) in files()
        .chain(files())
        .zip(["", "", ALIASES].into_iter().cycle())
    {
        let spec = DecodeSpec {
            aliases,
            ..DecodeSpec::default()
        };
        let alone = decode(file.to_vec(), &spec, &NoSecrets);
        let like = decode_like(file.to_vec(), &spec, &NoSecrets, &mut template);
        match (alone, like) {
            (Ok(alone), Ok(like)) => {
                assert!(alone.delta.iter().eq(like.delta.iter()));
                assert_eq!(alone.diagnostics, like.diagnostics);
            }
            (alone, like) => assert_eq!(alone.err(), like.err()),
        }
    }
}

#[track_caller]
fn again(decoded: &Decoded, spec: &DecodeSpec<'_>) {
    for warning in decoded.diagnostics.iter() {
        assert!(warning.line > 0 && warning.column > 0);
        assert!(!warning.message(&spec.scope).is_empty());
    }
    let wanted = set(&decoded.delta);
    let parameters = wanted.iter().map(|(id, value, access)| Exported {
        id: *id,
        value: *value,
        access: *access,
    });
    let xml = export(parameters, &spec.scope);
    let Ok(second) = decode(xml.clone().into_bytes(), &DecodeSpec::default(), &NoSecrets) else {
        panic!("the export cannot be read: {xml}");
    };
    assert_eq!(set(&second.delta), wanted, "{xml}");
    assert!(second.diagnostics.is_empty(), "{xml}");
}

/// Compressed profiles: a header is given, so that the fuzzer works on what is behind it.
pub fn gzip(bytes: &[u8]) {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let spec = DecodeSpec::default();
    let with_header = [&HEADER, bytes].concat();
    for body in [bytes.to_vec(), with_header] {
        if let Ok(decoded) = decode(body, &spec, &NoSecrets) {
            again(&decoded, &spec);
        }
    }
}

/// Containers: what is decrypted encrypts to the same file, with the salt of that file.
pub fn container(bytes: &[u8]) {
    let with_header = [b"Salted__", bytes].concat();
    for file in [bytes.to_vec(), with_header] {
        let Ok(opened) = open(file.clone(), KEY) else {
            continue;
        };
        let salt = file.get(8..).and_then(|rest| rest.first_chunk::<8>());
        let made = onhook_crypto::encrypt(
            &opened.plaintext,
            KEY,
            opened.digest,
            *salt.unwrap_or(&[0; 8]),
        );
        assert_eq!(made, file);
    }
    let salt = *b"fuzzfuzz";
    for digest in [Digest::Md5, Digest::Sha256] {
        let file = onhook_crypto::encrypt(bytes, KEY, digest, salt);
        let plain = onhook_crypto::decrypt(file, KEY, digest);
        assert_eq!(plain.as_deref(), Ok(bytes));
    }
}

/// Bodies of RFC 8188: none is made by chance, and what is sealed comes out, whatever the record size.
pub fn records(bytes: &[u8]) {
    let keying = keying_material(KEY);
    assert!(unseal(bytes.to_vec(), &keying).is_err());
    let (size, content) = match bytes.split_first_chunk::<2>() {
        Some((size, content)) => (u32::from(u16::from_be_bytes(*size)), content),
        None => (18, bytes),
    };
    let salt = [9; RECORDS_SALT];
    match seal(content, &keying, &salt, size) {
        Err(_) => assert!(size < 18),
        Ok(body) => {
            let found = unseal(body.clone(), &keying).map(|found| found.plaintext);
            assert_eq!(found.as_deref(), Ok(content));
            for cut in [1, 17, 30] {
                let shorter = body
                    .get(..body.len().saturating_sub(cut))
                    .unwrap_or_default();
                assert!(unseal(shorter.to_vec(), &keying).is_err());
            }
        }
    }
}
