#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| alternator_lb_fuzz::dns_query::check(input));
