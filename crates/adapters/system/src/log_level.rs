//! What the environment says of the log.

use tracing::level_filters::LevelFilter;

/// What the text of RUST_LOG asks to be logged, in its own notation; `level` stands in for an empty one.
///
/// The second part is a complaint, to be logged, of a variable that cannot be read or means nothing to these programs:
/// a misspelt level is a target that nobody has, and would silence everything.
#[must_use]
pub fn wanted_log(text: &str, level: LevelFilter) -> (String, Option<String>) {
    if text.is_empty() {
        return (level.to_string(), None);
    }
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let is_read = |word: &str| match word.rsplit_once('=') {
        Some((_, level)) => is_level(level),
        None => is_level(word) || word.starts_with("onhook"),
    };
    let is_ours = |word: &str| is_level(word) || word.starts_with("onhook");
    if text.split(',').all(is_read) && text.split(',').any(is_ours) {
        return (text.to_owned(), None);
    }
    let level = level.max(LevelFilter::WARN).to_string();
    let complaint = format!(
        "RUST_LOG={text} means nothing here, {level} is used: write a level, for example RUST_LOG=debug, or targets with \
         levels, for example RUST_LOG=info,onhook_http=debug"
    );
    (level, Some(complaint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_targets_of_these_programs_are_taken() {
        for text in [
            "debug",
            "OFF",
            "3",
            "onhook_http",
            "onhook_http=debug",
            "warn,hyper=trace",
        ] {
            assert_eq!(wanted_log(text, LevelFilter::INFO), (text.to_owned(), None));
        }
        let nothing = wanted_log("", LevelFilter::OFF);
        assert_eq!(nothing, ("off".to_owned(), None));
    }

    #[test]
    fn anything_else_is_complained_of() {
        for text in ["inf", "onhook_http=loud", "info,verbose", "hyper=debug"] {
            let (used, complaint) = wanted_log(text, LevelFilter::INFO);
            assert_eq!(used, "info", "{text}");
            let start = format!("RUST_LOG={text} means nothing here, info is used: ");
            assert!(complaint.unwrap().starts_with(&start), "{text}");
        }
        // A program that logs nothing by default logs the complaint.
        assert_eq!(wanted_log("inf", LevelFilter::OFF).0, "warn");
    }
}
