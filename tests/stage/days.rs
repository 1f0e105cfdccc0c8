//! `read`: lines by usage day, in memory and on disk.

use stacktally::domain::{Day, Quantity, Slot};
use stacktally::read::{Chunk, DayLines, FileChunk};

/// A chunk of `lines` lines, each different from the next.
fn chunk(lines: u32) -> Chunk {
    Chunk {
        slot: (0..lines).map(|at| Slot::from_number((at % 25) as u8)).collect(),
        user_subscription: (0..lines).collect(),
        meter: (0..lines).map(|at| at * 3).collect(),
        instance: (0..lines).map(|at| u32::MAX - at).collect(),
        quantity: (0..lines).map(|at| Quantity::from_scaled(i128::from(at) << 70)).collect(),
        row: (1..=lines).collect(),
        by_meter: Vec::new(),
    }
}

fn shown(chunks: Vec<FileChunk>) -> Vec<String> {
    let mut shown: Vec<String> = chunks.into_iter().map(|chunk| format!("{} {:?}", chunk.file, chunk.lines)).collect();
    shown.sort();
    shown
}

#[test]
fn lines_that_waited_on_disk_are_those_that_were_handed_in() {
    let days = ["2026-10-01", "2026-10-02", "2026-10-03"].map(|day| Day::parse(day).unwrap());
    let folder = crate::support::tempdir().unwrap();
    // None waits on disk, some do, all do; and with no folder said, in that for temporary files.
    for lines in [
        DayLines::default(),
        DayLines::spilling_to(folder.path().to_owned()).holding(5_000),
        DayLines::spilling_to(folder.path().to_owned()).holding(0),
        DayLines::default().holding(0),
    ] {
        let mut expected: Vec<Vec<String>> = vec![Vec::new(); 3];
        for file in 0..40 {
            let day = (file % 3) as usize;
            lines.push(days[day], file, chunk(file * 7 % 50)).unwrap();
            if file * 7 % 50 > 0 {
                expected[day].push(format!("{file} {:?}", chunk(file * 7 % 50)));
            }
        }
        assert_eq!(lines.days(), days);
        for (day, expected) in days.into_iter().zip(&mut expected) {
            expected.sort();
            assert_eq!(shown(lines.take(day).unwrap()), *expected);
            assert!(lines.take(day).unwrap().is_empty(), "a day is taken once");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}
