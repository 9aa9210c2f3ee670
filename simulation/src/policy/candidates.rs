//! What the models of policies choose from: the nodes they know, less those that were tried, and the reference's stream of choices.

use super::{Client, World};
use crate::generator::Generator;

/// A model's nodes and its stream.
pub struct Candidates {
    nodes: Vec<usize>,
    draws: Generator,
}

impl Candidates {
    /// Those of a client at the start.
    pub fn new(client: &Client, world: &World) -> Candidates {
        Candidates { nodes: world.listed.clone(), draws: world.stream(client.id) }
    }

    /// The nodes it knows.
    pub fn nodes(&self) -> &[usize] {
        &self.nodes
    }

    /// Knows these nodes from now on.
    pub fn hears(&mut self, listed: &[usize]) {
        self.nodes = listed.to_vec();
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.draws.below(bound)
    }

    /// Those not tried.
    pub fn untried(&self, tried: &[usize]) -> Vec<usize> {
        let mut untried = self.nodes.clone();
        untried.retain(|node| !tried.contains(node));
        untried
    }

    /// One of these, evenly.
    pub fn one_of(&mut self, nodes: &[usize]) -> Option<usize> {
        if nodes.is_empty() { None } else { Some(nodes[self.below(nodes.len())]) }
    }

    /// Two different ones of those not tried; twice the same if there is no other.
    pub fn two_untried(&mut self, tried: &[usize]) -> Option<(usize, usize)> {
        let untried = self.untried(tried);
        match untried.len() {
            0 => None,
            1 => Some((untried[0], untried[0])),
            count => {
                let first = self.below(count);
                let second = self.below(count - 1);
                Some((untried[first], untried[second + usize::from(second >= first)]))
            }
        }
    }
}
