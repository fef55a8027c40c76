//! Prints the report: `report` as a table, `report --json` one object a line, `report --cores` what core counts are best.

use std::io::{Write as _, stdout};
use std::process::ExitCode;

use harness::cli::{complain, reader_is_gone};
use lexopt::{Arg, ValueExt as _};
use report::chart;
use report::cores::Choice;
use report::row::Row;

const HELP: &str = "usage: report [--json | --cores | --chart] [OPERATION..]

How long each operation, or those that are named, takes by the cost model, on batches that serving sees.

--json   one object a line
--chart  time against batch, as an SVG
--cores  for int64 indices and int32 output on 48 cores, what each operation takes on the cores that the crate chooses, and
         on the best count: for 0.010, 0.053 and 0.280 us that a further core adds to a launch";

fn main() -> ExitCode {
    match print() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if reader_is_gone(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain("report", &format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn print() -> anyhow::Result<()> {
    let (mut json, mut cores, mut named) = (false, false, Vec::new());
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("json") => json = true,
            Arg::Long("cores") => cores = true,
            Arg::Long("chart") => {
                write!(stdout(), "{}", chart::draw()?)?;
                return Ok(());
            }
            Arg::Long("help") | Arg::Short('h') => {
                writeln!(stdout(), "{HELP}")?;
                return Ok(());
            }
            Arg::Value(name) => named.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut last = "";
    // An operation's lines are below its name.
    let mut line = |operation: &'static str, heading: String, line: String| -> anyhow::Result<()> {
        if operation != last {
            last = operation;
            writeln!(stdout(), "\n{operation}\n{heading}")?;
        }
        Ok(writeln!(stdout(), "{line}")?)
    };
    let is_named = |operation: &str| named.is_empty() || named.iter().any(|name| name == operation);
    if cores {
        return Choice::some(is_named, &mut |choice| line(choice.operation, Choice::heading(), choice.to_string()));
    }
    if !json {
        writeln!(stdout(), "{}", Row::LEGEND)?;
    }
    Row::some(|operation, _| is_named(operation), &mut |row| match json {
        true => Ok(writeln!(stdout(), "{}", serde_json::to_string(&row)?)?),
        false => line(row.operation, Row::heading(), row.to_string()),
    })
}
