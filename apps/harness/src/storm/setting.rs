//! What a storm simulates: a scenario, a phone's own page, and what the command line says.

use std::num::NonZeroU32;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use onhook_device::Identity;
use onhook_inspect::{Flash, LintReport, ModelPhone, Severity, Subject};
use onhook_params::Scope;
use onhook_storm::{CELL, Scenario, Storm, Variant};

use crate::cli::storm::StormArgs;
use crate::failure::note;
use crate::{input, output};

/// What `lint` finds when a phone passes something in a file over.
const PASSED_OVER: [&str; 6] = [
    "unknown",
    "duplicate",
    "bad-value",
    "too-long",
    "bad-ua",
    "nested",
];

/// Most phones that queue together where the queue is what matters.
const ONE_QUEUE: u32 = 100_000;

/// The storm that the command line asks for; what no phone could use is refused with its place.
pub(super) fn storm(args: &StormArgs) -> anyhow::Result<Storm> {
    let mut scenario = match &args.scenario {
        None => Scenario::default(),
        Some(from) => {
            let content = input::bytes(from)?;
            let name = Path::new(from).display();
            let text =
                std::str::from_utf8(&content).with_context(|| format!("{name} is not UTF-8"))?;
            Scenario::parse(text).map_err(|error| anyhow!("{name}: {error}"))?
        }
    };
    if let Some(family) = &args.family {
        scenario.family.clone_from(family);
    }
    if let Some(release) = &args.release {
        scenario.release.clone_from(release);
    }
    scenario.readings.extend(args.reading.iter().cloned());
    let dhcp = args.dhcp.iter();
    scenario
        .dhcp
        .extend(dhcp.map(|(number, server)| (number.to_string(), server.clone())));
    if let Some(file) = &args.params {
        start_with(&mut scenario, file)?;
    }
    for (name, value) in &args.set {
        let set = scenario.set(name, value);
        set.map_err(|error| anyhow!("--set: {error}"))?;
    }
    let usual = match args.find_capacity {
        // What is looked for is the queue.
        true => args.phones.clamp(1, ONE_QUEUE),
        false => CELL,
    };
    let storm = Storm {
        phones: args.phones,
        days: args.days,
        seed: args.seed,
        scenario,
        cell: args.cell.map_or(usual, NonZeroU32::get),
    };
    storm.check()?;
    usable(&storm, None)?;
    Ok(storm)
}

/// The settings that are compared, in the order in which they are named first.
pub(super) fn variants(args: &StormArgs, storm: &Storm) -> anyhow::Result<Vec<Variant>> {
    let mut variants: Vec<Variant> = Vec::new();
    for (name, change) in &args.compare {
        let known = variants.iter_mut().find(|variant| variant.name == *name);
        match known {
            Some(variant) => variant.changes.extend(change.clone()),
            None => variants.push(Variant {
                name: name.clone(),
                changes: change.iter().cloned().collect(),
            }),
        }
    }
    for variant in &variants {
        let changed = variant.of(storm).context("--compare")?;
        usable(&changed, Some(&variant.name))?;
    }
    Ok(variants)
}

/// Gives the phones the values of a profile; those of the scenario come on top, but for the rule that it has if nobody gives one.
fn start_with(scenario: &mut Scenario, file: &Path) -> anyhow::Result<()> {
    let scope = scenario.scope()?;
    let xml = input::bytes(file.as_os_str())?;
    let name = file.display().to_string();
    let mut found = LintReport::default();
    found.profile(&name, &xml, &phone(&scope), &scope);
    let mut flash = Flash::new(scope);
    let failed = || format!("--params: a phone could not read {name}");
    flash.load(&xml).with_context(failed)?;
    found
        .findings
        .retain(|placed| PASSED_OVER.contains(&placed.code));
    if !found.findings.is_empty() {
        (found.errors, found.notes) = (0, 0);
        found.warnings = found.findings.len();
        note(found.render(output::style()).trim_end());
    }
    let own = flash.stored().into_iter().filter_map(|param| {
        let value = param.value?;
        Some((param.id.name().to_string(), value.to_string()))
    });
    let untouched = scenario.params == Scenario::default().params;
    let given = std::mem::take(&mut scenario.params);
    scenario.params = own.collect();
    if !untouched {
        scenario.params.extend(given);
    }
    Ok(())
}

fn phone(scope: &Scope) -> ModelPhone {
    ModelPhone::new(Identity {
        family: scope.family,
        release: scope.release,
        ..Identity::default()
    })
}

/// Refuses rules, triggers and schedules that no phone can use.
fn usable(storm: &Storm, setting: Option<&str>) -> anyhow::Result<()> {
    let scope = storm.scenario.scope()?;
    let settings = storm.scenario.settings()?;
    let mut phone = phone(&scope);
    for (id, value) in &settings {
        phone.set_parameter(id.name().to_string(), value);
    }
    for (id, value) in &settings {
        let Some(subject) = Subject::of(*id) else {
            continue;
        };
        let mut found = LintReport::default();
        found.text(subject, value, &phone, &scope);
        found
            .findings
            .retain(|placed| placed.severity == Severity::Error);
        if !found.findings.is_empty() {
            (found.warnings, found.notes) = (0, 0);
            let told = found.render(output::style());
            let of = setting
                .map(|name| format!(" of {name}"))
                .unwrap_or_default();
            let name = id.name();
            bail!("{name}{of}: no phone can use this\n{}", told.trim_end());
        }
    }
    Ok(())
}
