//! Constants and structs of the header.

use std::ffi::c_char;

/** The version of the ABI that this header describes; alb_new() refuses another. */
pub const ALB_ABI_VERSION: u32 = 1;

/** Enough for any URL of alb_discovery_next(), its NUL included. */
pub const ALB_URL_CAPACITY: usize = 2048;

/** ALB_OK, or a negative number of the ALB_ERR_ list. Numbers are never changed and never reused. */
pub type alb_status = i32;

/** It worked. */
pub const ALB_OK: i32 = 0;
/** A required pointer is NULL or misaligned, a struct_size is too small, a text is not UTF-8 or holds a NUL, a length is absurd. */
pub const ALB_ERR_INVALID_ARGUMENT: i32 = -1;
/** The program was compiled for another version of the ABI. */
pub const ALB_ERR_ABI_MISMATCH: i32 = -2;
/** There is no option of that name. */
pub const ALB_ERR_UNKNOWN_OPTION: i32 = -3;
/** The option does not accept that value, contradicts another one, or is missing. */
pub const ALB_ERR_BAD_VALUE: i32 = -4;
/** There is no node to choose. */
pub const ALB_ERR_NO_NODES: i32 = -5;
/** No node of this handle has that id. */
pub const ALB_ERR_UNKNOWN_NODE: i32 = -6;
/** The time that the caller allowed ran out. */
pub const ALB_ERR_TIMEOUT: i32 = -7;
/** No seed and no node could be reached. */
pub const ALB_ERR_UNREACHABLE: i32 = -8;
/** The TLS handshake failed. */
pub const ALB_ERR_TLS: i32 = -9;
/** Something answered, but nothing usable. */
pub const ALB_ERR_BAD_RESPONSE: i32 = -10;
/** The cluster knows no node in that datacenter or rack. */
pub const ALB_ERR_SCOPE_UNKNOWN: i32 = -11;
/** The servers, or the library, do not support what was asked. */
pub const ALB_ERR_UNSUPPORTED: i32 = -12;
/** The token is not, or no longer, that of an open request. */
pub const ALB_ERR_STALE_TOKEN: i32 = -13;
/** A file that an option names could not be used, or the refresh thread could not be started. */
pub const ALB_ERR_IO: i32 = -14;
/** A defect of the library was caught. The handle goes on with the list it had. */
pub const ALB_ERR_PANIC: i32 = -15;
/** More comes out of a compressed body than the caller allows. */
pub const ALB_ERR_TOO_LARGE: i32 = -16;
/** There were too many retries or hedges of late (options retry.percent, hedge.percent and those beside them). */
pub const ALB_ERR_BUDGET_SPENT: i32 = -17;
/** No hedge is offered for this request. */
pub const ALB_ERR_NOT_OFFERED: i32 = -18;

/** The attempt was answered with success. */
pub const ALB_OUTCOME_SUCCESS: i32 = 0;
/** It was answered with a 4xx that is the request's own fault. */
pub const ALB_OUTCOME_CALLER_FAULT: i32 = 1;
/** It was answered with a request to slow down (RequestLimitExceeded, ThrottlingException). */
pub const ALB_OUTCOME_THROTTLED: i32 = 2;
/** It was answered with a 5xx. */
pub const ALB_OUTCOME_SERVER_ERROR: i32 = 3;
/** No connection could be made: refused, no route, not made in time, name not found. Sets the node aside. The request did not reach
 *  the node, and can be made again whatever it does; so one on a connection that was made before is ALB_OUTCOME_TIMEOUT or _RESET.
 *  With libcurl: CURLE_OPERATION_TIMEDOUT while CURLINFO_PRETRANSFER_TIME_T is 0 (not CONNECT_TIME, which is 0 also on a connection that
 *  is used again). */
