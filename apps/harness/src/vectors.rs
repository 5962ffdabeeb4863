//! `vectors`: conformance vectors of the language.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use onhook_inspect::VectorReport;

use crate::cli::VectorsArgs;
use crate::failure::{Done, FAILED};
use crate::{input, output};

/// Answers the vectors of files; one that fails is exit status 1.
pub(crate) fn vectors(args: &VectorsArgs) -> Done {
    let mut report = VectorReport::default();
    for file in &args.files {
        let name = Path::new(file).display().to_string();
        let bytes = input::bytes(file)?;
        let text = std::str::from_utf8(&bytes).with_context(|| format!("{name} is not UTF-8"))?;
        let before = report.passed + report.failed;
        report.run(&name, text);
        let answered = report.passed + report.failed - before;
        if answered == 0 {
            return Err(anyhow!("{name} holds no vectors").into());
        }
    }
    if args.json {
        output::document(&report)?;
    } else {
        output::print(&report.render())?;
    }
    Ok(if report.failed > 0 {
        ExitCode::from(FAILED)
    } else {
        ExitCode::SUCCESS
    })
}
