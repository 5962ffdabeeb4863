//! Each test breaks one rule in a small workspace that is otherwise clean.

use super::check;
use crate::workspace::{Edge, EdgeKind, Package, Workspace, load, root};

const PORT: &str = "crates/domain/fetch/src/port.rs";
const SUITE: &str = "crates/testkit/src/contract/body_fetch.rs";
const FAKE: &str = "crates/testkit/src/fetch.rs";
const FAKE_TEST: &str = "crates/testkit/tests/fetch.rs";
const ADAPTER: &str = "crates/adapters/http/src/client.rs";
const ADAPTER_TEST: &str = "crates/adapters/http/tests/contract.rs";
const CODE_MAP: &str = "ARCHITECTURE.md";

/// One crate per layer, one port with all it needs.
fn clean() -> Workspace {
    let mut workspace = Workspace::default();
    for folder in [
        "crates/domain/device",
        "crates/domain/fetch",
        "crates/domain/crypto",
        "crates/domain/rules",
        "crates/adapters/driver",
        "crates/adapters/http",
        "crates/lab/prov-server",
        "crates/testkit",
        "apps/agent",
        "tests",
    ] {
        let name = format!("onhook-{}", folder.rsplit('/').next().unwrap());
        workspace.packages.push(Package {
            name,
            folder: folder.to_owned(),
        });
    }
    workspace.packages.push(Package {
        name: "xtask".to_owned(),
        folder: "xtask".to_owned(),
    });
    let rows: Vec<String> = workspace
        .packages
        .iter()
        .map(|p| format!("| `{}` | what it does |\n", p.name))
        .collect();
    workspace.sources.insert(CODE_MAP.to_owned(), rows.concat());
    for (path, text) in [
        (PORT, "//! Port.\npub trait BodyFetch: Send {}\n"),
        (
            SUITE,
            "pub async fn gives_the_body(port: &dyn BodyFetch) {}\n",
        ),
        (FAKE, "impl BodyFetch for FakeServer {}\n"),
        (
            FAKE_TEST,
            "fn t() { contract::body_fetch::gives_the_body(&fake) }",
        ),
        (ADAPTER, "impl<T: Clock> BodyFetch for HttpClient<T> {}\n"),
        (
            ADAPTER_TEST,
            "fn t() { contract::body_fetch::gives_the_body(&client) }",
        ),
    ] {
        workspace.sources.insert(path.to_owned(), text.to_owned());
    }
    for (from, to, kind) in [
        ("onhook-fetch", "onhook-device", EdgeKind::Normal),
        ("onhook-rules", "onhook-fetch", EdgeKind::Normal),
        ("onhook-rules", "onhook-testkit", EdgeKind::Dev),
        ("onhook-testkit", "onhook-fetch", EdgeKind::Normal),
        ("onhook-http", "onhook-fetch", EdgeKind::Normal),
        ("onhook-http", "onhook-testkit", EdgeKind::Dev),
        ("onhook-http", "hyper", EdgeKind::Normal),
        ("onhook-http", "tokio", EdgeKind::Normal),
        ("onhook-prov-server", "onhook-http", EdgeKind::Normal),
        ("onhook-agent", "onhook-http", EdgeKind::Normal),
        ("onhook-agent", "onhook-prov-server", EdgeKind::Normal),
        ("onhook-agent", "anyhow", EdgeKind::Normal),
        ("onhook-crypto", "aes", EdgeKind::Normal),
        ("onhook-rules", "serde_json", EdgeKind::Dev),
        ("hyper", "tokio", EdgeKind::Normal),
    ] {
        add(&mut workspace, from, to, kind);
    }
    workspace
}

fn add(workspace: &mut Workspace, from: &str, to: &str, kind: EdgeKind) {
    workspace.edges.push(Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        kind,
    });
}

#[track_caller]
fn assert_only_problem(workspace: &Workspace, place: &str, part: &str) {
    let report = check(workspace);
    let [problem] = report.problems.as_slice() else {
        panic!("expected one problem:\n{report}");
    };
    assert!(problem.place().starts_with(place), "{problem}");
    assert!(problem.message.contains(part), "{problem}");
}

#[track_caller]
fn assert_edge_refused(from: &str, to: &str, kind: EdgeKind, place: &str, part: &str) {
    let mut workspace = clean();
    add(&mut workspace, from, to, kind);
    assert_only_problem(&workspace, place, part);
}

#[track_caller]
fn assert_needed(path: &str, replacement: &str, part: &str) {
    let mut workspace = clean();
    workspace
        .sources
        .insert(path.to_owned(), replacement.to_owned());
    assert_only_problem(&workspace, PORT, part);
}

#[test]
fn the_clean_workspace_passes() {
    let report = check(&clean());
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.summary, "arch: 11 crates, 1 ports");
}

