//! alb, run as a user runs it, against local clusters of real processes. Tools: dig and drill, systemd-analyze, script, setpriv.

mod arguments;
mod bench;
mod check;
mod dns;
mod dns_limits;
mod nodes;
mod readme;
mod route;
mod service;
mod support;
mod watch;
