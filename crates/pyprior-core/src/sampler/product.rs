//! The score of a program, as its tokens come.

use std::f64::consts::LN_2;

use crate::logits::math::ln;

/// The score of the start of a program, as its tokens come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Score {
    sum: f64,
    totals: Product,
}

impl Score {
    /// That of no tokens.
    pub(super) const EMPTY: Self = Self { sum: 0.0, totals: Product::ONE };

    /// One token more: the logarithm of its weight, and the total weight of those that are legal.
    #[inline(always)]
    pub(super) fn add(&mut self, (log_weight, total): (f64, f64)) {
        self.sum += log_weight;
        self.totals.multiply(total);
    }

    /// Log-probability in nats.
    #[inline(always)]
    pub(super) fn ln(self) -> f64 {
        self.sum - self.totals.ln()
    }
}

/// A product whose logarithm is taken once, as many steps of a program as it is of. Neither it nor a factor is 0, and all
/// factors are normal numbers below 2¹⁰²³.
#[derive(Debug, Clone, Copy)]
pub(super) struct Product {
    /// At least 1, below 2.
    fraction: f64,
    /// Of 2.
    exponent: i64,
}

impl Product {
    pub(super) const ONE: Self = Self { fraction: 1.0, exponent: 0 };

    pub(super) fn multiply(&mut self, factor: f64) {
        let bits = (self.fraction * factor).to_bits();
        self.exponent += (bits >> 52) as i64 - 1023;
        self.fraction = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    }

    pub(super) fn ln(self) -> f64 {
        ln(self.fraction) + self.exponent as f64 * LN_2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_of_products_are_sums_of_logarithms() {
        let (mut product, mut sum) = (Product::ONE, 0.0);
        for nth in 0..10_000 {
            // From 1e-300 to 1e307, in no order.
            let factor = (1.0 + f64::from(nth % 7) / 7.0) * 10_f64.powi(nth * 389 % 607 - 300);
            product.multiply(factor);
            sum += factor.ln();
            assert!((1.0..2.0).contains(&product.fraction));
            assert!(
                (product.ln() - sum).abs() <= 1e-13 * (1.0 + f64::from(nth) * 300.0),
                "{nth}: {} {sum}",
                product.ln()
            );
        }
    }
}
