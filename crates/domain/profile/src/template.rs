//! The tags that files of one template have in common.

use onhook_params::{ParamId, Scope};

use crate::decode::DecodeSpec;
use crate::scanner::Start;

/// The longest tag that is remembered: that of the longest name with a right, of an empty element.
const LONGEST: usize = 58;

/// Which tag followed which in the files read so far.
///
/// One program writes the files of all phones of a site, so they have the same elements in the same order. A start tag that stands, byte for
/// byte, behind the one that it followed before needs not be taken apart, nor its name be looked up. What a file comes to never depends on it.
pub struct Template {
    scope: Scope,
    /// For each parameter, and last for the beginning of a profile, what came next.
    next: Box<[Option<Tag>]>,
}

impl Template {
    /// One that knows nothing yet, for files that are read in a scope.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            next: vec![None; ParamId::COUNT + 1].into_boxed_slice(),
        }
    }

    /// Whether it is of use for a file: tags that it knows have an attribute at most, and whoever maps names looks at each of them.
    pub(crate) fn helps(&self, spec: &DecodeSpec<'_>) -> bool {
        self.scope == spec.scope && spec.limits.attributes > 0 && spec.aliases.is_empty()
    }
}

/// What is known of files like the one that is read.
pub(crate) trait Known {
    /// The tag that came behind that of a parameter, or, for `None`, at the beginning of a profile.
    fn expected(&self, before: Option<ParamId>) -> Option<&Tag>;

    /// Notes the tag that came; `None` for one that is not remembered.
    fn note(&mut self, before: Option<ParamId>, tag: impl FnOnce() -> Option<Tag>);

    /// Compares texts of one length: in little code for one file, as fast as can be for many.
    fn same(one: &[u8], other: &[u8]) -> bool;
}

impl Known for Template {
    #[inline]
    fn expected(&self, before: Option<ParamId>) -> Option<&Tag> {
        self.next.get(place(before))?.as_ref()
    }

    fn note(&mut self, before: Option<ParamId>, tag: impl FnOnce() -> Option<Tag>) {
        if let Some(next) = self.next.get_mut(place(before)) {
            *next = tag();
        }
    }

    #[inline]
    fn same(one: &[u8], other: &[u8]) -> bool {
        same(one, other)
    }
}

fn place(before: Option<ParamId>) -> usize {
    before.map_or(ParamId::COUNT, |id| usize::from(id.raw()))
}

/// Nothing is known, nor kept: the file is one alone.
pub(crate) struct Alone;

impl Known for Alone {
    #[inline]
    fn expected(&self, _: Option<ParamId>) -> Option<&Tag> {
        None
    }

    #[inline]
    fn note(&mut self, _: Option<ParamId>, _: impl FnOnce() -> Option<Tag>) {}

    #[inline]
    fn same(one: &[u8], other: &[u8]) -> bool {
        one == other
    }
}

/// A start tag of the usual form, `<name>` or `<name ua="right">`, also of an empty element, and its parameter: what a processor fetches
/// from memory at once.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Tag {
    pub(crate) id: ParamId,
    raw: [u8; LONGEST],
    len: u8,
    name: u8,
    has_right: bool,
    empty: bool,
}

impl Tag {
    /// The tag of a parameter as it stands in a file; `None` for one of another form, or with a right that there is not, which may be anything.
    pub(crate) fn of(id: ParamId, start: &Start<'_>, file: &[u8]) -> Option<Self> {
        let behind_name = file
            .strip_prefix(b"<")?
            .strip_prefix(start.name.as_bytes())?;
        let end = match start.ua {
            Some(right @ (b"na" | b"ro" | b"rw")) => {
                let rest = behind_name.strip_prefix(b" ua=\"")?.strip_prefix(right)?;
                rest.strip_prefix(b"\"")?
            }
            Some(_) => return None,
            None => behind_name,
        };
        if end != ending(start.empty) {
            return None;
        }
        let mut raw = [0; LONGEST];
        raw.get_mut(..file.len())?.copy_from_slice(file);
        Some(Self {
            id,
            raw,
            len: u8::try_from(file.len()).ok()?,
            name: u8::try_from(start.name.len()).ok()?,
            has_right: start.ua.is_some(),
            empty: start.empty,
        })
    }

    /// Its length in bytes, if it stands at the front of a document.
    #[inline]
    pub(crate) fn stands_in(&self, document: &[u8]) -> Option<usize> {
        let raw = self.raw.get(..usize::from(self.len))?;
        let there = document.get(..raw.len())?;
        same(raw, there).then_some(raw.len())
    }

    /// The tag at an offset of a document where it stands.
    #[inline]
    pub(crate) fn at<'x>(&self, document: &'x str, at: usize) -> Start<'x> {
        let name_end = at + 1 + usize::from(self.name);
        let end = at + usize::from(self.len) - ending(self.empty).len();
        let right = || document.as_bytes().get(name_end + 5..end - 1);
        Start {
            name: document.get(at + 1..name_end).unwrap_or_default(),
            at,
            empty: self.empty,
            ua: if self.has_right { right() } else { None },
            preserve_value: None,
        }
    }
}

/// Compares texts of one length 16 bytes at a time, the end in one piece, some of it twice: not all C libraries do.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    let ends = one.last_chunk::<16>().zip(other.last_chunk());
    let Some((end, other_end)) = ends else {
        return one == other;
    };
    let (chunks, _) = one.as_chunks::<16>();
    let (others, _) = other.as_chunks();
    end == other_end && chunks.iter().eq(others)
}

const fn ending(empty: bool) -> &'static [u8] {
    match empty {
        true => b"/>",
        false => b">",
    }
}