pub const ALB_OUTCOME_REFUSED: i32 = 4;
/** The connection was lost after it was made. */
pub const ALB_OUTCOME_RESET: i32 = 5;
/** A connection was made, but no whole answer came in time. */
pub const ALB_OUTCOME_TIMEOUT: i32 = 6;
/** The TLS handshake failed. */
pub const ALB_OUTCOME_TLS_FAILURE: i32 = 7;
/** The caller gave the attempt up. */
pub const ALB_OUTCOME_CANCELLED: i32 = 8;

/** The item does not have the key's attribute, or its name is not known. */
pub const ALB_KEY_ABSENT: i32 = 0;
/** A string key: the value is UTF-8. */
pub const ALB_KEY_S: i32 = 1;
/** A number key: the value is the text as it stands on the wire. */
pub const ALB_KEY_N: i32 = 2;
/** A binary key: the value is the bytes themselves, not their base64. */
pub const ALB_KEY_B: i32 = 3;

/** Of a write: it has a ConditionExpression that is not empty. */
pub const ALB_WRITE_CONDITION_EXPRESSION: u32 = 1;
/** Of a write: it has the parameter Expected, be it empty or not. */
pub const ALB_WRITE_EXPECTED: u32 = 2;
/** Of a write: its Expected has a member. */
pub const ALB_WRITE_EXPECTED_MEMBERS: u32 = 4;
/** Of a write: ReturnValues is ALL_OLD. */
pub const ALB_WRITE_RETURN_ALL_OLD: u32 = 8;
/** Of a write: ReturnValues is UPDATED_OLD. */
pub const ALB_WRITE_RETURN_UPDATED_OLD: u32 = 16;
/** Of a write: ReturnValues is ALL_NEW. (NONE and UPDATED_NEW have no bit.) */
pub const ALB_WRITE_RETURN_ALL_NEW: u32 = 32;
/** Of a write: an entry of AttributeUpdates has the Action ADD. */
pub const ALB_WRITE_ATTRIBUTE_UPDATES_ADD: u32 = 64;
/** Of a write: an entry of AttributeUpdates has the Action DELETE and a Value. */
pub const ALB_WRITE_ATTRIBUTE_UPDATES_DELETE_VALUE: u32 = 128;

/** For alb_wire_text(): the value of Content-Encoding that belongs to what alb_compress() makes. */
pub const ALB_WIRE_CONTENT_ENCODING: i32 = 1;
/** For alb_wire_text(): the value of Accept-Encoding to send. */
pub const ALB_WIRE_ACCEPT_ENCODING: i32 = 2;
/** For alb_wire_text(): the names of the headers to keep, in lower case, separated by commas without spaces. */
pub const ALB_WIRE_KEPT_HEADERS: i32 = 3;

/** In alb_node.flags: the node is in the list that requests are routed over, or in that which keys choose among. */
pub const ALB_NODE_LISTED: u32 = 1;
/** In alb_node.flags: the node was given as a seed. */
pub const ALB_NODE_SEED: u32 = 2;
/** In alb_node.flags: the node is chosen only when all others were tried, until a probe finds it well. */
pub const ALB_NODE_SET_ASIDE: u32 = 4;

/** In alb_health.state: requests go there. */
pub const ALB_HEALTH_IN_USE: u32 = 0;
/** In alb_health.state: it came back a moment ago, and with policy `adaptive` gets less than its share yet. */
pub const ALB_HEALTH_WARMING_UP: u32 = 1;
/** In alb_health.state: chosen only when all others were tried, until a probe finds it well. */
pub const ALB_HEALTH_SET_ASIDE: u32 = 2;

