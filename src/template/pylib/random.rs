//! Python's `random.Random(seed)`, so that seeded filters choose what Python's choose.
//!
//! A Mersenne Twister seeded with the seed's integer; text is seeded as itself followed by its SHA-512.

use num_bigint::{BigInt, BigUint};
use sha2::{Digest, Sha512};

const N: usize = 624;
const M: usize = 397;

/// A generator.
pub struct Random {
    state: Box<[u32; N]>,
    index: usize,
}

impl Random {
    /// Seeded from the operating system's generator.
    pub fn system() -> Result<Self, String> {
        let mut bytes = [0u8; 64];
        getrandom::fill(&mut bytes).map_err(|e| e.to_string())?;
        Ok(Self::from_big(&BigUint::from_bytes_be(&bytes)))
    }

    /// Seeded with a string, as `Random('text')`.
    pub fn from_text(text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        bytes.extend_from_slice(&Sha512::digest(text.as_bytes()));
        Self::from_big(&BigUint::from_bytes_be(&bytes))
    }

    /// Seeded with an integer; its sign has no part in it.
    pub fn from_int(number: &BigInt) -> Self {
        Self::from_big(number.magnitude())
    }

    fn from_big(number: &BigUint) -> Self {
        let mut key = number.to_u32_digits();
        if key.is_empty() {
            key.push(0);
        }
        let mut state = seeded(19_650_218);
        let (mut i, mut j) = (1, 0);
        for _ in 0..N.max(key.len()) {
            let mixed = (state[i - 1] ^ (state[i - 1] >> 30)).wrapping_mul(1_664_525);
            state[i] = (state[i] ^ mixed).wrapping_add(key[j]).wrapping_add(j as u32);
            i += 1;
            j = (j + 1) % key.len();
            if i >= N {
                state[0] = state[N - 1];
                i = 1;
            }
        }
        for _ in 0..N - 1 {
            let mixed = (state[i - 1] ^ (state[i - 1] >> 30)).wrapping_mul(1_566_083_941);
            state[i] = (state[i] ^ mixed).wrapping_sub(i as u32);
            i += 1;
            if i >= N {
                state[0] = state[N - 1];
                i = 1;
            }
        }
        state[0] = 0x8000_0000;
        Self { state, index: N }
    }

    fn next(&mut self) -> u32 {
        if self.index >= N {
            for k in 0..N {
                let y = (self.state[k] & 0x8000_0000) | (self.state[(k + 1) % N] & 0x7fff_ffff);
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[k] = self.state[(k + M) % N] ^ (y >> 1) ^ odd;
            }
            self.index = 0;
        }
        let mut y = self.state[self.index];
        self.index += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// A number below a bound; 0 where the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let bits = 64 - bound.leading_zeros();
        loop {
            let number = if bits <= 32 {
                u64::from(self.next() >> (32 - bits))
            } else {
                let low = u64::from(self.next());
                low | (u64::from(self.next() >> (64 - bits)) << 32)
            };
            if number < bound {
                return number;
            }
        }
    }

    /// The same for a bound of any size.
    pub fn below_big(&mut self, bound: &BigUint) -> BigUint {
        let bits = bound.bits();
        if bits == 0 {
            return BigUint::ZERO;
        }
        loop {
            let mut words = Vec::new();
            let mut left = bits;
            while left > 0 {
                let word = self.next();
                words.push(if left < 32 { word >> (32 - left) } else { word });
                left = left.saturating_sub(32);
            }
            let number = BigUint::new(words);
            if number < *bound {
                return number;
            }
        }
    }

    /// `random.shuffle`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u64 + 1) as usize;
            items.swap(i, j);
        }
    }
}

fn seeded(seed: u32) -> Box<[u32; N]> {
    let mut state = Box::new([0u32; N]);
    state[0] = seed;
    for i in 1..N {
        let last = state[i - 1];
        state[i] = (last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_python() {
        // [random.Random(s).randrange(n) for …]
        assert_eq!(Random::from_text("host1").below(60), 31);
        assert_eq!(Random::from_int(&BigInt::from(42)).below(1000), 654);
        let mut items = [1, 2, 3, 4, 5];
        Random::from_text("x").shuffle(&mut items);
        assert_eq!(items, [5, 2, 1, 4, 3]);
    }
}
