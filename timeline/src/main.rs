//! `timeline OPERATION WORKLOAD`: writes a Perfetto trace and a picture.

use std::fs;
use std::io::{Write as _, stdout};
use std::process::ExitCode;

use harness::cli::{complain, reader_is_gone};
use lexopt::{Arg, ValueExt as _};

const HELP: &str = "usage: timeline OPERATION WORKLOAD [--out PATH]

What each pipe of each core does in a launch of an operation on one of the report's workloads, by the cost model: writes
PATH.json, to be opened at https://ui.perfetto.dev, and PATH.svg. PATH is timeline where it is not given.
    timeline assign_extend_cache_locs \"64 x 4\"";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if reader_is_gone(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain("timeline", &format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run() -> anyhow::Result<()> {
    let (mut what, mut path) = (Vec::new(), "timeline".to_owned());
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(value) => what.push(value.string()?),
            Arg::Long("out") => path = args.value()?.string()?,
            Arg::Long("help") | Arg::Short('h') => {
                writeln!(stdout(), "{HELP}")?;
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let [operation, workload] = &what[..] else { anyhow::bail!("an operation and a workload; --help tells more") };
    let (trace, picture) = timeline::of(operation, workload)?;
    for (kind, text) in [("json", trace), ("svg", picture)] {
        let path = format!("{path}.{kind}");
        fs::write(&path, text).map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
        writeln!(stdout(), "{path}")?;
    }
    Ok(())
}
