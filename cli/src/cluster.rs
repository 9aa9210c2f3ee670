//! From the command line to a handle of the library.

use std::time::Duration;

use alternator_lb::{Balancer, Config};

use crate::args::Common;
use crate::failure::{Code, Failure};

impl Common {
    /// The options, in `manual` mode unless told otherwise: commands drive discovery themselves. `presets` give way to what the
    /// user sets.
    pub fn config(&self, presets: &[(&str, &str)]) -> Result<Config, Failure> {
        let mut config = Config::default();
        config.set("refresh.mode", "manual")?;
        for (key, value) in presets {
            config.set(key, value)?;
        }
        if self.https {
            config.set("scheme", "https")?;
        }
        if let Some(port) = self.port {
            config.set("port", &port.to_string())?;
        }
        if let Some(scope) = &self.scope {
            config.set("scope", scope)?;
        }
        if let Some(file) = &self.ca {
            config.set("tls.ca_file", file)?;
        }
        for (key, value) in &self.options {
            self.contradicts(key, value)?;
            config.set(key, value)?;
        }
        config.set("seeds", &self.seeds.join(","))?;
        Ok(config)
    }

    /// Refuses an option that is given twice, by two names and with two values.
    fn contradicts(&self, key: &str, value: &str) -> Result<(), Failure> {
        let (name, other) = match key {
            "port" => ("--port", self.port.map(|port| port.to_string())),
            "scope" => ("--scope", self.scope.clone()),
            "scheme" => ("--https", self.https.then(|| "https".to_owned())),
            "tls.ca_file" => ("--ca", self.ca.clone()),
            "seeds" => ("SEED", Some(self.seeds.join(","))),
            _ => return Ok(()),
        };
        match other {
            Some(other) if other != value => {
                let message = format!("--set {key}={value} contradicts {name} ({other}): give one of them");
                Err(Failure::new(Code::Usage, message))
            }
            _ => Ok(()),
        }
    }

    /// A handle that has asked the cluster for its nodes.
    pub fn balancer(&self, presets: &[(&str, &str)]) -> Result<Balancer, Failure> {
        let balancer = Balancer::new(self.config(presets)?)?;
        balancer.refresh(self.timeout)?;
        Ok(balancer)
    }
}

/// The longest wait for one node's answer where a command asks all of them.
pub const NODE_PATIENCE: Duration = Duration::from_secs(1);

/// Whether the cluster, or the option `seeds` with a static list, has told its nodes.
pub fn list_is_known(balancer: &Balancer, config: &Config) -> bool {
    config.source == alternator_lb::config::Source::Static || balancer.statistics()["list_known"] == true
}

/// The scope in use, and the one wanted.
pub fn scopes(balancer: &Balancer) -> (String, String) {
    let statistics = balancer.statistics();
    let text = |member: &str| statistics[member].as_str().unwrap_or_default().to_owned();
    (text("scope"), text("scope_wanted"))
}