/** In alb_health.cause: it is not set aside. */
pub const ALB_CAUSE_NONE: i32 = 0;
/** In alb_health.cause: no connection could be made. */
pub const ALB_CAUSE_REFUSED: i32 = 1;
/** In alb_health.cause: the TLS handshake failed. */
pub const ALB_CAUSE_TLS_FAILURE: i32 = 2;
/** In alb_health.cause: an attempt timed out, and nothing was heard of the node since it had begun. */
pub const ALB_CAUSE_HUNG: i32 = 3;
/** In alb_health.cause: several attempts in a row failed, and those at other nodes did not. */
pub const ALB_CAUSE_FAILURES_IN_A_ROW: i32 = 4;
/** In alb_health.cause: most attempts of late failed, and those at other nodes did not. */
pub const ALB_CAUSE_FAILURE_RATE: i32 = 5;

/** What went wrong. The caller owns it, sets struct_size (see ALB_ERROR_INIT) and may pass NULL instead everywhere.
 *
 *  A call that takes one writes it in any case: code ALB_OK and an empty message on success. Texts are NUL-terminated UTF-8, cut
 *  where they do not fit, and hold no secret. A struct_size below 512 leaves it untouched.
 */
#[repr(C)]
pub struct alb_error {
    /** sizeof(alb_error), set by the caller. */
    pub struct_size: u32,
    /** The status that the call returns. */
    pub code: alb_status,
    /** The HTTP status of the last answer, or 0. */
    pub http_status: i32,
    /** The system's error number, or 0. */
    pub os_errno: i32,
    /** Reserved, 0. */
    pub flags: u32,
    /** The node or seed concerned, or empty. */
    pub node: [c_char; 116],
    /** One sentence that names the cause and, for an option, what is accepted. */
    pub message: [c_char; 376],
}

/** A node. The caller owns the struct and sets struct_size (see ALB_NODE_INIT); the strings are the handle's and live until it is freed. */
#[repr(C)]
pub struct alb_node {
    /** sizeof(alb_node), set by the caller; less is ALB_ERR_INVALID_ARGUMENT. */
    pub struct_size: u32,
    /** The node's number: the same for the life of the handle, also when the node leaves and returns. */
    pub id: i32,
    /** ALB_NODE_ bits. */
    pub flags: u32,
    /** The TCP port. */
    pub port: u16,
    /** Reserved, 0. */
    pub reserved: u16,
    /** scheme://host:port, NUL-terminated; the port is always there, IPv6 is in brackets. */
    pub url: *const c_char,
    /** Length of url without its NUL. */
    pub url_len: usize,
    /** The host as it stands in the URL, NUL-terminated. */
    pub host: *const c_char,
    /** Length of host without its NUL. */
    pub host_len: usize,
}

/** How a node fares. The caller owns the struct and sets struct_size (see ALB_HEALTH_INIT). */
#[repr(C)]
pub struct alb_health {
    /** sizeof(alb_health), set by the caller; less is ALB_ERR_INVALID_ARGUMENT. */
    pub struct_size: u32,
    /** The node's number. */
    pub node_id: i32,
    /** One of ALB_HEALTH_. */
    pub state: u32,
    /** Why it is set aside: one of ALB_CAUSE_. */
    pub cause: i32,
    /** Attempts that began and have not ended; those that are never reported are forgotten after about a minute. */
    pub in_flight: u32,
    /** How often it was set aside, or failed a probe, in a row. */
    pub strikes: u32,
    /** Failed attempts since the last success. */
    pub failures_in_a_row: u32,
    /** Their share of late, in thousandths. */
    pub failure_permille: u32,
    /** What a request to it is expected to take, in microseconds; 0 before the first report. */
    pub estimate_us: u64,
    /** The same over all nodes. */
    pub mean_us: u64,
    /** When its next probe is due, in milliseconds; 0 if it is not set aside, or now. */
    pub probe_in_ms: u64,
}

/** The nodes of one request in the order to try them: storage that the caller owns, whatever it held before alb_plan_start().
 *
 *  It needs no destructor, may be copied and forgotten, and must not be used by two threads at once.
 */
#[repr(C)]
pub struct alb_plan {
    /** The library's. */
    pub opaque: [u64; 64],
}
