//! Parse, run, exit number; nothing else.

use std::fs::File;
use std::process::ExitCode;
use std::sync::Arc;

use metascrub::clean::{self, Job};
use metascrub::policy::{Limits, Policy};
use metascrub::sink::Sink;
use metascrub::source::{FileSource, Shared, Spool};

/// A stand-in for the command line, until there is one: `--quiet --output OUT IN` or `--plan IN`.
fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let Some(input) = args.last() else { return ExitCode::from(2) };
    let (policy, limits) = (Policy::default(), Limits::default());
    let job = Job::new(&policy, &limits, input, &Spool::default_dir());
    let run = || -> metascrub::refusal::Result<()> {
        let source: Shared = Arc::new(FileSource::new(File::open(input)?)?);
        if args[1] == "--plan" {
            let cleaned = clean::inspect(&job, &source)?;
            std::io::Write::write_all(&mut std::io::stdout(), cleaned.plan().to_text().as_bytes())?;
            return Ok(());
        }
        let (_, result, _) = clean::to_spool(&job, &source)?;
        result.send(result.span(), &mut Sink::File(File::create(&args[3])?))?;
        Ok(())
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(r) => {
            let line = format!("{input}: {}: {r}; {}\n", r.code().name(), r.advice());
            std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).ok();
            ExitCode::FAILURE
        }
    }
}
