//! All tests in one binary, laid out as `src/` is.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that panics has failed; one that is skipped says so"
)]

// Roots built in a temporary folder, the real binary, published tables read back.
mod support;

// One table of literal inputs and expectations for each stage, through its public functions.
mod stage;

// What a person sees: exit code, standard output and error of the real binary.
mod command;

// What other people's files showed, kind by kind: shapes of each, with the right value beside.
mod kinds;

// The same usage as every producer writes it, and the public suites of JSON and CSV files.
mod producers;
mod suites;

// Each story of samples/ against the totals worked by hand in its README.
mod golden;

// The promises of product.md §6, over random roots.
mod law;

// The binary killed, starved of space, doubled: whole or not at all.
mod fault;

// How the house is built: who may name whom, file by file.
mod house;
// schemas/, the code and the published files say the same.
mod contract;

// docs/ and the README: links, command lines, generated pages, and the unit, the crontab and the script that they hand out.
mod docs;

// Real recorded usage, where the folder of captures is there.
mod captures;

// Defects that were found, each with the input that showed it.
mod regression;
