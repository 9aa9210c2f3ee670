#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| alternator_lb_fuzz::request_reader::check(body));
