//! Parse, run, exit number; nothing else.

#![forbid(unsafe_code)]

mod cli;
mod help;

use std::io::{self, Write};
use std::process::ExitCode;

use cli::Request;
use metascrub::batch;

fn main() -> ExitCode {
    let outcome = match cli::request() {
        Request::Run(settings) => batch::run(&settings).map_err(|e| (batch::USAGE, e)),
        Request::Print(text) => print(&text).map(|()| batch::FINE).map_err(|e| (batch::BAD, e.to_string())),
    };
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err((status, what)) => {
            // With nowhere to complain to, the exit status has to do.
            let _ = writeln!(io::stderr(), "metascrub: {what}");
            ExitCode::from(status)
        }
    }
}

/// A broken pipe is success: whoever read it had enough.
fn print(text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
