//! The texts below the options of each help: examples and exit codes.

/// Shown in every help.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    published, no line was set aside that the last publication did not have
  1    the machine failed (disk, permission)
  2    the command was used wrongly
  3    input was refused, nothing was published
  4    published, and lines were set aside that the last publication did not have: see rejects
  5    totals do not balance, nothing was published
  6    `compare` found differences
  7    another run holds OUT; with --wait a run waits for it
  8    a bug of stacktally, nothing was published: the message says how to report it
  130, 143  stopped by a signal, nothing was published";

pub(super) const RECOVERING: &str = "\
Exit codes:
  0    done, or there was nothing to do
  1    the machine failed, or a file that was to be published is lost: the message names it
  2    the command was used wrongly, or OUT is no publication
  7    another run holds OUT
  8    a bug of stacktally, nothing was published: the message says how to report it
  130, 143  stopped by a signal while it waited";

/// Of the commands that close and reopen months.
pub(super) const CLOSING: &str = "\
Exit codes:
  0    done
  1    the machine failed (disk, permission), nothing was done
  2    the command was used wrongly, or there is nothing to close or to open
  3    refused, nothing was done: there are reasons against closing (--force overrides them), or a published
       file was altered
  7    another run holds OUT; with --wait it is waited for
  8    a bug of stacktally, nothing was published: the message says how to report it
  130, 143  stopped by a signal while it waited";

/// Of the commands that only look.
pub(super) const LOOKING: &str = "\
Exit codes:
  0    shown
  1    the machine failed (disk, permission)
  2    the command was used wrongly, or nothing is there that it asks for
  3    a publication or input was refused
  5    published tables contradict each other
  130, 143  stopped by a signal";

pub(super) const COMPARING: &str = "\
Exit codes:
  0    equal
  1    the machine failed (disk, permission)
  2    the command was used wrongly, or one of the two is no publication
  3    a publication was refused: a file of it is missing, or was changed
  6    different";

/// Of the commands that print something about stacktally itself.
pub(super) const PRINTING: &str = "\
Exit codes:
  0    done
  1    the machine failed (disk, permission)
  2    the command was used wrongly, or a setting makes no sense";

pub(super) const RUNNING_EXAMPLES: &[&str] = &[
    "stacktally run --root /srv/usage --out /srv/chargeback",
    "stacktally run --settings /etc/stacktally.toml --quiet",
];

pub(super) const CHECK_EXAMPLES: &[&str] =
    &["stacktally check --root /srv/usage", "stacktally check --settings /etc/stacktally.toml --strict"];

pub(super) const COVERAGE_EXAMPLES: &[&str] = &[
    "stacktally coverage --out /srv/chargeback --month 2026-10",
    "stacktally coverage --root /srv/usage --stamp north",
];

pub(super) const WHY_EXAMPLES: &[&str] = &[
    "stacktally why --out /srv/chargeback --date 2026-10-05 --tenant Fabrikam",
    "stacktally why --out /srv/chargeback --date 2026-10-05 --meter 'VM size hours' --json",
    "stacktally why --out /srv/chargeback --month 2026-10 --billed-subscription Contoso",
];

pub(super) const UNREGISTERED_EXAMPLES: &[&str] = &[
    "stacktally unregistered --out /srv/chargeback --month 2026-10",
    "stacktally unregistered --out /srv/chargeback --tenant Fabrikam --commands",
];

pub(super) const CHANGES_EXAMPLES: &[&str] = &[
    "stacktally changes --out /srv/chargeback --since 2026-10-05",
    "stacktally changes --out /srv/chargeback --since 1 --month 2026-09 --csv",
];

pub(super) const STATEMENT_EXAMPLES: &[&str] = &[
    "stacktally statement 2026-10 --out /srv/chargeback",
    "stacktally statement 2026-10 --out /srv/chargeback --billed-subscription Contoso",
];

pub(super) const HISTORY_EXAMPLES: &[&str] = &[
    "stacktally history --out /srv/chargeback --tenant Fabrikam",
    "stacktally history --out /srv/chargeback --user-subscription 'Contoso web' --csv",
];

pub(super) const CLOSE_EXAMPLES: &[&str] = &[
    "stacktally close 2026-10 --out /srv/chargeback",
    "stacktally close 2026-10 --out /srv/chargeback --stamp north --force --reason 'the bill is due'",
];

pub(super) const RECOVER_EXAMPLES: &[&str] = &["stacktally recover --out /srv/chargeback --wait"];

pub(super) const REOPEN_EXAMPLES: &[&str] =
    &["stacktally reopen 2026-10 --out /srv/chargeback --reason 'a price was wrong'"];

pub(super) const COMPARE_EXAMPLES: &[&str] = &[
    "stacktally compare /srv/chargeback /srv/what-if",
    "stacktally compare last-week today --billed-subscription Contoso --json",
    "stacktally compare last-week today --month 2026-10",
];

pub(super) const SETTINGS_EXAMPLES: &[&str] = &[
    "stacktally settings --settings /etc/stacktally.toml",
    "stacktally settings --settings /etc/stacktally.toml --settling-days 3 --json",
];

pub(super) const COMPLETIONS_EXAMPLES: &[&str] = &[
    "stacktally completions bash > /usr/share/bash-completion/completions/stacktally",
    "stacktally completions fish > ~/.config/fish/completions/stacktally.fish",
];

pub(super) const MAN_EXAMPLES: &[&str] = &["stacktally man --to /usr/local/share/man/man1"];

/// Examples, followed by the meaning of the exit codes.
pub(super) fn with_examples(examples: &[&str], exit_codes: &str) -> String {
    let examples: String = examples.iter().map(|example| format!("  {example}\n")).collect();
    format!("Examples:\n{examples}\n{exit_codes}")
}
