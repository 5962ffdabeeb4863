//! Versions, case by case: what is read, what is refused, what comes first.

use std::cmp::Ordering::{self, Equal, Greater, Less};

use onhook_conditions::{Version, VersionError};

fn compare(left: &str, right: &str) -> Result<Ordering, VersionError> {
    Version::parse(left)?.compare(&Version::parse(right)?)
}

#[track_caller]
fn check_all(cases: &[(&str, Ordering, &str)]) {
    for (left, order, right) in cases {
        assert_eq!(compare(left, right), Ok(*order), "{left} and {right}");
        assert_eq!(
            compare(right, left),
            Ok(order.reverse()),
            "{right} and {left}"
        );
    }
}

#[track_caller]
fn check_malformed(cases: &[(&str, usize)]) {
    for (text, at) in cases {
        let error = Version::parse(text);
        assert!(
            matches!(error, Err(VersionError::Malformed { offset, .. }) if offset == *at),
            "`{text}` gave {error:?}"
        );
    }
}

//= R-VER-1 type=test
#[test]
fn dotted_versions_have_one_to_three_numbers_and_perhaps_a_suffix() {
    for text in [
        "1.0.31(b)",
        "1.0.33",
        "2.0.3(G)",
        "2.0.3(0412s)",
        "2.0.6",
        "1.0",
        "0.99.5",
        "4",
    ] {
        assert!(
            matches!(Version::parse(text), Ok(Version::Dotted(_))),
            "{text}"
        );
    }
    let Ok(Version::Dotted(dotted)) = Version::parse("1.02(b)") else {
        panic!("1.02(b) is a dotted version");
    };
    assert_eq!((dotted.parts(), dotted.suffix()), ([1, 2, 0], Some("b")));
    check_all(&[
        ("1.0", Equal, "1.0.0"),
        ("4", Equal, "4.0.0"),
        ("01.0", Equal, "1.0"),
    ]);
    check_malformed(&[
        ("", 0),
        ("1.", 2),
        (".1", 0),
        ("1..2", 2),
        ("1.2.3.4", 6),
        ("1.2.x", 4),
        ("1.2.3b", 4),
        ("1.2.3()", 5),
        ("1.2.3(b", 5),
        ("1.2.3(b)c", 5),
        ("1.2.3(b c)", 5),
        ("1.2.3(\u{e9})", 5),
        ("1.2.3((b)", 5),
        ("4(b)", 1),
        ("1. 2", 2),
        ("1.+2", 2),
        ("(b)", 0),
        ("abc", 0),
    ]);
}

//= R-VER-2 type=test
#[test]
fn dotted_versions_are_ordered_by_number_then_by_suffix_as_text() {
    check_all(&[
        ("2.0.10", Greater, "2.0.9"),
        ("2.1", Greater, "2.0.99"),
        ("10.0", Greater, "9.9.9"),
        ("2.0.3", Less, "2.0.3(0)"),
        ("2.0.3(G)", Equal, "2.0.3(G)"),
        ("2.0.3(G)", Less, "2.0.3(g)"),
        ("2.0.3(0412s)", Less, "2.0.3(G)"),
        ("2.0.3(10)", Less, "2.0.3(9)"),
        ("2.0.3(a)", Less, "2.0.3(ab)"),
        ("2.0.4", Greater, "2.0.3(z)"),
    ]);
}

//= R-VER-4 type=test
#[test]
fn mpp_versions_are_read_in_all_documented_spellings() {
    for (text, parts, build) in [
        ("sip88xx.11-3-1MPP-376", "11-3-1MPP", Some(376)),
        ("sip88xx.11-3-2MPP0001-609", "11-3-2MPP0001", Some(609)),
        ("sip88xx.11-0-0MN-1MPP-1", "11-0-0MN-1MPP", Some(1)),
        ("sip88xx.11-0-1MSR-1dev", "11-0-1MSR", Some(1)),
        ("sip88xx.11-0-3MSR1-1", "11-0-3MSR1", Some(1)),
        ("sip88xx.11-0-1MES-3", "11-0-1MES", Some(3)),
        ("sip78xx.14-1-1MN-366", "14-1-1MN", Some(366)),
        ("9-3-1-7MPP-12", "9-3-1-7MPP", Some(12)),
        ("11-1-0MPP-19", "11-1-0MPP", Some(19)),
        ("sip88xx.11-0-0MPP", "11-0-0MPP", None),
        ("11-0-0", "11-0-0", None),
        ("11-0-0-7", "11-0-0", Some(7)),
        ("sip.11-0-0", "11-0-0", None),
    ] {
        let Ok(Version::Mpp(mpp)) = Version::parse(text) else {
            panic!("{text} is an MPP version");
        };
        assert_eq!((mpp.parts(), mpp.build()), (parts, build), "{text}");
    }
    check_malformed(&[
        ("sip88xx.11-0", 12),
        ("11-0", 4),
        ("11-0MPP", 7),
        ("sip88xx", 0),
        ("sip88xx.", 8),
        ("sip88xx-11-0-0", 0),
        ("sip88 xx.11-0-0", 0),
        ("SIP88xx.11-0-0", 0),
        ("88xx.11-0-0", 0),
        ("sip88xx.sip.11-0-0", 8),
        ("11-0-0.LOADS", 5),
        ("11-0-0.loads.loads", 5),
        ("11-0-0(G)", 5),
        ("-1", 0),
    ]);
}

//= R-VER-5 type=test
#[test]
fn model_and_loads_do_not_take_part() {
    check_all(&[
        (
            "sip88xx.11-3-2MPP0001-598.loads",
            Equal,
            "sip8845_65.11-3-2MPP0001-598",
        ),
        (
            "11-3-2MPP0001-598",
            Equal,
            "sip8845_65.11-3-2MPP0001-598.loads",
        ),
        ("sip99999999999999999999999.11-0-0", Equal, "11-0-0"),
    ]);
}