#[test]
fn this_workspace_keeps_its_architecture() {
    let report = check(&load(&root().unwrap()).unwrap());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn tokio_in_a_domain_crate_fails_in_every_table() {
    let place = "crates/domain/rules/Cargo.toml";
    for kind in [EdgeKind::Normal, EdgeKind::Build, EdgeKind::Dev] {
        assert_edge_refused("onhook-rules", "tokio", kind, place, "domain is pure");
    }
}

#[test]
fn tokio_below_a_domain_crate_fails_with_the_way_to_it() {
    let mut workspace = clean();
    add(&mut workspace, "onhook-rules", "nice", EdgeKind::Normal);
    add(&mut workspace, "nice", "deep", EdgeKind::Normal);
    add(&mut workspace, "deep", "tokio", EdgeKind::Normal);
    let place = "crates/domain/rules/Cargo.toml";
    assert_only_problem(&workspace, place, "onhook-rules -> nice -> deep -> tokio");
}

#[test]
fn sockets_as_a_direct_dependency_of_domain_fail() {
    let place = "crates/domain/device/Cargo.toml";
    let part = "onhook-device -> socket2";
    let mut workspace = clean();
    workspace.edges.retain(|e| e.to != "onhook-device");
    add(&mut workspace, "onhook-device", "socket2", EdgeKind::Normal);
    assert_only_problem(&workspace, place, part);
}

#[test]
fn domain_code_may_not_use_serde_but_its_tests_may() {
    let place = "crates/domain/fetch/Cargo.toml";
    assert_edge_refused(
        "onhook-fetch",
        "serde",
        EdgeKind::Normal,
        place,
        "in tests only",
    );
    let mut workspace = clean();
    add(&mut workspace, "onhook-fetch", "serde", EdgeKind::Dev);
    assert!(check(&workspace).is_clean());
}

#[test]
fn each_package_has_its_place() {
    let fetch = "crates/domain/fetch/Cargo.toml";
    let driver = "crates/adapters/driver/Cargo.toml";
    for (from, to, place, part) in [
        ("onhook-driver", "hyper", driver, "where HTTP is spoken"),
        ("onhook-driver", "rustls", driver, "where HTTP is spoken"),
        ("onhook-driver", "rcgen", driver, "where HTTP is spoken"),
        ("onhook-driver", "anyhow", driver, "libraries use thiserror"),
        ("onhook-driver", "mockall", driver, "onhook-testkit"),
        ("onhook-driver", "config", driver, "belongs in apps"),
        (
            "onhook-driver",
            "tracing-subscriber",
            driver,
            "belongs in apps",
        ),
        ("onhook-driver", "clap", driver, "apps and xtask"),
        ("onhook-driver", "cbc", driver, "onhook-crypto"),
        ("onhook-driver", "xshell", driver, "in xtask"),
        ("onhook-fetch", "aes", fetch, "onhook-crypto"),
    ] {
        assert_edge_refused(from, to, EdgeKind::Normal, place, part);
    }
}

#[test]
fn a_second_tls_provider_in_the_default_build_fails() {
    let part = "default-features = false";
    assert_edge_refused("rustls", "aws-lc-rs", EdgeKind::Normal, "", part);
}

#[test]
fn an_edge_upward_or_sideways_inside_domain_fails() {
    let part = "only a higher rank";
    let device = "crates/domain/device/Cargo.toml";
    assert_edge_refused(
        "onhook-device",
        "onhook-rules",
        EdgeKind::Normal,
        device,
        part,
    );
    let fetch = "crates/domain/fetch/Cargo.toml";
    assert_edge_refused("onhook-fetch", "onhook-crypto", EdgeKind::Dev, fetch, part);
}

#[test]
fn an_edge_from_a_lower_layer_to_a_higher_one_fails() {
    let rules = "crates/domain/rules/Cargo.toml";
    let part = "domain uses domain only";
    assert_edge_refused(
        "onhook-rules",
        "onhook-driver",
        EdgeKind::Normal,
        rules,
        part,
    );
    let http = "crates/adapters/http/Cargo.toml";
    let part = "adapters use domain only";
    assert_edge_refused(
        "onhook-http",
        "onhook-prov-server",
        EdgeKind::Dev,
        http,
        part,
    );
    let kit = "crates/testkit/Cargo.toml";
    let part = "testkit uses domain only";
    assert_edge_refused("onhook-testkit", "onhook-http", EdgeKind::Normal, kit, part);
}

#[test]
fn an_adapter_that_uses_another_or_the_driver_fails() {
    let part = "never use each other";
    let http = "crates/adapters/http/Cargo.toml";
    assert_edge_refused("onhook-http", "onhook-driver", EdgeKind::Normal, http, part);
    let driver = "crates/adapters/driver/Cargo.toml";
    assert_edge_refused("onhook-driver", "onhook-http", EdgeKind::Dev, driver, part);
}

#[test]
fn nothing_depends_on_a_program_or_on_the_tests() {
    let tests = "tests/Cargo.toml";
    let part = "nothing depends on a program";
    assert_edge_refused("onhook-tests", "onhook-agent", EdgeKind::Dev, tests, part);
    let xtask = "xtask/Cargo.toml";
    assert_edge_refused("xtask", "onhook-agent", EdgeKind::Normal, xtask, part);
    let agent = "apps/agent/Cargo.toml";
    let part = "nothing depends on it";
    assert_edge_refused(
        "onhook-agent",
        "onhook-tests",
        EdgeKind::Normal,
        agent,
        part,
    );
}

#[test]
fn testkit_is_a_dev_dependency_only() {
    let agent = "apps/agent/Cargo.toml";
    let part = "dev-dependency only";
    assert_edge_refused(
        "onhook-agent",
        "onhook-testkit",
        EdgeKind::Normal,
        agent,
        part,
    );
}

#[test]
fn names_follow_folders_and_folders_follow_layers() {
    let mut workspace = clean();
    workspace.packages.push(Package {
        name: "onhook-shiny".to_owned(),
        folder: "crates/domain/shiny".to_owned(),
    });
    workspace
        .sources
        .entry(CODE_MAP.to_owned())
        .or_default()
        .push_str("| `onhook-shiny` | x |\n");
    assert_only_problem(&workspace, "crates/domain/shiny/Cargo.toml", "has no rank");

    let package = workspace.packages.last_mut().unwrap();
    package.folder = "elsewhere/shiny".to_owned();
    assert_only_problem(&workspace, "elsewhere/shiny/Cargo.toml", "no layer");

    let package = workspace.packages.last_mut().unwrap();
    package.folder = "crates/lab/dull".to_owned();
    assert_only_problem(&workspace, "crates/lab/dull/Cargo.toml", "`onhook-dull`");
}

#[test]
fn a_crate_without_a_row_in_the_code_map_fails() {
    let mut workspace = clean();
    let map = workspace.sources.get_mut(CODE_MAP).unwrap();
    *map = map.replace("| `onhook-http` |", "| `http` |");
    assert_only_problem(&workspace, CODE_MAP, "no row for `onhook-http`");
}

#[test]
fn a_row_for_no_crate_or_a_second_row_fails_with_its_line() {
    let mut workspace = clean();
    let map = workspace.sources.get_mut(CODE_MAP).unwrap();
    map.push_str("\nText about `onhook-gone`.\n| `onhook-gone` | left |\n");
    assert_only_problem(&workspace, "ARCHITECTURE.md:14", "is no crate");

    let mut workspace = clean();
    let map = workspace.sources.get_mut(CODE_MAP).unwrap();
    map.push_str("| `onhook-http` | again |\n");
    assert_only_problem(&workspace, "ARCHITECTURE.md:12", "in line 6");
}

#[test]
fn a_missing_code_map_fails() {
    let mut workspace = clean();
    workspace.sources.remove(CODE_MAP);
    assert_only_problem(&workspace, CODE_MAP, "is missing");
}

#[test]
fn a_port_without_a_fake_fails_and_a_mock_is_no_fake() {
    assert_needed(FAKE, "// impl BodyFetch for FakeServer {}\n", "has no fake");
    assert_needed(FAKE, "impl BodyFetch for MockServer {}\n", "has no fake");
    let inline = "#[cfg(test)]\nmod tests {\nimpl BodyFetch for Fake {}\n}\n";
    assert_needed(FAKE, inline, "has no fake");
}

#[test]
fn a_port_without_a_contract_suite_fails() {
    assert_needed(SUITE, "//! Nothing yet.\n", "has no contract suite");
    let mut workspace = clean();
    workspace.sources.remove(SUITE);
    assert_only_problem(&workspace, PORT, SUITE);
}

#[test]
fn a_port_without_an_adapter_fails() {
    assert_needed(
        ADAPTER,
        "fn f(port: &dyn BodyFetch) {}\n",
        "implemented by no crate",
    );
}

#[test]
fn a_suite_that_no_test_runs_on_the_fake_or_the_adapter_fails() {
    assert_needed(FAKE_TEST, "fn t() {}\n", "on the fake");
    let commented = "// contract::body_fetch::gives_the_body\n";
    assert_needed(ADAPTER_TEST, commented, "crates/adapters/http implements");
    let other = "fn t() { body_fetch::gives_the_body(&client) }\n";
    assert_needed(ADAPTER_TEST, other, "crates/adapters/http implements");
    let unused = "use onhook_testkit::contract::body_fetch;\n";
    assert_needed(ADAPTER_TEST, unused, "crates/adapters/http implements");
}

#[test]
fn every_adapter_that_implements_a_port_runs_the_suite() {
    let mut workspace = clean();
    workspace.sources.insert(
        "crates/adapters/driver/src/route.rs".to_owned(),
        "impl BodyFetch for Route {}\n".to_owned(),
    );
    assert_only_problem(&workspace, PORT, "crates/adapters/driver implements");
    workspace.sources.insert(
        "crates/adapters/driver/src/cache.rs".to_owned(),
        "impl BodyFetch for &Cache {}\n".to_owned(),
    );
    assert_only_problem(&workspace, PORT, "crates/adapters/driver implements");
}

#[test]
fn the_problem_of_a_port_names_its_line() {
    let mut workspace = clean();
    workspace.sources.remove(SUITE);
    assert_only_problem(
        &workspace,
        "crates/domain/fetch/src/port.rs:2",
        "contract suite",
    );
}
