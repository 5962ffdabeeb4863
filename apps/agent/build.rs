//! Leaves the tables for unwinding out of the program that ships on phones (ADR 0014).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=no-unwind-tables.ld");
    println!("cargo::rustc-check-cfg=cfg(no_unwind_tables)");
    let is = |name, value| std::env::var(name).is_ok_and(|found| found == value);
    // A build script is not told what a panic does. The profile `device`, which aborts, is the only one that
    // optimises for "z"; main.rs does not compile if another one ever unwinds without its tables.
    if is("OPT_LEVEL", "z") && is("CARGO_CFG_TARGET_OS", "linux") {
        let folder = env!("CARGO_MANIFEST_DIR");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{folder}/no-unwind-tables.ld");
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-cfg=no_unwind_tables");
    }
}
