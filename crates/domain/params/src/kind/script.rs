//! Cadences, tones and daylight saving rules.

use super::number::{is_level, thousandths};

/// Segments of a cadence, or components of a frequency script.
const PARTS: usize = 6;

/// Whether a text is one or two cadences `D(on/off[,on/off]...)`.
pub(super) fn is_cadence(text: &str) -> bool {
    //= R-TYP-15
    is_sections(text, |segment| {
        segment
            .split_once('/')
            .is_some_and(|(on, off)| is_span(on) && is_span(off))
    })
}

/// Whether a text is a list of frequencies with their levels, `F@L[,F@L]...`.
pub(super) fn is_frequencies(text: &str) -> bool {
    //= R-TYP-16
    components(text).is_some()
}

/// Whether a text is a frequency script and one or two cadences `D(on/off/f[,on/off/f]...)`.
pub(super) fn is_tone(text: &str) -> bool {
    //= R-TYP-17
    let Some((frequencies, sections)) = text.split_once(';') else {
        return false;
    };
    components(frequencies).is_some()
        && is_sections(sections, |segment| {
            let mut parts = segment.splitn(3, '/');
            let spans = parts.by_ref().take(2).filter(|span| is_span(span)).count();
            spans == 2 && parts.next().is_some_and(is_mix)
        })
}

/// The number of components of a frequency script.
fn components(text: &str) -> Option<usize> {
    let count = text.split(',').count();
    let good = text.split(',').all(|component| {
        component
            .trim()
            .split_once('@')
            .is_some_and(|(hertz, level)| {
                !hertz.is_empty() && hertz.bytes().all(|b| b.is_ascii_digit()) && is_level(level)
            })
    });
    (good && count <= PARTS).then_some(count)
}

/// Which components sound: `0`, or numbers 1..=6 joined by `+`.
fn is_mix(text: &str) -> bool {
    text == "0"
        || text
            .split('+')
            .all(|n| matches!(n.as_bytes(), [b'1'..=b'6']))
}

/// One or two sections `D(segment[,segment]...)` with at most six segments.
fn is_sections(text: &str, is_segment: impl Fn(&str) -> bool) -> bool {
    text.split(';').count() <= 2
        && text.split(';').all(|section| {
            let Some((total, segments)) = section
                .trim()
                .strip_suffix(')')
                .and_then(|s| s.split_once('('))
            else {
                return false;
            };
            is_span(total)
                && segments.split(',').count() <= PARTS
                && segments
                    .split(',')
                    .all(|segment| is_segment(segment.trim()))
        })
}

/// Seconds with at most three decimals, or `*` for ever.
fn is_span(text: &str) -> bool {
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    text == "*" || decimals <= 3 && thousandths(text).is_some()
}

/// Whether a text is a rule `start=M/D/W[/HH[:mm[:ss]]];end=...;save=[+-]HH[:mm[:ss]]`.
pub(super) fn is_dst_rule(text: &str) -> bool {
    //= R-TYP-18
    let (mut start, mut end, mut save) = (0, 0, 0);
    for part in text.strip_suffix(';').unwrap_or(text).split(';') {
        let good = match part.trim().split_once('=') {
            Some(("start", moment)) => {
                start += 1;
                is_moment(moment)
            }
            Some(("end", moment)) => {
                end += 1;
                is_moment(moment)
            }
            Some(("save", offset)) => {
                save += 1;
                is_clock(offset.strip_prefix(['+', '-']).unwrap_or(offset))
            }
            _ => false,
        };
        if !good {
            return false;
        }
    }
    (start, end, save) == (1, 1, 1)
}

/// `M/D/W` and an optional time: month 1..=12, day -31..=31 but 0, weekday 0..=7.
fn is_moment(text: &str) -> bool {
    let mut parts = text.splitn(4, '/');
    let mut within = |most: u32, prefix: &str| {
        parts.next().is_some_and(|part| {
            small(part.strip_prefix(prefix).unwrap_or(part)).is_some_and(|n| {
                // Only the weekday may be 0: the exact date.
                n <= most && (n > 0 || most == 7)
            })
        })
    };
    within(12, "") && within(31, "-") && within(7, "") && parts.next().is_none_or(is_clock)
}

/// `HH[:mm[:ss]]`.
fn is_clock(text: &str) -> bool {
    text.split(':').count() <= 3
        && text
            .split(':')
            .zip([23, 59, 59])
            .all(|(part, most)| small(part).is_some_and(|n| n <= most))
}

/// A number of one or two digits.
fn small(text: &str) -> Option<u32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= R-TYP-16 type=test
    fn a_frequency_script_has_one_to_six_components() {
        for text in [
            "350@-19",
            "350@-19,440@-19",
            "350@-19 , 440@-19.5",
            "1@1,2@1,3@1,4@1,5@1,6@1",
        ] {
            assert!(is_frequencies(text), "{text}");
        }
        for text in [
            "",
            "350",
            "350@",
            "@-19",
            "350.5@-19",
            "350@-19,",
            "350@-19.55",
            "1@1,2@1,3@1,4@1,5@1,6@1,7@1",
        ] {
            assert!(!is_frequencies(text), "{text}");
        }
    }
}
