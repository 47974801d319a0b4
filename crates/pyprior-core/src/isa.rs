//! Chooses instruction sets at run time: the one place of `unsafe` in this crate.
//!
//! A default build targets plain x86-64, on which counting and finding bits takes many instructions. Work handed
//! to [`run`] is compiled a second time for x86-64-v3 (AVX2, BMI, POPCNT) and that copy is used where the
//! processor has it. Results are the same; only the speed differs.

/// A piece of work whose inner loop is worth compiling twice. `run` must be `#[inline(always)]`, or it keeps the
/// instructions of the caller.
pub(crate) trait Task {
    type Output;
    fn run(self) -> Self::Output;
}

/// Runs a task with the best instructions at hand.
#[inline]
pub(crate) fn run<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if x86::has_v3() {
        return x86::run_v3(task);
    }
    task.run()
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86 {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Task;

    /// Whether the processor has x86-64-v3; asked once.
    #[inline]
    pub(super) fn has_v3() -> bool {
        static KNOWN: AtomicU8 = AtomicU8::new(0);
        match KNOWN.load(Ordering::Relaxed) {
            0 => {
                let has = is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                    && is_x86_feature_detected!("popcnt")
                    && is_x86_feature_detected!("lzcnt")
                    && is_x86_feature_detected!("fma");
                KNOWN.store(1 + u8::from(has), Ordering::Relaxed);
                has
            }
            known => known == 2,
        }
    }

    /// Must be called only where [`has_v3`] holds, as [`super::run`] does.
    #[inline]
    pub(super) fn run_v3<T: Task>(task: T) -> T::Output {
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,fma")]
        fn compiled_for_v3<T: Task>(task: T) -> T::Output {
            task.run()
        }
        // SAFETY: the caller has checked that the processor has every feature named above.
        unsafe { compiled_for_v3(task) }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        struct Sum<'a>(&'a [u32]);
        impl Task for Sum<'_> {
            type Output = u32;
            #[inline(always)]
            fn run(self) -> u32 {
                self.0.iter().map(|word| word.count_ones()).sum()
            }
        }

        #[test]
        fn both_copies_agree() {
            let words: Vec<u32> = (0..1000u32).map(|i| i.wrapping_mul(0x9e37_79b9)).collect();
            let plain = Sum(&words).run();
            assert_eq!(super::super::run(Sum(&words)), plain);
            if has_v3() {
                assert_eq!(run_v3(Sum(&words)), plain);
            }
        }
    }
}
