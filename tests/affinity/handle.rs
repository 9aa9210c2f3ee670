//! A handle of the C ABI, used from Rust as C uses it: ids, lengths and statuses, and URLs as they stand in the structs.

use std::ffi::CStr;
use std::ptr::null_mut;

use alternator_lb::ffi::keys::{alb_node_for_key, alb_plan_for_key, alb_token_for_key};
use alternator_lb::ffi::nodes::{alb_node_get, alb_nodes};
use alternator_lb::ffi::requests::alb_plan_for_request;
use alternator_lb::ffi::types::{ALB_ABI_VERSION, ALB_OK, ALB_URL_CAPACITY, alb_node, alb_plan};
use alternator_lb::ffi::{config, discovery, handle, pick};

use super::data::Key;

/// An `alb *` with the only reference to it.
pub struct Handle(*mut handle::alb);

impl Handle {
    /// A handle in `manual` mode with these options.
    pub fn new(options: &[(&str, &str)]) -> Handle {
        let mut lb = null_mut();
        // SAFETY: pointers and lengths belong together; the configuration lives until it is freed.
        unsafe {
            let settings = config::alb_config_new();
            for (key, value) in [("refresh.mode", "manual")].iter().chain(options) {
                let set = config::alb_config_set(
                    settings,
                    key.as_ptr().cast(),
                    key.len(),
                    value.as_ptr().cast(),
                    value.len(),
                    null_mut(),
                );
                assert_eq!(set, ALB_OK, "{key} = {value}");
            }
            assert_eq!(handle::alb_new(ALB_ABI_VERSION, settings, &raw mut lb, null_mut()), ALB_OK, "{options:?}");
            config::alb_config_free(settings);
        }
        Handle(lb)
    }

    /// A handle over a list of these nodes that never changes.
    pub fn over(nodes: &[String], options: &[(&str, &str)]) -> Handle {
        let seeds = nodes.join(",");
        Handle::new(&[&[("seeds", seeds.as_str()), ("discovery", "static")], options].concat())
    }

    /// A handle over `n0000`, `n0001`, ..., of which there may be more than a configuration can name.
    pub fn over_numbered(count: usize) -> Handle {
        let names: Vec<String> = (0..count).map(|place| format!("n{place:04}")).collect();
        let handle = Handle::new(&[("seeds", "seed"), ("scope", "dc:one")]);
        let (token, _) = handle.ask().expect("a new handle asks its seed");
        handle.answer(token, &serde_json::to_string(&names).expect("strings"));
        assert_eq!(handle.urls().len(), count);
        handle
    }

    /// The next request of discovery: its token and URL.
    pub fn ask(&self) -> Option<(u64, String)> {
        let (mut token, mut timeout_ms) = (0, 0);
        let mut url = [0; ALB_URL_CAPACITY];
        // SAFETY: the handle is live, the room is as large as it is said to be, the numbers are ours.
        unsafe {
            let next = discovery::alb_discovery_next;
            let length = next(self.0, &raw mut token, url.as_mut_ptr(), url.len(), &raw mut timeout_ms, null_mut());
            assert!(length >= 0, "status {length}");
            (length > 0).then(|| (token, CStr::from_ptr(url.as_ptr()).to_str().expect("UTF-8").to_owned()))
        }
    }

    /// Brings an answer with status 200.
    pub fn answer(&self, token: u64, body: &str) {
        // SAFETY: the handle is live, pointer and length belong together.
        let fed = unsafe { discovery::alb_discovery_feed(self.0, token, 200, body.as_ptr(), body.len(), null_mut()) };
        assert_eq!(fed, ALB_OK, "{body}");
    }

    /// The list, in its order.
    pub fn urls(&self) -> Vec<String> {
        // SAFETY: the handle is live, and the room is as large as it is said to be.
        unsafe {
            let mut ids = vec![0; alb_nodes(self.0, null_mut(), 0)];
            assert_eq!(alb_nodes(self.0, ids.as_mut_ptr(), ids.len()), ids.len());
            ids.into_iter().map(|id| self.url(id)).collect()
        }
    }

    fn url(&self, id: i32) -> String {
        // SAFETY: the handle is live, and so are the strings of its nodes; all-zero bytes are a valid alb_node.
        unsafe {
            let mut node: alb_node = std::mem::zeroed();
            node.struct_size = size_of_val(&node) as u32;
            assert_eq!(alb_node_get(self.0, id, &raw mut node), ALB_OK, "node {id}");
            CStr::from_ptr(node.url).to_str().expect("UTF-8").to_owned()
        }
    }

    /// The node for a key, by its URL.
    pub fn node_for_key(&self, key: &Key) -> String {
        // SAFETY: the handle is live, pointer and length belong together.
        self.url(unsafe { alb_node_for_key(self.0, key.kind as i32, key.value.as_ptr(), key.value.len(), null_mut()) })
    }

    /// The first steps of the plan for a key, by their URLs.
    pub fn plan_for_key(&self, key: &Key, steps: usize) -> Vec<String> {
        let mut plan = alb_plan { opaque: [!0; 64] };
        // SAFETY: the handle is live, pointer and length belong together, the plan is ours.
        unsafe {
            let begun = alb_plan_for_key(self.0, key.kind as i32, key.value.as_ptr(), key.value.len(), &raw mut plan);
            assert_eq!(begun, ALB_OK);
            (0..steps).map(|_| self.url(pick::alb_plan_next(self.0, &raw mut plan, null_mut()))).collect()
        }
    }

    /// The first steps of the plan for a request, by their URLs.
    pub fn plan_for_request(&self, operation: &str, body: &serde_json::Value, steps: usize) -> Vec<String> {
        let mut plan = alb_plan { opaque: [!0; 64] };
        let body = body.to_string();
        let (name, name_length) = (operation.as_ptr().cast(), operation.len());
        // SAFETY: the handle is live, pointers and lengths belong together, the plan is ours.
        unsafe {
            let begun = alb_plan_for_request(self.0, name, name_length, body.as_ptr(), body.len(), &raw mut plan);
            assert_eq!(begun, ALB_OK);
            (0..steps).map(|_| self.url(pick::alb_plan_next(self.0, &raw mut plan, null_mut()))).collect()
        }
    }

    /// What the calls for keys give for a type of that number and these bytes, or NULL: a node id or a status each.
    pub fn statuses(&self, key_type: i32, key: Option<&[u8]>) -> [i32; 3] {
        let mut plan = alb_plan { opaque: [0; 64] };
        let mut token = 0;
        let (pointer, length) = key.map_or((std::ptr::null(), 0), |key| (key.as_ptr(), key.len()));
        // SAFETY: the handle is live, pointer and length belong together, plan and token are ours.
        unsafe {
            [
                alb_node_for_key(self.0, key_type, pointer, length, null_mut()),
                alb_plan_for_key(self.0, key_type, pointer, length, &raw mut plan),
                alb_token_for_key(key_type, pointer, length, &raw mut token),
            ]
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the one reference, given back once.
        unsafe { handle::alb_free(self.0) };
    }
}

/// The ScyllaDB token of a key, as the C ABI tells it.
pub fn token(key: &Key) -> i64 {
    let mut token = 0;
    // SAFETY: pointer and length belong together, the token is ours.
    let status = unsafe { alb_token_for_key(key.kind as i32, key.value.as_ptr(), key.value.len(), &raw mut token) };
    assert_eq!(status, ALB_OK);
    token
}

/// The host of a URL `scheme://host:port`.
pub fn host(url: &str) -> &str {
    let (_, address) = url.split_once("://").expect("a scheme");
    address.rsplit_once(':').expect("a port").0
}
