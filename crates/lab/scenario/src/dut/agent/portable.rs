//! Which scenarios mean the same on a real program.

use crate::dut::Halt;
use crate::language::{Clock, Content, Do, Fault, Given, Scenario, Submission, What};

/// Refuses what needs another server than the one that there is, or another time.
pub(super) fn check(scenario: &Scenario) -> Result<(), Halt> {
    let Given {
        params,
        options,
        files,
        clock,
        domain,
        services,
        directory,
        ..
    } = &scenario.given;
    if !(domain.is_empty() && services.is_empty() && directory.is_empty()) {
        return Err(Halt::Cannot(
            "the program asks real name servers and directories".to_owned(),
        ));
    }
    if *clock != Clock::Any {
        return Err(Halt::Cannot(
            "the clock of this host shows the time that it shows".to_owned(),
        ));
    }
    let mut texts: Vec<&str> = params
        .values()
        .chain(options.values())
        .map(String::as_str)
        .collect();
    let content = |content: &'_ Content| names_a_server(&content.text);
    let mut foreign = files
        .iter()
        .any(|(path, file)| path.contains("://") || content(file));
    for step in &scenario.steps {
        match &step.what {
            What::Do(Do::Resync(Some(rule), _) | Do::Upgrade(Some(rule))) => texts.push(rule),
            What::Do(Do::Visit(sent)) => {
                texts.push(&sent.path);
                texts.extend(sent.body.as_deref());
            }
            What::Do(Do::Set(params, _) | Do::Submit(Submission { params, .. })) => {
                texts.extend(params.iter().map(|(_, value)| value.as_str()))
            }
            What::Do(Do::Fault(_, Fault::Wire(words))) => texts.push(words),
            What::Do(Do::File(path, file)) => foreign |= path.contains("://") || content(file),
            What::Do(_) | What::Expect(_) => {}
        }
    }
    foreign |= texts.iter().any(|text| names_a_server(text));
    match foreign {
        true => Err(Halt::Cannot(
            "it names a server of its own: {http}, {https} or {tftp} can be run here".to_owned(),
        )),
        false => Ok(()),
    }
}

/// Whether a URL of the text has a server of its own; a macro may stand for the one that there is.
fn names_a_server(text: &str) -> bool {
    let mut servers = text.split("://").skip(1);
    servers.any(|server| {
        let server = server.split(['/', ' ']).next().unwrap_or_default();
        let host = server.rsplit('@').next().unwrap_or_default();
        !host.starts_with('$') && !host.starts_with("{host}")
    })
}
