//! What fuzzing feeds: a function that takes any bytes and panics when something that must hold does not.

use crate::codec::{decode, encode, unwrap, wrap};
use crate::hook::StoredFile;

/// Images: whatever is read is read again as the same from what is written, and errors have places. No made-up file
/// has the right checksum, so the bytes are taken as a whole file and as the content of one.
///
/// # Panics
/// Something of this does not hold.
pub fn store(bytes: &[u8]) {
    if let Err(damage) = unwrap(StoredFile::State, bytes) {
        assert!(damage.offset <= bytes.len());
    }
    let file = wrap(StoredFile::Params, bytes);
    for image in [Some(bytes), file.as_ref().map(|file| file.as_slice())]
        .into_iter()
        .flatten()
    {
        match decode(image) {
            Err(damage) => assert!(damage.offset <= image.len()),
            Ok(entries) => {
                let content = encode(&entries);
                let written = content.and_then(|content| wrap(StoredFile::Params, &content));
                let again = written.map(|written| decode(&written));
                assert_eq!(again, Some(Ok(entries)));
            }
        }
    }
}
