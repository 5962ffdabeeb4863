//! Leaves the tables for unwinding out of the program that ships on phones (ADR 0014).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=no-unwind-tables.ld");
    println!("cargo::rerun-if-changed=no-unwind-tables-static.ld");
    println!("cargo::rustc-check-cfg=cfg(no_unwind_tables)");
    let is = |name, value| std::env::var(name).is_ok_and(|found| found == value);
    // A build script is not told what a panic does. The profile `device`, which aborts, is the only one that
    // optimises for "z"; main.rs does not compile if another one ever unwinds without its tables.
    if is("OPT_LEVEL", "z") && is("CARGO_CFG_TARGET_OS", "linux") {
        let folder = env!("CARGO_MANIFEST_DIR");
        // The target of musl links its C library statically, without a word about it in the features.
        let features = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
        let is_static = features.split(',').any(|feature| feature == "crt-static");
        let script = if is_static || is("CARGO_CFG_TARGET_ENV", "musl") {
            "no-unwind-tables-static.ld"
        } else {
            "no-unwind-tables.ld"
        };
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{folder}/{script}");
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-cfg=no_unwind_tables");
    }
}
