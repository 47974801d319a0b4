//! Tokens a second of whole-program sampling on one thread.
use pyprior_core::*;
fn main() {
    for range in [(0, 9), (-99, 99)] {
        let l = Language::new(LanguageConfig { value_range: range, max_len: Some(30), ..Default::default() }).unwrap();
        let s = ProgramSampler::new(&l, 1);
        let mut p = Programs::default();
        for _ in 0..3 {
            let t = std::time::Instant::now();
            let mut n = 0;
            for i in 0..std::env::args().nth(1).map_or(100, |a| a.parse().unwrap()) {
                p.clear();
                s.sample_into(i * 4096..(i + 1) * 4096, &mut p).unwrap();
                n += p.tokens().len();
            }
            let e = t.elapsed().as_secs_f64();
            println!(
                "V={} state {} B tables {} B: {:.1} M tokens/s {:.2} ns, {:.1} tokens/program",
                l.vocab().len(),
                l.state_bytes(),
                l.table_bytes(),
                n as f64 / e / 1e6,
                e * 1e9 / n as f64,
                n as f64 / 409600.
            );
        }
    }
}
