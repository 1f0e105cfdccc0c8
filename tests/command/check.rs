//! `stacktally check`: what `run` would do and say, without publishing.

use crate::support::{Line, SUB_A, TestRoot, VM_HOURS, files_below};

#[test]
fn it_ends_as_run_would_and_writes_nothing() {
    let good = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0")]);
    let before = files_below(good.folder());
    insta::assert_snapshot!(good.check(&[]).expect(0).transcript());
    assert_eq!(files_below(good.folder()), before);

    let bad = Line { quantity: "\"NaN\"".into(), ..Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1") };
    let rejects = TestRoot::with_lines(&[bad, Line::hourly(SUB_A, VM_HOURS, "2026-10-05T14", "1")]);
    rejects.check(&[]).expect(4);
    rejects.check(&["--rejects-max", "0"]).expect(3);

    let refused = TestRoot::with_lines(&[]);
    refused.remove("north/user-subscriptions");
    assert_eq!(refused.check(&[]).expect(3).stderr, refused.run(&[]).expect(3).stderr);
}

#[test]
fn a_sum_past_the_range_is_refused_and_names_its_meter() {
    let large = |hour: &str| Line::hourly(SUB_A, VM_HOURS, hour, "99999999999999999999");
    let root = TestRoot::with_lines(&[large("2026-10-05T13"), large("2026-10-05T14")]);
    insta::assert_snapshot!(root.check(&[]).expect(3).transcript());
    let two_days = TestRoot::with_lines(&[large("2026-10-05T13"), large("2026-10-04T13")]);
    let ran = two_days.check(&[]).expect(3);
    assert!(ran.stderr.contains(VM_HOURS), "{}", ran.stderr);
}
