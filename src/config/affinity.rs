//! Options of key affinity: which requests go by their key, among which nodes, and in which order of the nodes.

/// Which requests go by their key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AffinityMode {
    /// None.
    #[default]
    None,
    /// Writes for which the server reads first.
    ReadModifyWrite,
    /// Every write of an item, and batches of writes by vote.
    AnyWrite,
}

/// What makes a write one for which the server reads first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AffinityRule {
    /// What the official clients take for one: among others every UpdateExpression.
    #[default]
    Official,
    /// What the server takes for one.
    Server,
}

/// By which text the nodes are sorted before a key chooses among them: clients that agree on it agree on the node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AffinityOrder {
    /// `scheme://host:port`, the port always there.
    #[default]
    Url,
    /// The same without a port that is the scheme's default, and with a slash at the end.
    UrlNoDefaultPort,
    /// The host alone, IPv6 without brackets.
    Host,
}

/// Among which nodes a key chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AffinityScope {
    /// Those of the datacenter, so that clients in all its racks agree.
    #[default]
    Datacenter,
    /// Those that other requests go to.
    Routing,
}

/// How a key chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// As in the official clients: a place in the sorted list.
    #[default]
    Official,
    /// The node with the highest weight for the key.
    Rendezvous,
}

/// The options of key affinity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AffinityOptions {
    /// Which requests go by their key.
    pub mode: AffinityMode,
    /// What makes a write one for which the server reads first.
    pub rule: AffinityRule,
    /// By which text the nodes are sorted for keys.
    pub order: AffinityOrder,
    /// Among which nodes a key chooses.
    pub scope: AffinityScope,
    /// How a key chooses.
    pub placement: Placement,
    /// Tables whose partition key is told: table, name of the key attribute.
    pub table_keys: Vec<(String, String)>,
}

impl AffinityOptions {
    /// Whether the datacenter's nodes are to be known as well when the scope is a rack.
    pub fn wants_datacenter(&self) -> bool {
        self.mode != AffinityMode::None && self.scope == AffinityScope::Datacenter
    }

    /// Tells a table's partition key; the last word counts.
    pub fn set_table_key(&mut self, table: &str, key: &str) -> Result<(), String> {
        check_table_name(table)?;
        check_attribute_name(key)?;
        match self.table_keys.iter().position(|(known, _)| known == table) {
            Some(position) => key.clone_into(&mut self.table_keys[position].1),
            None if self.table_keys.len() == MOST_PRESETS => return Err(format!("more than {MOST_PRESETS} tables")),
            None => self.table_keys.push((table.into(), key.into())),
        }
        Ok(())
    }
}

/// At most this many tables are told.
const MOST_PRESETS: usize = 1024;

/// A table's name as servers accept it, with some room for the future.
pub fn check_table_name(name: &str) -> Result<(), String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_.-:".contains(&b);
    if name.is_empty() || name.len() > 255 || !name.bytes().all(fits) {
        return Err("a table's name has 1 to 255 letters, digits, '_', '-', '.' and ':'".into());
    }
    Ok(())
}

/// The name of a key attribute as servers accept it.
pub fn check_attribute_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > 255 || name.contains('\0') {
        return Err("the name of a key attribute has 1 to 255 bytes and no NUL".into());
    }
    Ok(())
}
