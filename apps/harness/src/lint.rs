//! `lint`: what is wrong in profiles and rules, or works otherwise than it looks.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use onhook_inspect::{LintReport, Subject};

use crate::cli::{LintArgs, LintFormat, LintKind};
use crate::failure::{Done, FAILED};
use crate::{gzip, input, output};

/// Looks at texts of one kind, or at files; an error that was found is exit status 1.
pub(crate) fn lint(args: &LintArgs) -> Done {
    let (phone, scope) = args.phone.build()?;
    let mut report = LintReport::default();
    for what in &args.what {
        match args.kind {
            Some(kind) => {
                let text = what.to_str().context("the text is not UTF-8")?;
                report.text(kind.subject(), &input::text(text)?, &phone, &scope);
            }
            None => {
                let content = file(what)?;
                let name = Path::new(what).display().to_string();
                report.profile(&name, &content, &phone, &scope);
            }
        }
    }
    match args.format {
        LintFormat::Text => output::print(&report.render(output::style()))?,
        LintFormat::Json => output::document(&report)?,
        LintFormat::Sarif => output::document(&report.sarif())?,
    }
    Ok(if report.errors > 0 {
        ExitCode::from(FAILED)
    } else {
        ExitCode::SUCCESS
    })
}

/// The content of a file, inflated if it is compressed.
fn file(path: &OsStr) -> anyhow::Result<zeroize::Zeroizing<Vec<u8>>> {
    let content = input::bytes(path)?;
    if content.starts_with(b"\x1f\x8b") {
        let name = Path::new(path).display();
        return gzip::inflate(&content).with_context(|| format!("cannot read {name}"));
    }
    Ok(content)
}

impl LintKind {
    fn subject(self) -> Subject {
        use onhook_inspect::ExplainKind;
        match self {
            Self::Profile => Subject::Text(ExplainKind::Profile),
            Self::Upgrade => Subject::Text(ExplainKind::Upgrade),
            Self::Report => Subject::Text(ExplainKind::Report),
            Self::Trigger => Subject::Text(ExplainKind::Trigger),
            Self::Schedule => Subject::Text(ExplainKind::Schedule),
            Self::Retries => Subject::Retries,
            Self::Message => Subject::Message,
            Self::Alias => Subject::AliasMap,
        }
    }
}
