//! Gives the shared library its SONAME, with plain cargo as with CMake.
//!
//! The number is that of the ABI, not of the release: it moves only when a program built against an older header could
//! break. The symbols need no version script: a cdylib exports its own `extern "C"` functions and nothing else, and
//! tests/c/check_symbols.py holds it to that.

/// Major version of the ABI. CMakeLists.txt reads it from here.
const ABI_MAJOR: u32 = 0;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libalternator_lb.so.{ABI_MAJOR}");
    }
}
