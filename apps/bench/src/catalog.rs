//! What there is to run.

use crate::plan::Plan;
use crate::report::Benchmark;
use crate::{commit, engine, firmware, fleet, language, pipeline, stages, tftp, virtually, web};

/// A benchmark by name.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&Plan) -> anyhow::Result<Benchmark>,
}

/// All benchmarks.
pub(crate) const ENTRIES: [Entry; 22] = [
    Entry {
        name: firmware::NAME,
        about: firmware::ABOUT,
        run: firmware::run,
    },
    Entry {
        name: language::RULE,
        about: language::ABOUT_RULE,
        run: language::rule,
    },
    Entry {
        name: language::CONDITION,
        about: language::ABOUT_CONDITION,
        run: language::condition,
    },
    Entry {
        name: engine::NAME,
        about: engine::ABOUT,
        run: engine::run,
    },
    Entry {
        name: pipeline::NAME,
        about: pipeline::ABOUT,
        run: pipeline::run,
    },
    Entry {
        name: stages::XML,
        about: stages::ABOUT_XML,
        run: stages::xml,
    },
    Entry {
        name: stages::AES,
        about: stages::ABOUT_AES,
        run: stages::aes,
    },
    Entry {
        name: stages::INFLATE,
        about: stages::ABOUT_INFLATE,
        run: stages::inflate,
    },
    Entry {
        name: commit::ALL.name,
        about: commit::ALL.about,
        run: |plan| commit::run(&commit::ALL, plan),
    },
    Entry {
        name: commit::ONE.name,
        about: commit::ONE.about,
        run: |plan| commit::run(&commit::ONE, plan),
    },
    Entry {
        name: tftp::BY_512.name,
        about: tftp::BY_512.about,
        run: |plan| tftp::run(&tftp::BY_512, plan),
    },
    Entry {
        name: tftp::BY_1428.name,
        about: tftp::BY_1428.about,
        run: |plan| tftp::run(&tftp::BY_1428, plan),
    },
    Entry {
        name: tftp::WINDOW_16.name,
        about: tftp::WINDOW_16.about,
        run: |plan| tftp::run(&tftp::WINDOW_16, plan),
    },
    Entry {
        name: tftp::WINDOW_64.name,
        about: tftp::WINDOW_64.about,
        run: |plan| tftp::run(&tftp::WINDOW_64, plan),
    },
    Entry {
        name: tftp::LOSS.name,
        about: tftp::LOSS.about,
        run: |plan| tftp::run(&tftp::LOSS, plan),
    },
    Entry {
        name: web::HTTP,
        about: web::ABOUT_HTTP,
        run: web::http,
    },
    Entry {
        name: web::TLS,
        about: web::ABOUT_TLS,
        run: web::tls,
    },
    Entry {
        name: fleet::SHARED.name,
        about: fleet::SHARED.about,
        run: |plan| fleet::run(&fleet::SHARED, plan),
    },
    Entry {
        name: fleet::OWN.name,
        about: fleet::OWN.about,
        run: |plan| fleet::run(&fleet::OWN, plan),
    },
    Entry {
        name: virtually::DAY.name,
        about: virtually::DAY.about,
        run: |plan| virtually::storm(&virtually::DAY, plan),
    },
    Entry {
        name: virtually::WEEK.name,
        about: virtually::WEEK.about,
        run: |plan| virtually::storm(&virtually::WEEK, plan),
    },
    Entry {
        name: virtually::SUBNET,
        about: virtually::ABOUT_SUBNET,
        run: virtually::subnet,
    },
];
