//! `publish::out`, `publish::journal`: what the last commit left, how it is known again, and who may write.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use stacktally::control::{Control, Progress, Step};
use stacktally::error::{Error, FailureKind};
use stacktally::publication::receipt::{Lines, Receipt};
use stacktally::publication::{Journal, Out, Patience, Publisher, Recovered};
use stacktally::table::contract::REJECTS;
use stacktally::table::csv::{CsvCell, CsvTable};

use crate::support::{files_below, named, receipt};

/// Waits: a process that another test is starting just now has the lock, too, until it is executed.
fn hold(out: &Path) -> Out {
    Out::hold(out, Patience::Wait, &Control::silent()).unwrap()
}

/// Stages a CSV table whose one row says `text`.
fn stage(publisher: &Publisher, path: &str, text: &str) {
    let mut table = CsvTable::new(REJECTS.columns);
    let cells = [
        CsvCell::Text(Some("north")),
        CsvCell::Text(None),
        CsvCell::Integer(1),
        CsvCell::Text(Some(text)),
        CsvCell::Text(None),
    ];
    table.row(&named(REJECTS.columns, &cells), 0, stacktally::domain::Quantity::ZERO).unwrap();
    publisher.csv(path, REJECTS.columns, table, None).unwrap();
}

fn commit(publisher: Publisher) -> Vec<String> {
    let receipt = Receipt {
        format: 3,
        generation: publisher.generation(),
        full_run: None,
        settled: Vec::new(),
        forgotten: Vec::new(),
        left_as_published: Vec::new(),
        missing: Vec::new(),
        stacktally: "test",
        started_at: String::new(),
        finished_at: String::new(),
        settings: serde_json::Value::Null,
        lines: Lines::default(),
        lines_rounded: 0,
        lines_attributed_by_usage_day: 0,
        lines_before_first_snapshot: 0,
        resources_cut: 0,
        csv_cells_guarded: 0,
        attributions: Vec::new(),
        rejects: Vec::new(),
        days: Vec::new(),
        windows: Vec::new(),
        findings: Vec::new(),
        balance: Vec::new(),
        statements: Vec::new(),
        unpriced: Vec::new(),
        rate_cards: Vec::new(),
        inputs: Vec::new(),
        exports: None,
        skipped: Vec::new(),
        published: publisher.files(),
    };
    publisher.commit(&receipt).unwrap()
}

/// Publishes `a.csv` and `b/b.csv` with a private file.
fn publish(out: &Path) {
    let publisher = Publisher::new(Some(hold(out))).unwrap();
    stage(&publisher, "a", "a");
    stage(&publisher, "b/b", "b");
    publisher.state("days", b"private".to_vec()).unwrap();
    assert_eq!(commit(publisher), Vec::<String>::new());
}

