#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onhook_peer::fuzz::peer(bytes));
