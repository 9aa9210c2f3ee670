//! The random numbers of the reference model: CPython's `random.Random(seed).random()`, and nothing else drawn from it.
//!
//! That is MT19937 seeded by an array of 32-bit words and read with 53 bits, so a run here and a run of the reference see the same
//! arrivals, the same sizes and the same choices, draw by draw.

use std::f64::consts::PI;

use rand_mt::Mt;

/// One stream.
pub struct Generator(Mt);

impl Generator {
    /// The stream that CPython makes of that number.
    pub fn new(seed: u64) -> Generator {
        let words = [seed as u32, (seed >> 32) as u32];
        let used = if words[1] == 0 { 1 } else { 2 };
        Generator(Mt::new_with_key(words.into_iter().take(used)))
    }

    /// A number in `0.0..1.0`.
    pub fn random(&mut self) -> f64 {
        let high = f64::from(self.0.next_u32() >> 5);
        let low = f64::from(self.0.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.random() * bound as f64) as usize
    }

    /// The time to the next of events that come at `rate` a second.
    pub fn gap(&mut self, rate: f64) -> f64 {
        -(1.0 - self.random()).ln() / rate
    }
}

/// A lognormal distribution.
pub struct Lognormal {
    middle: f64,
    sigma: f64,
}

impl Lognormal {
    /// The one of that mean whose logarithm has the deviation `sigma`.
    pub fn new(mean: f64, sigma: f64) -> Lognormal {
        Lognormal { middle: mean.ln() - sigma.powi(2) / 2.0, sigma }
    }

    /// A draw (Box and Muller, one of the pair).
    pub fn draw(&self, generator: &mut Generator) -> f64 {
        let radius = (-2.0 * (1.0 - generator.random()).ln()).sqrt();
        let angle = (2.0 * PI * generator.random()).cos();
        (self.middle + self.sigma * radius * angle).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_stream_of_cpython() {
        // random.Random(s).random(), three draws each.
        let known = [
            (0, [0.8444218515250481, 0.7579544029403025, 0.420571580830845]),
            (1_000_020, [0.9467451198346344, 0.7822769122886913, 0.4538519853074776]),
            (1 << 40, [0.1036394562812375, 0.6705558677439764, 0.4266543913526999]),
        ];
        for (seed, draws) in known {
            let mut generator = Generator::new(seed);
            assert_eq!(draws.map(|_| generator.random()), draws, "seed {seed}");
        }
    }

    #[test]
    fn lognormal_draws_have_the_mean_asked_for() {
        let (mut generator, distribution) = (Generator::new(3), Lognormal::new(0.002, 0.85));
        let mean = (0..200_000).map(|_| distribution.draw(&mut generator)).sum::<f64>() / 200_000.0;
        assert!((mean / 0.002 - 1.0).abs() < 0.02, "{mean}");
    }
}
