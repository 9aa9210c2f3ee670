//! `alb dns` as a service: rights given up, readiness told, and the unit that starts it.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::{ALB, Dns, NAME, PATIENCE, alb, command, stderr};

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("this process");
    ids(&status, "Uid:").iter().all(|id| id == "0")
}

/// The real, effective, saved and file system's id.
fn ids(status: &str, which: &str) -> Vec<String> {
    let line = status.lines().find_map(|line| line.strip_prefix(which)).expect("a line");
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn root_is_given_up_for_good_once_the_port_is_bound() {
    let dns = Dns::start("127.0.0.1:1", &[]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", dns.child.id())).expect("the process");
    assert!(ids(&status, "Uid:").iter().chain(&ids(&status, "Gid:")).all(|id| id != "0"), "{status}");
    assert!(dns.dig(NAME).contains("SERVFAIL"), "it serves nonetheless");
    if is_root() {
        assert_eq!(ids(&status, "NoNewPrivs:"), ["1"]);
        let capabilities = ["CapPrm:", "CapEff:"].map(|which| ids(&status, which).concat());
        assert!(capabilities.iter().all(|set| set.trim_matches('0').is_empty()), "{status}");
        for (user, part) in [("no-such-user", "there is no such user"), ("root", "does not need")] {
            let told = stderr(&alb(&["dns", "127.0.0.1:1", "--name", NAME, "--listen", "127.0.0.1:0", "--user", user]), 5);
            assert!(told.contains(part) && told.contains("--user"), "{told}");
        }
    }
}

#[test]
fn a_port_without_the_right_to_it_ends_with_5() {
    let start = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").expect("Linux");
    if start.trim() == "0" {
        println!("every port is free for all on this system (ip_unprivileged_port_start is 0): there is no right to lack");
        return;
    }
    let arguments = ["dns", "127.0.0.1:1", "--name", NAME, "--listen", "127.83.0.53:53"];
    let output = if is_root() {
        // The program is copied to where another user can reach it.
        let copy = std::env::temp_dir().join(format!("alb-{}", std::process::id()));
        std::fs::copy(ALB, &copy).expect("copied");
        let output =
            Command::new("setpriv").args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&copy).args(arguments).output();
        std::fs::remove_file(copy).expect("removed");
        output.expect("setpriv")
    } else {
        alb(&arguments)
    };
    let told = stderr(&output, 5);
    assert!(told.contains("127.83.0.53:53") && told.contains("CAP_NET_BIND_SERVICE"), "{told}");
}

#[test]
fn systemd_is_told_when_it_serves() {
    let path = std::env::temp_dir().join(format!("alb-notify-{}", std::process::id()));
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    // Told after root is given up, so others have to be able to write.
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("permissions");
    let mut serve = command(&["dns", "127.0.0.1:1", "--name", NAME, "--json", "--listen", "127.0.0.1:0"]);
    serve.env("NOTIFY_SOCKET", &path);
    let dns = Dns::from(serve);
    let mut told = [0; 64];
    let length = socket.recv(&mut told).expect("a message");
    assert!(told[..length].starts_with(b"READY=1"));
    drop(dns);
    std::fs::remove_file(path).expect("removed");
}

fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/alb-dns.service")
}

#[test]
fn the_unit_is_one_that_systemd_takes_and_finds_tight() {
    let text = std::fs::read_to_string(unit()).expect("the unit");
    assert!(text.contains("ExecStart=/usr/bin/alb dns $ALB_DNS_OPTIONS"), "{text}");
    let directory = std::env::temp_dir().join(format!("alb-unit-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let copy = directory.join("alb-dns.service");
    std::fs::write(&copy, text.replace("/usr/bin/alb", ALB)).expect("written");
    let path = copy.to_str().expect("text");
    for arguments in [&["verify", "--man=no", path][..], &["security", "--offline=true", "--threshold=20", "--no-pager", path]] {
        let output = Command::new("systemd-analyze").args(arguments).output().expect("systemd-analyze: `make tools` installs it");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
    std::fs::remove_dir_all(directory).expect("removed");
}

#[test]
fn the_unit_s_example_is_a_command_line_that_works() {
    let text = std::fs::read_to_string(unit()).expect("the unit");
    let example = text.lines().find_map(|line| line.split_once("ALB_DNS_OPTIONS=\"")).expect("an example").1;
    let options = example.trim_end_matches('"').replace("10.0.0.53", "127.0.0.1:0").replace("10.0.0.", "127.84.0.");
    let dns = Dns::from(command(&[&["dns", "--json"], &options.split(' ').collect::<Vec<_>>()[..]].concat()));
    let told = dns.dig("alternator.example.com");
    assert!(told.contains("SERVFAIL"), "{told}");
}
