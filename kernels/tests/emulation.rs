//! The emulation itself: that it finds mistakes, and that schedules do not change what is right.
#![cfg(feature = "emulation")]
#![allow(clippy::unwrap_used)]

use pyprior_kernels::Launch;
use pyprior_kernels::emulation::{
    EmulationError, LogitsMut, Schedule, launch, random_words, token_bitmask, write_lines,
};

const SCHEDULES: [Schedule; 4] = [Schedule::InOrder, Schedule::Reversed, Schedule::Shuffled(1), Schedule::Shuffled(2)];

/// Runs one of the kernels that are wrong, which write 64 words a block.
fn faulty(kernel: &'static str, schedule: Schedule) -> Result<Vec<u32>, EmulationError> {
    let how = Launch { kernel, module: "", blocks: 2, threads: 64 };
    let mut out = vec![0_u32; 128];
    let place = out.as_mut_ptr();
    // SAFETY: the kernel takes one pointer, and writes less than 128 words there.
    #[allow(unsafe_code)]
    unsafe {
        launch(how, &[std::ptr::from_ref(&place).cast_mut().cast()], schedule)?;
    }
    Ok(out)
}

#[test]
fn mistakes_are_found() {
    for schedule in SCHEDULES {
        let kernel = |name: &str| name.to_owned();
        let stuck = faulty("faulty_leaves", schedule).unwrap_err();
        assert_eq!(stuck, EmulationError::Stuck { kernel: kernel("faulty_leaves") });
        let diverged = faulty("faulty_diverges", schedule).unwrap_err();
        assert_eq!(diverged, EmulationError::Diverged { kernel: kernel("faulty_diverges") });
        let unknown = faulty("token_bitmask_f64", schedule).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no kernel token_bitmask_f64");
        assert!(matches!(faulty("random_words", schedule), Err(EmulationError::Len { expected: 5, .. })));
    }
    // A race gives one thing in one order and another in another.
    assert_ne!(faulty("faulty_races", Schedule::InOrder), faulty("faulty_races", Schedule::Reversed));
}

#[test]
fn slices_of_wrong_lengths_are_refused() {
    let now = Schedule::InOrder;
    let mut logits = [0.0; 80];
    let error = token_bitmask(LogitsMut::F32(&mut logits), 40, &[0; 3], None, now).unwrap_err();
    assert_eq!(error.to_string(), "words: 3 were given, 4 are needed");
    let error = token_bitmask(LogitsMut::F32(&mut logits), 40, &[0; 2], Some(&[2]), now).unwrap_err();
    assert_eq!(error, EmulationError::NoRow { row: 2, rows: 2 });
    assert_eq!(logits, [0.0; 80]);
    assert!(write_lines(&mut [0; 8], &[1; 4], &[2], 4, now).is_err());
    assert!(random_words(&[1], &[], 7, 1, now).is_err());
    assert!(matches!(random_words(&[], &[], 7, 1, now), Err(EmulationError::Launch(_))));
    assert!(matches!(write_lines(&mut [], &[], &[], 0, now), Err(EmulationError::Launch(_))));
}

#[test]
fn lines_go_to_their_places() {
    for width in [1, 5, 8, 24, 64] {
        let lines = [3, 0, 9, 4];
        let from = (0..4 * width as u16).collect::<Vec<_>>();
        for schedule in SCHEDULES {
            let mut into = vec![u16::MAX; 10 * width];
            write_lines(&mut into, &from, &lines, width, schedule).unwrap();
            for (line, place) in into.chunks(width).enumerate() {
                match lines.iter().position(|&at| at == line as u32) {
                    Some(nth) => assert_eq!(place, &from[nth * width..][..width]),
                    None => assert!(place.iter().all(|&number| number == u16::MAX)),
                }
            }
        }
    }
}
