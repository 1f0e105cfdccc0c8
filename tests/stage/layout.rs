//! Text for people: as wide as the terminal, figures and ids whole, columns aligned whatever they are written in.

use stacktally::cli::show::layout::{Page, TextColumn, TextTable, Width};
use textwrap::core::display_width;

fn page(width: usize, fill: impl Fn(&mut Page)) -> String {
    let mut page = Page::new(Width::new(width));
    fill(&mut page);
    page.finish()
}

fn bills(width: usize) -> String {
    let columns = [TextColumn::text("customer"), TextColumn::quantity("quantity"), TextColumn::figure("exact")];
    let rows = [
        ["Contoso", "1329475.75 GB*hours", "9.6940940104"],
        ["株式会社コントソ・ジャパン", "28 Virtual core hours", "0.238"],
        ["Cafe\u{301} Zu\u{308}rich", "0.064516129032258062 Disks*month", "10.3225806452"],
    ];
    page(width, |page| page.table(2, &TextTable::new(columns, rows.map(|row| row.map(str::to_owned)))))
}

#[test]
fn wide_and_combining_characters_are_counted_as_they_are_shown() {
    let expected = "  customer                                            quantity          exact
  Contoso                                  1329475.75 GB*hours   9.6940940104
  株式会社コントソ・ジャパン             28 Virtual core hours          0.238
  Cafe\u{301} Zu\u{308}rich                 0.064516129032258062 Disks*month  10.3225806452
";
    assert_eq!(bills(80), expected);
    for line in bills(80).lines() {
        assert_eq!(display_width(line), 77, "{line}");
    }
}

#[test]
fn texts_take_several_lines_before_a_table_is_given_up() {
    let expected = "  customer                    quantity          exact
  Contoso          1329475.75 GB*hours   9.6940940104
  株式会社コント       28 Virtual core          0.238
  ソ・ジャパン                   hours
  Cafe\u{301} Zu\u{308}rich     0.064516129032258062  10.3225806452
                           Disks*month
";
    assert_eq!(bills(53), expected);
}

#[test]
fn what_is_too_narrow_for_columns_becomes_records() {
    let expected = "  Contoso
    quantity  1329475.75 GB*hours
    exact     9.6940940104
  株式会社コントソ・ジャパン
    quantity  28 Virtual core hours
    exact     0.238
  Cafe\u{301} Zu\u{308}rich
    quantity  0.064516129032258062
              Disks*month
    exact     10.3225806452
";
    assert_eq!(bills(45), expected);
    assert_eq!(bills(1), bills(40), "nothing is laid out in less");
}

#[test]
fn no_line_is_wider_than_the_terminal_and_nothing_is_lost() {
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    let sentence = "the listing lyon/user-subscriptions/2026-10-01.json gives user subscription \
                    5ab00000-fab0-4000-8000-0000000001f1 of 株式会社コントソ・ジャパン the Zu\u{308}rich quantity \
                    -12345678901234567890.123456789012345678, and so on";
    for width in 40..=130 {
        let text = page(width, |page| {
            page.paragraph(0, sentence);
            page.entry(2, "because", 7, sentence);
        });
        assert!(text.lines().all(|line| display_width(line) <= width.max(51)), "{width}: {text}");
        assert_eq!(letters(&text), letters(&format!("{sentence}because{sentence}")));
        for whole in ["5ab00000-fab0-4000-8000-0000000001f1", "-12345678901234567890.123456789012345678"] {
            assert_eq!(text.matches(whole).count(), 2, "{width}: {text}");
        }
        let figures = ["1329475.75", "9.6940940104", "0.064516129032258062", "10.3225806452"];
        let table = bills(width);
        assert!(figures.iter().all(|figure| table.contains(figure)), "{width}: {table}");
        assert!(table.lines().all(|line| display_width(line) <= width), "{width}: {table}");
    }
}

#[test]
fn a_command_goes_on_as_a_shell_reads_it() {
    let parts = ["stacktally why --out OUT --date 2026-10-05", "--meter Windows"].map(str::to_owned);
    assert_eq!(
        page(80, |page| page.command(2, &parts)),
        "  stacktally why --out OUT --date 2026-10-05 --meter Windows\n"
    );
    let several = "  stacktally why --out OUT --date 2026-10-05 \\\n    --meter Windows\n";
    assert_eq!(page(50, |page| page.command(2, &parts)), several);
}

/// What the input says cannot end a line, move the cursor or turn the writing around.
#[test]
fn a_text_from_the_input_stays_on_its_line() {
    let text = page(80, |page| page.paragraph(0, "a\nb\u{1b}[31mc\u{202e}d\u{2028}e"));
    assert_eq!(text, "a b<U+001B>[31mc<U+202E>d e\n");
}
