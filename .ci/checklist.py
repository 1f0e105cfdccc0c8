"""A list of named checks that goes on after a failure, so that one run tells everything that is wrong."""

SHOWN_PROBLEMS = 5


class Checklist:
    """Collects one row per check and prints them as a table, then the last line `N passed, N failed`."""

    def __init__(self):
        self.rows = []

    def note(self, name, compared, problems):
        """Records a check: what it compared, in words, and its problems (none means passed)."""
        self.rows.append((name, str(compared), list(problems)))

    def expect(self, name, compared, holds, problem):
        """Records a check that has one way to fail."""
        self.note(name, compared, [] if holds else [problem])

    def attempt(self, name, check, *arguments):
        """Runs a check that returns `(compared, problems)`; a reader that throws is a failure of that check, not of the run."""
        try:
            compared, problems = check(*arguments)
        except Exception as error:  # any reader's complaint about a published file is exactly what is looked for
            compared, problems = "could not be read", [f"{type(error).__name__}: {error}"]
        self.note(name, compared, problems)

    def finish(self):
        """Prints the table and returns the exit code."""
        name_width = max((len(name) for name, _, _ in self.rows), default=0)
        for name, compared, problems in self.rows:
            print(f"{'FAILED' if problems else 'passed'}  {name:{name_width}}  {compared}")
            for problem in problems[:SHOWN_PROBLEMS]:
                print(f"          {problem}")
            if len(problems) > SHOWN_PROBLEMS:
                print(f"          … and {len(problems) - SHOWN_PROBLEMS} more")
        failed = sum(1 for _, _, problems in self.rows if problems)
        print(f"{len(self.rows) - failed} passed, {failed} failed")
        return 1 if failed else 0
