//! Prints the report: `report` as a table, `report --json` one object a line, `report --cores` what core counts are best.

use std::io::{Write as _, stdout};

use report::cores::Choice;
use report::row::Row;

const HELP: &str = "usage: report [--json | --cores]

How long each operation takes by the cost model, on batches that serving sees, in microseconds at the low end of all
ranges, in the middle and at the high end: cores that the crate launches of those that the device has, the floor and how
many times it the middle is, how many times as long pull request 261 takes at each end, and what the middle is made of.

--json   one object a line
--cores  for int64 indices and int32 output on 48 cores, what each operation takes on the cores that the crate chooses, and
         on the best count: for 0.010, 0.053 and 0.280 us that a further core adds to a launch";

fn main() -> anyhow::Result<()> {
    let (mut json, mut cores) = (false, false);
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("json") => json = true,
            lexopt::Arg::Long("cores") => cores = true,
            lexopt::Arg::Long("help") | lexopt::Arg::Short('h') => {
                writeln!(stdout(), "{HELP}")?;
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let mut operation = "";
    if cores {
        return Choice::all(&mut |choice| {
            if choice.operation != operation {
                operation = choice.operation;
                writeln!(stdout(), "\n{operation}\n{}", Choice::heading())?;
            }
            writeln!(stdout(), "{choice}")?;
            Ok(())
        });
    }
    Row::all(&mut |row| {
        if json {
            writeln!(stdout(), "{}", serde_json::to_string(&row)?)?;
            return Ok(());
        }
        if row.operation != operation {
            operation = row.operation;
            writeln!(stdout(), "\n{operation}\n{}", Row::heading())?;
        }
        writeln!(stdout(), "{row}")?;
        Ok(())
    })
}
