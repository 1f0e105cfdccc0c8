//! Readers beside a writer: whoever reads while runs publish sees one publication or the other, or is told to ask again.

use std::sync::atomic::{AtomicBool, Ordering};

use stacktally::error::{Error, FailureKind};
use stacktally::publication::Publication;

use super::{Files, Scene, Which};
use crate::support::tries;

/// Everything that is published, as one reading finds it.
fn read(out: &std::path::Path) -> Result<Files, Error> {
    let publication = Publication::open(out)?;
    let read = |path: &str| Ok((path.to_owned(), publication.bytes(path)?.unwrap()));
    // What is history grows with every run.
    publication.files_below("").into_iter().filter(|path| !path.starts_with("history/")).map(read).collect()
}

#[test]
fn a_reader_sees_one_publication_or_is_told_to_ask_again() {
    let scene = Scene::new();
    scene.run(Which::First, &[]).expect(0);
    let (out, is_done) = (scene.out(), AtomicBool::new(false));
    let [mut first, mut second, mut asked_again] = [0; 3];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for which in [Which::Second, Which::First].into_iter().cycle().take(tries(8, 20) as usize) {
                scene.run(which, &[]).expect(0);
            }
            is_done.store(true, Ordering::Relaxed);
        });
        while !is_done.load(Ordering::Relaxed) {
            std::thread::sleep(std::time::Duration::from_millis(2));
            match read(&out) {
                Ok(files) if files == scene.first_files => first += 1,
                Ok(files) if files == scene.second_files => second += 1,
                Ok(_) => panic!("a mixture"),
                Err(error) => {
                    assert_eq!(error.kind, FailureKind::Input, "{error}");
                    assert!(error.hint.unwrap().contains("ask again"));
                    asked_again += 1;
                }
            }
        }
    });
    assert!(first > 0 && second > 0, "read {first} and {second}");
    assert!(asked_again < first + second, "asked again {asked_again} times, read {}", first + second);
}