//= R-VER-6 type=test
#[test]
fn every_part_starts_with_a_digit_and_mpp_ends_the_version() {
    check_malformed(&[
        ("sip88xx.11-x-0MPP-1", 11),
        ("9-3-1-7MPP-BN", 11),
        ("11--0-0", 3),
        ("11-0-0-", 7),
        ("11-0-0_1", 5),
        ("11-0-0MPP-1-x", 12),
        ("11-0-0MPP-1-\u{e9}", 12),
    ]);
    check_all(&[
        // The first part with the marker ends the version, wherever it stands.
        ("11MPP-0-0", Equal, "11-0-0"),
        ("11MPP-5-9", Equal, "11-0-0-5"),
        ("11-0-0-4-1MPP-5", Greater, "11-0-0-4MPP-9"),
        ("11-0-1MPP-2MPP", Equal, "11-0-1-2"),
        // Parts behind the build are ignored.
        ("11-0-0MPP-1-9", Equal, "11-0-0MPP-1-2"),
        ("11-0-0-1-9", Equal, "11-0-0-1"),
    ]);
}

//= R-VER-7 type=test
#[test]
fn parts_are_compared_piece_by_piece_and_mpp_counts_as_no_letters() {
    check_all(&[
        ("11-0-0MPP-1", Less, "11-0-0MN-1MPP-1"),
        ("11-0-10-1", Greater, "11-0-9-1"),
        ("11-0-2MN-1", Greater, "11-0-2MES-1"),
        ("11-0-2M-1", Less, "11-0-2MN-1"),
        ("11-0-2mn-1", Greater, "11-0-2MN-1"),
        ("11-0-2MN2-1", Less, "11-0-2MN10-1"),
        ("11-0-2MN-1", Less, "11-0-2MN0-1"),
        ("11-0-2MN2A-1", Greater, "11-0-2MN2-1"),
        ("11-0-2MPP-1", Less, "11-0-2MPP0001-1"),
        ("11-0-2MPP-1", Equal, "11-0-2-1"),
        ("11-0-2MPP0001-1", Less, "11-0-2A-1"),
        ("11-0-2MPP1-1", Greater, "11-0-2-1"),
        // Letters around the marker stay; lower case is ordinary letters.
        ("11-0-2AMPPB-1", Equal, "11-0-2AB-1"),
        ("11-0-2MPPSR1-1", Equal, "11-0-2SR1-1"),
        ("11-0-2mpp-1", Greater, "11-0-2-1"),
        ("11-0-2MPPMPP-1", Equal, "11-0-2-1"),
        // Missing trailing parts count as 0.
        ("9-3-1-7MPP-1", Greater, "9-3-1MPP-1"),
        ("9-3-1-0MPP-1", Equal, "9-3-1MPP-1"),
        ("9-3-1-0MN-1MPP-1", Greater, "9-3-1MPP-1"),
        ("012-0-0-1", Equal, "12-0-0-1"),
    ]);
}

//= R-VER-8 type=test
#[test]
fn the_leftmost_difference_decides_and_builds_come_last() {
    check_all(&[
        ("12-0-0MPP-1", Greater, "11-9-9MPP-999"),
        ("11-3-1MPP-110", Greater, "11-2-3MPP-256"),
        ("11-0-0MPP-1", Less, "11-0-0MPP-2"),
        ("11-0-0MPP-10", Greater, "11-0-0MPP-9"),
        ("11-0-1MSR-1dev", Equal, "11-0-1MSR-1"),
        ("11-0-1MSR-1dev9", Less, "11-0-1MSR-2dev1"),
        ("11-0-0MPP", Equal, "11-0-0MPP-7"),
        ("11-0-0MPP", Equal, "11-0-0MPP"),
    ]);
}

//= R-VER-9 type=test
#[test]
fn two_formats_do_not_compare() {
    for (left, right) in [
        ("sip88xx.11-0-0MPP-7", "11.0.0"),
        ("11.0.0", "11-0-0"),
        ("11", "11-0-0"),
    ] {
        assert_eq!(
            compare(left, right),
            Err(VersionError::FormatsDiffer),
            "{left}"
        );
    }
    assert_eq!(compare("2.0.1", "2.0.1"), Ok(Equal));
}

//= R-COND-9 type=test
#[test]
fn digits_beyond_64_bits_are_refused_and_leading_zeros_are_not() {
    for (text, at) in [
        ("18446744073709551616", 0),
        ("1.18446744073709551616", 2),
        ("sip88xx.11-18446744073709551616-0", 11),
        ("11-0-0MPP18446744073709551616-1", 9),
        ("11-0-0MPP-18446744073709551616", 10),
        ("11-0-0MPP-1-18446744073709551616", 12),
    ] {
        assert_eq!(
            Version::parse(text),
            Err(VersionError::TooLarge { offset: at }),
            "{text}"
        );
    }
    check_all(&[
        ("18446744073709551615.0", Greater, "18446744073709551614.9"),
        ("000000000000000000000000000000001.0", Equal, "1.0"),
        (
            "11-0-18446744073709551615",
            Greater,
            "11-0-18446744073709551614",
        ),
    ]);
}

#[test]
fn an_error_says_where_in_the_version_it_is() {
    for (text, at) in [
        ("1.2.x", 4),
        ("1.99999999999999999999", 2),
        ("11-0-x", 5),
        ("sip.1", 5),
    ] {
        assert_eq!(Version::parse(text).unwrap_err().offset(), at, "{text}");
    }
    assert_eq!(compare("1.0", "11-0-0MPP").unwrap_err().offset(), 0);
}