#[cfg(test)]
mod tests {
    use onhook_crypto::port::NoSecrets;
    use onhook_params::known;

    use super::*;
    use crate::decode_like;
    use crate::profile::read;

    #[test]
    fn a_tag_takes_a_line_of_the_cache() {
        let size_and_place = (size_of::<Option<Tag>>(), align_of::<Option<Tag>>());
        assert_eq!(size_and_place, (64, 64));
    }

    #[test]
    fn texts_are_the_same_if_all_their_bytes_are() {
        let text: [u8; 60] = std::array::from_fn(|n| n as u8);
        for len in 0..=60 {
            let text = &text[..len];
            assert!(same(text, text));
            for at in 0..len {
                let mut other = text.to_vec();
                other[at] ^= 1;
                assert!(!same(text, &other), "{len} {at}");
            }
        }
    }

    /// What is remembered of a profile with these children, as the bytes of the tags behind each other.
    fn remembered(children: &str) -> Vec<Option<String>> {
        let mut template = Template::new(Scope::default());
        let spec = DecodeSpec::default();
        let file = format!("<flat-profile>{children}</flat-profile>");
        decode_like(file.into(), &spec, &NoSecrets, &mut template).unwrap();
        let text = |tag: &Tag| {
            let raw = tag.raw.get(..usize::from(tag.len)).unwrap();
            String::from_utf8(raw.to_vec()).unwrap()
        };
        let before = [None, Some(known::GPP[0]), Some(known::GPP[1])];
        let tags = before.map(|before| template.expected(before).map(text));
        tags.into()
    }

    #[test]
    fn tags_are_remembered_behind_the_parameter_that_they_followed() {
        let tag = |text: &str| Some(text.to_owned());
        let children = "<GPP_A ua=\"na\">1</GPP_A>\n <No_Such/><GPP_B/><!-- c --> <GPP_C>2</GPP_C>";
        let expected = [tag("<GPP_A ua=\"na\">"), tag("<GPP_B/>"), tag("<GPP_C>")];
        assert_eq!(remembered(children), expected);
        // The last one counts.
        let both = format!("{children}<GPP_A/><GPP_C ua=\"ro\"/>");
        let expected = [
            tag("<GPP_A ua=\"na\">"),
            tag("<GPP_C ua=\"ro\"/>"),
            tag("<GPP_C>"),
        ];
        assert_eq!(remembered(&both), expected);
    }

    #[test]
    fn a_tag_of_another_form_is_not_remembered_and_the_one_behind_it_is() {
        for first in [
            "<GPP_A >",
            "<GPP_A  ua=\"na\">",
            "<GPP_A ua='na'>",
            "<GPP_A ua=\"na\" >",
            "<GPP_A ua = \"na\">",
            "<GPP_A ua=\"n&#97;\">",
            "<GPP_A ua=\"na\" preserve-value=\"y\">",
            "<GPP_A group=\"x\" ua=\"na\">",
            "<GPP_A group=\"x\">",
            "<GPP_A ua=\"\">",
            "<GPP_A ua=\"secret\">",
        ] {
            let children = format!("{first}1</GPP_A><GPP_B>2</GPP_B>");
            let expected = [None, Some("<GPP_B>".to_owned()), None];
            assert_eq!(remembered(&children), expected, "{first}");
        }
    }

    /// Counts what is noted.
    struct Counting<'t>(&'t mut Template, &'t mut usize);

    impl Known for Counting<'_> {
        fn expected(&self, before: Option<ParamId>) -> Option<&Tag> {
            self.0.expected(before)
        }

        fn note(&mut self, before: Option<ParamId>, tag: impl FnOnce() -> Option<Tag>) {
            *self.1 += 1;
            self.0.note(before, tag);
        }

        fn same(one: &[u8], other: &[u8]) -> bool {
            same(one, other)
        }
    }

    #[test]
    fn only_what_came_elsewhere_is_looked_up_again() {
        let mut template = Template::new(Scope::default());
        for (children, looked_up) in [
            ("<GPP_A>1</GPP_A><GPP_B/><GPP_C ua=\"na\">2</GPP_C>", 3),
            (
                "<GPP_A>x</GPP_A> <GPP_B/>\n<GPP_C ua=\"na\">y &amp; z</GPP_C>",
                0,
            ),
            ("<GPP_A>1</GPP_A><No_Such/><GPP_B/><GPP_C ua=\"na\"/>", 1),
            ("<GPP_B/><GPP_C ua=\"na\"/><GPP_A/>", 2),
        ] {
            let file = format!("<flat-profile>{children}</flat-profile>");
            let mut noted = 0;
            let mut known = Counting(&mut template, &mut noted);
            read(file.as_bytes(), &DecodeSpec::default(), &mut known).unwrap();
            assert_eq!(noted, looked_up, "{children}");
        }
    }

    #[test]
    fn the_tag_of_every_name_is_remembered() {
        // Of all families and releases.
        for id in (0..=u16::MAX).map_while(ParamId::from_raw) {
            let name = id.name().to_string();
            let start = Start {
                name: &name,
                at: 0,
                empty: true,
                ua: Some(b"rw"),
                preserve_value: None,
            };
            let file = format!("<{name} ua=\"rw\"/>");
            let tag = Tag::of(id, &start, file.as_bytes()).unwrap();
            assert_eq!(tag.stands_in(file.as_bytes()), Some(file.len()));
            let longer = format!("\n{file} ");
            assert_eq!(tag.stands_in(longer.as_bytes()), None);
            let again = tag.at(&longer, 1);
            let found = (again.name, again.at, again.empty, again.ua);
            assert_eq!(found, (&*name, 1, true, start.ua));
        }
    }
}
