//! Which headers of a request are worth sending: those that the server, the connection or the signature needs.
//!
//! The list is that of all official clients together. What is not there, such as the SDKs' amz-sdk-invocation-id, no server reads.

/// In lower case, each with its reason.
const KEPT: &[&str] = &[
    "host",                 // required by HTTP/1.1, and always signed
    "x-amz-target",         // names the operation
    "content-type",         // not read, but signed by every SDK, and what proxies go by
    "content-length",       // the end of the body; without it the server sets 32 MiB aside
    "transfer-encoding",    // the end of a body whose length is not known
    "content-encoding",     // how the body is compressed
    "accept-encoding",      // how the answer may be
    "connection",           // whether the connection goes on
    "expect",               // a client that sent it waits for the server's word before the body
    "user-agent",           // what operators see in system.clients
    "authorization",        // the signature
    "x-amz-date",           // the signature's time
    "x-amz-security-token", // not read, but signed with temporary credentials
];

/// Those, and the names in addition, separated by commas.
pub fn kept(additional: &[String]) -> String {
    let additional = additional.iter().map(String::as_str).filter(|name| !KEPT.contains(name));
    KEPT.iter().copied().chain(additional).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_lower_case_and_unique() {
        let all = kept(&["x-trace".into(), "host".into()]);
        let names: Vec<&str> = all.split(',').collect();
        assert_eq!(names.len(), KEPT.len() + 1);
        assert_eq!(names.last(), Some(&"x-trace"));
        for (position, name) in names.iter().enumerate() {
            assert_eq!(*name, name.to_ascii_lowercase());
            assert!(!names[..position].contains(name), "{name}");
        }
    }
}