fn listed(out: &Path) -> Vec<String> {
    let receipt = receipt(out);
    receipt["published"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn published() -> Self {
        let folder = Self(crate::support::tempdir().unwrap());
        publish(&folder.out());
        folder
    }

    fn out(&self) -> std::path::PathBuf {
        self.0.path().join("out")
    }
}

#[test]
fn a_fresh_out_has_no_last_publication() {
    let folder = crate::support::tempdir().unwrap();
    let mut out = hold(&folder.path().join("new/out"));
    assert_eq!((out.last().generation, out.last().files.len(), out.last().state.len()), (0, 0, 0));
    assert_eq!(out.check(true).unwrap(), Vec::<String>::new());
    assert_eq!(out.state("days").unwrap(), None);
    assert_eq!(Publisher::new(Some(out)).unwrap().generation(), 1);
    assert_eq!(Publisher::new(None).unwrap().generation(), 1);
}

#[test]
fn what_was_committed_is_known_again() {
    let folder = Folder::published();
    let mut out = hold(&folder.out());
    assert_eq!(out.last().generation, 1);
    assert_eq!(out.last().files.keys().collect::<Vec<_>>(), ["a.csv", "b/b.csv"]);
    assert_eq!((out.last().files["a.csv"].rows, out.last().state.len()), (1, 1));
    assert!(out.last().files.values().all(|known| known.stat.is_some() && known.blake3.len() == 64));
    assert_eq!(out.check(false).unwrap(), Vec::<String>::new());
    assert_eq!(out.state("days").unwrap().as_deref(), Some(&b"private"[..]));
    assert_eq!(out.recovered(), Recovered::Nothing);
    assert!(out.path("b/b.csv").is_file());
}

#[test]
fn what_is_kept_stays_and_what_is_neither_made_nor_kept_goes() {
    let folder = Folder::published();
    let before = files_below(&folder.out());
    let publisher = Publisher::new(Some(hold(&folder.out()))).unwrap();
    assert!(publisher.out().is_some() && publisher.generation() == 2);
    publisher.keep("b/b.csv").unwrap();
    publisher.keep_state("days");
    publisher.keep_state("never-heard-of");
    assert_eq!(publisher.keep("c.csv").unwrap_err().kind, FailureKind::Balance);
    stage(&publisher, "c", "c");
    assert_eq!(
        publisher.files().iter().map(|file| (file.path.as_str(), file.rows)).collect::<Vec<_>>(),
        [("b/b.csv", 1), ("c.csv", 1)]
    );
    assert_eq!(commit(publisher), ["a.csv"]);
    let after = files_below(&folder.out());
    assert_eq!(after.keys().collect::<Vec<_>>(), ["b/b.csv", "c.csv"]);
    assert_eq!(after["b/b.csv"], before["b/b.csv"]);
    assert_eq!(listed(&folder.out()), ["b/b.csv", "c.csv"]);
    let out = hold(&folder.out());
    assert_eq!(out.last().generation, 2);
    assert_eq!(out.state("days").unwrap().as_deref(), Some(&b"private"[..]));
    drop(out);
    commit(Publisher::new(Some(hold(&folder.out()))).unwrap());
    assert!(!folder.out().join(".stacktally/state").exists(), "what is not kept goes, private or not");
    assert_eq!(files_below(&folder.out()).len(), 0);
}

#[test]
fn history_stays_unless_it_is_made_anew() {
    let folder = Folder::published();
    let publisher = Publisher::new(Some(hold(&folder.out()))).unwrap();
    stage(&publisher, "history/changes", "first");
    commit(publisher);
    let first = files_below(&folder.out());
    assert_eq!(first.keys().collect::<Vec<_>>(), ["history/changes.csv"]);
    assert_eq!(commit(Publisher::new(Some(hold(&folder.out()))).unwrap()), Vec::<String>::new());
    assert_eq!(
        (files_below(&folder.out()), listed(&folder.out())),
        (first.clone(), vec!["history/changes.csv".into()])
    );
    let publisher = Publisher::new(Some(hold(&folder.out()))).unwrap();
    stage(&publisher, "history/changes", "second");
    commit(publisher);
    assert_ne!(files_below(&folder.out()), first);
}

#[test]
fn two_tables_of_one_path_are_refused() {
    let folder = Folder::published();
    let publisher = Publisher::new(Some(hold(&folder.out()))).unwrap();
    publisher.keep("a.csv").unwrap();
    let error = publisher.keep("a.csv").unwrap_err();
    assert_eq!(error.to_string(), "two tables would be published as a.csv");
    publisher.abandon();
}

#[test]
fn a_file_that_was_altered_is_refused_and_one_that_is_gone_is_told() {
    let folder = Folder::published();
    fs::remove_file(folder.out().join("a.csv")).unwrap();
    fs::write(folder.out().join(".stacktally/state/days"), "else").unwrap();
    let mut out = hold(&folder.out());
    assert_eq!(out.check(false).unwrap(), ["a.csv", ".stacktally/state/days"]);
    assert_eq!(out.state("days").unwrap(), None);
    let publisher = Publisher::new(Some(out)).unwrap();
    assert!(publisher.keep("a.csv").is_err(), "it cannot be kept");
    publisher.abandon();

    fs::write(folder.out().join("b/b.csv"), "altered").unwrap();
    let error = hold(&folder.out()).check(false).unwrap_err();
    assert_eq!(error.kind, FailureKind::Input);
    assert!(error.to_string().ends_with("out/b/b.csv: altered since it was published"), "{error}");
    assert!(error.hint.unwrap().contains("--full"));
    // Whoever does not ask makes it good.
    publish(&folder.out());
    assert_eq!(hold(&folder.out()).check(true).unwrap(), Vec::<String>::new());
}

/// Same length, same time, same inode: only the bytes tell.
#[test]
fn a_thorough_check_reads_every_file() {
    let folder = Folder::published();
    let path = folder.out().join("a.csv");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert_eq!(hold(&folder.out()).check(false).unwrap(), Vec::<String>::new());
    assert_eq!(hold(&folder.out()).check(true).unwrap_err().kind, FailureKind::Input);
}

/// A copy has other times and inodes: it is hashed once, and known by its own from the next commit on.
#[test]
fn a_copy_is_known_by_its_bytes_and_then_by_its_own_stats() {
    let folder = Folder::published();
    for path in ["a.csv", "b/b.csv", ".stacktally/state/days"] {
        let path = folder.out().join(path);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    let mut out = hold(&folder.out());
    let before = out.last().clone();
    assert_eq!(out.check(false).unwrap(), Vec::<String>::new());
    assert_ne!(out.last().files["a.csv"].stat, before.files["a.csv"].stat);
    let now = out.last().clone();
    let publisher = Publisher::new(Some(out)).unwrap();
    ["a.csv", "b/b.csv"].iter().for_each(|path| publisher.keep(path).unwrap());
    publisher.keep_state("days");
    commit(publisher);
    let again = hold(&folder.out());
    assert_eq!((&again.last().files, &again.last().state), (&now.files, &now.state));
}

#[test]
fn without_its_list_a_publication_is_known_by_its_receipt() {
    let folder = Folder::published();
    fs::remove_dir_all(folder.out().join(".stacktally")).unwrap();
    let mut out = hold(&folder.out());
    assert_eq!(out.last().generation, 1, "as receipts/ counts");
    assert_eq!(out.last().files.keys().collect::<Vec<_>>(), ["a.csv", "b/b.csv"]);
    assert!(out.last().files.values().all(|known| known.stat.is_none() && known.rows == 1));
    assert_eq!(out.check(false).unwrap(), Vec::<String>::new());
    assert!(out.last().files.values().all(|known| known.stat.is_some()), "hashed once");
    drop(out);
    for not_a_list in ["", "{", r#"{"format":99,"generation":5,"receipt":"","files":{},"state":{}}"#] {
        fs::write(folder.out().join(".stacktally/published"), not_a_list).unwrap();
        assert_eq!(hold(&folder.out()).last().files.len(), 2, "{not_a_list}");
    }
    // Another version's receipt says what is ours, and nothing else that is known.
    fs::remove_file(folder.out().join(".stacktally/published")).unwrap();
    let old = r#"{"stacktally":"0.0.1","published":[{"path":"a.csv"},{"path":"../../x"},{"path":".stacktally/lock"}]}"#;
    fs::write(folder.out().join("receipt.json"), old).unwrap();
    let mut out = hold(&folder.out());
    assert_eq!(out.check(false).unwrap(), ["a.csv"], "to be made again");
    assert_eq!(out.last().files.len(), 1, "what is not within OUT, or private, is nobody's");
}

/// An OUT of which the tables were restored from another day than `.stacktally`.
#[test]
fn an_old_list_beside_another_receipt_is_overruled() {
    let folder = Folder::published();
    let list = fs::read(folder.out().join(".stacktally/published")).unwrap();
    let publisher = Publisher::new(Some(hold(&folder.out()))).unwrap();
    stage(&publisher, "a", "newer");
    publisher.state("days", b"newer".to_vec()).unwrap();
    assert_eq!(commit(publisher), ["b/b.csv"]);
    fs::write(folder.out().join(".stacktally/published"), list).unwrap();
    let mut out = hold(&folder.out());
    assert_eq!(out.last().generation, 2);
    assert_eq!(
        out.check(false).unwrap(),
        ["b/b.csv", ".stacktally/state/days"],
        "what the receipt names is as it says"
    );
    assert_eq!(out.state("days").unwrap(), None);
}

/// What a journal is refused for, and what OUT must not suffer by it.
#[test]
fn a_journal_that_is_not_as_it_was_written_is_refused() {
    let hashed = |body: &str| format!("{body}{}\n", blake3_of(body));
    let step = |step: &str| hashed(&format!("{{\"format\":1,\"generation\":2,\"steps\":[{step}]}}\n"));
    for (text, expected) in [
        (String::new(), "it has no hash"),
        (hashed("{}\n").replace('{', "["), "its hash does not match"),
        (step("").replace("\"generation\":2", "\"generation\":3"), "its hash does not match"),
        (hashed("{}\n"), "another version wrote it"),
        (hashed("{\"format\":2,\"generation\":2,\"steps\":[]}\n"), "another version wrote it"),
        (step(r#"{"remove":{"path":"../x","old":null}}"#), "outside of OUT"),
        (step(r#"{"remove":{"path":"/x","old":null}}"#), "outside of OUT"),
        (step(r#"{"put":{"from":".stacktally/staging/0","to":"a/../../x","old":null,"new":""}}"#), "outside of OUT"),
        (step(r#"{"put":{"from":"a.csv","to":"c.csv","old":null,"new":""}}"#), "outside of OUT"),
        (step(r#"{"put":{"from":".stacktally/staging/../lock","to":"c.csv","old":null,"new":""}}"#), "outside of OUT"),
    ] {
        let folder = Folder::published();
        let before = files_below(&folder.out());
        fs::write(folder.out().join(".stacktally/journal"), &text).unwrap();
        let error = Out::hold(&folder.out(), Patience::Leave, &Control::silent()).unwrap_err();
        assert_eq!(error.kind, FailureKind::Machine, "{text}");
        assert!(error.to_string().ends_with("out/.stacktally/journal"), "{error}");
        assert!(source(&error).contains(expected), "{text}: {}", source(&error));
        assert!(error.hint.is_some());
        assert!(Journal::read(&folder.out()).is_err());
        assert_eq!(files_below(&folder.out()), before);
    }
    // One that was not finished is nothing.
    let folder = Folder::published();
    fs::write(folder.out().join(".stacktally/journal.tmp"), step(r#"{"remove":{"path":"a.csv","old":null}}"#)).unwrap();
    assert_eq!(hold(&folder.out()).recovered(), Recovered::Nothing);
    assert!(folder.out().join("a.csv").exists() && !folder.out().join(".stacktally/journal.tmp").exists());
}

#[test]
fn a_staged_file_that_is_lost_is_named_and_the_journal_stays() {
    let put = |new: &str| {
        let body = format!(
            "{{\"format\":1,\"generation\":2,\"steps\":[{{\"put\":{{\"from\":\".stacktally/staging/7\",\"to\":\"d/d.csv\",\
             \"old\":null,\"new\":\"{new}\"}}}},{{\"remove\":{{\"path\":\"never-there.csv\",\"old\":null}}}}]}}\n"
        );
        format!("{body}{}\n", blake3_of(&body))
    };
    let folder = Folder::published();
    fs::write(folder.out().join(".stacktally/journal"), put(&blake3_of("new"))).unwrap();
    let recover = || Out::hold(&folder.out(), Patience::Wait, &Control::silent()).map(|out| out.recovered());
    let error = recover().unwrap_err();
    assert!(error.to_string().ends_with("d/d.csv") && error.kind == FailureKind::Machine, "{error}");
    assert!(error.hint.unwrap().contains("stacktally recover"));
    fs::create_dir_all(folder.out().join(".stacktally/staging")).unwrap();
    fs::write(folder.out().join(".stacktally/staging/7"), "other").unwrap();
    let error = recover().unwrap_err();
    assert!(error.to_string().ends_with("staging/7"), "{error}");
    assert!(folder.out().join(".stacktally/journal").exists());
    fs::write(folder.out().join(".stacktally/staging/7"), "new").unwrap();
    assert_eq!(recover().unwrap(), Recovered::RolledForward { generation: 2, put: 1, removed: 1 });
    assert_eq!(fs::read(folder.out().join("d/d.csv")).unwrap(), b"new");
}

fn blake3_of(text: &str) -> String {
    stacktally::store::Fingerprint::of(text.as_bytes()).to_string()
}

fn source(error: &Error) -> String {
    error.source.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn a_signal_ends_the_wait_for_the_lock() {
    /// Sends the signal as soon as it is told that the wait begins.
    struct Interrupts(Arc<AtomicUsize>);
    impl Progress for Interrupts {
        fn begin(&self, step: Step<'_>, _: u64) {
            assert_eq!(step.name, "waiting_for_another_run");
            self.0.store(15, std::sync::atomic::Ordering::Relaxed);
        }
        fn advance(&self) {}
    }
    let folder = Folder::published();
    let held = hold(&folder.out());
    let signal = Arc::new(AtomicUsize::new(0));
    let control = Control::new(Arc::clone(&signal), Box::new(Interrupts(signal)));
    assert_eq!(Out::hold(&folder.out(), Patience::Wait, &control).unwrap_err().kind, FailureKind::Stopped(15));
    assert_eq!(Out::hold(&folder.out(), Patience::Leave, &control).unwrap_err().kind, FailureKind::Busy);
    drop(held);
    hold(&folder.out());
}
