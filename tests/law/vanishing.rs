//! No run removes what was published, unless a setting of that run says so: whatever goes from the root.

use std::collections::BTreeSet;

use proptest::prelude::*;
use stacktally::domain::Window;

use super::incremental::{Changing, Step, starts, step};
use crate::support::{files_below, receipt, tries};

/// What of a publication may not vanish: lines by stamp and window, and the stamps and months that are charged.
#[derive(Debug)]
struct Standing {
    windows: BTreeSet<(String, String)>,
    charged: BTreeSet<String>,
}

impl Standing {
    fn of(changing: &Changing) -> Self {
        let files = files_below(&changing.root.out());
        let window = |path: &String| {
            let mut parts = path.strip_prefix("lines/")?.strip_suffix(".parquet")?.split('/');
            let (stamp, _day, window) = (parts.next()?, parts.next()?, parts.next()?);
            Some((stamp.to_owned(), window.to_owned()))
        };
        let charged = files.keys().filter(|path| path.starts_with("charges/")).cloned().collect();
        Self { windows: files.keys().filter_map(window).collect(), charged }
    }

    /// What is there no more, and nothing covers it.
    fn lost(&self, after: &Self) -> Vec<String> {
        let is_covered = |(stamp, window): &&(String, String)| {
            let Some(parsed) = Window::parse(window) else { return false };
            let others = after.windows.iter().filter(|(other, _)| other == stamp);
            parsed.is_covered_by(others.filter_map(|(_, other)| Window::parse(other)))
        };
        let windows = self.windows.iter().filter(|export| !after.windows.contains(*export) && !is_covered(export));
        let windows = windows.map(|(stamp, window)| format!("{stamp} {window}"));
        windows.chain(self.charged.difference(&after.charged).cloned()).collect()
    }
}

/// What a step takes away beyond what steps of a root do.
#[derive(Clone, Debug)]
enum Going {
    Step(Step),
    Stamp,
    Table(&'static str),
}

fn going() -> impl Strategy<Value = Going> {
    prop_oneof![
        12 => step().prop_map(Going::Step),
        1 => Just(Going::Stamp),
        2 => prop::sample::select(vec!["names.csv", "meters.csv", "prices.csv", "exchange-rates.csv"]).prop_map(Going::Table),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tries(2, 12)))]

    #[test]
    fn nothing_vanishes_unasked(start in starts(), goings in prop::collection::vec(going(), 1..8)) {
        let mut changing = Changing::new(0, &start);
        changing.run(&[]);
        let mut is_gone = false;
        for going in goings {
            match going {
                // A stamp that is put back in parts has no registration.
                Going::Step(_) | Going::Stamp if is_gone => continue,
                Going::Step(step) => changing.take(&step),
                Going::Stamp => {
                    changing.root.remove("south");
                    is_gone = true;
                }
                Going::Table(name) if changing.root.root().join(name).exists() => changing.root.remove(name),
                Going::Table(_) => {}
            }
            let (before, standing) = (files_below(&changing.root.out()), Standing::of(&changing));
            let ran = changing.run_to("out", &[]);
            match ran.code {
                0 | 4 => {
                    let lost = standing.lost(&Standing::of(&changing));
                    prop_assert_eq!(lost, Vec::<String>::new(), "{}", ran.transcript());
                    prop_assert_eq!(&receipt(&changing.root.out())["forgotten"], &serde_json::json!([]));
                }
                3 => {
                    let mut after = files_below(&changing.root.out());
                    after.retain(|path, _| before.contains_key(path));
                    prop_assert!(after == before, "OUT changed: {}", ran.transcript());
                    // What was refused goes when it is said, and only then.
                    changing.run(&[]);
                }
                code => prop_assert!(false, "{code}: {}", ran.transcript()),
            }
        }
    }
}
