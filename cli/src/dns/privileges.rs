//! Giving up root once the sockets are bound: nothing that comes from the network is read before.

use nix::unistd::{Gid, Uid, User, geteuid, setgroups, setresgid, setresuid};

use crate::failure::{Code, Failure};

/// Becomes that user if the process is root's, for good; tells the user's name if it did.
pub fn drop_to(name: &str) -> Result<Option<String>, Failure> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let fail =
        |what: String| Failure::new(Code::System, format!("cannot become the user '{name}': {what}; choose one with --user"));
    let user =
        User::from_name(name).map_err(|error| fail(error.to_string()))?.ok_or_else(|| fail("there is no such user".into()))?;
    if user.uid.is_root() {
        return Err(fail("that is root, whose rights a name server does not need".into()));
    }
    become_user(user.uid, user.gid).map_err(|error| fail(error.to_string()))?;
    if setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() || geteuid().is_root() {
        return Err(fail("root's rights could be had back".into()));
    }
    Ok(Some(user.name))
}

/// The groups go first: without root's rights they could not.
fn become_user(uid: Uid, gid: Gid) -> nix::Result<()> {
    setgroups(&[gid])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)?;
    nix::sys::prctl::set_no_new_privs()
}
