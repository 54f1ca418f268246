//! The command line, and its only meaning: it becomes one [`Settings`] value, or a text to print. Nothing below sees clap.

use std::path::PathBuf;

use crate::help;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, ValueEnum, error::ErrorKind};
use metascrub::policy::{Limits, Policy, Token, TrackedChanges, UnknownMembers};
use metascrub::settings::{self, Destination, Mode, Mtime, Rendering, Settings, Values, Volume, When};

/// What was asked for.
pub(crate) enum Request {
    /// Files.
    Run(Box<Settings>),
    /// A text about the program.
    Print(Vec<u8>),
}

/// Cleans files before you share them.
///
/// Writes a copy without places, people, devices, times, software, history, previews, identifiers and comments.
/// Pixels, samples, pages and text stay as they are, bit for bit where the format allows it. Both are proved on the
/// result before it gets its name; if anything is in doubt, nothing is written and the reason is said.
#[derive(Parser)]
#[command(name = "metascrub", version, max_term_width = 100, after_help = help::SHORT_EXAMPLES, after_long_help = help::EXAMPLES)]
struct Cli {
    /// Files and folders to clean; - is standard input
    #[arg(value_name = "PATH", required_unless_present_any = ["list_formats", "completions", "man"])]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    look: Look,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    report: Report,
    #[command(flatten)]
    about: About,
}

#[derive(Args)]
#[command(next_help_heading = "Where the copies go")]
struct Output {
    /// File or folder for the copies
    ///
    /// With one input file this is the output file, unless it is a folder or ends in a slash. With one input folder it is
    /// the folder of its cleaned tree. With several inputs it is a folder that holds an output for each, under its name.
    /// Folders are made. - is standard output. Two inputs that would have the same output: the second is refused.
    #[arg(short, long, value_name = "PATH", conflicts_with_all = ["in_place", "inspect", "check"])]
    output: Option<PathBuf>,
    /// Replace each file, in one step and only after the proof
    ///
    /// Permission bits and, for the superuser, the owner are kept; extended attributes are not. A symbolic link is
    /// followed: the file it leads to is replaced. Files with nothing to remove are left alone. Names stay, also under
    /// --policy strict.
    #[arg(short, long, conflicts_with_all = ["inspect", "check"])]
    in_place: bool,
    /// With --in-place: keep the original as NAME.orig
    #[arg(long, requires = "in_place")]
    backup: bool,
    /// Overwrite existing outputs and reports
    #[arg(long)]
    force: bool,
    /// Name copies image-0001.jpg, document-0002.pdf … in the order of the inputs
    #[arg(long, conflicts_with = "in_place")]
    rename: bool,
    /// Modification time of the copies [default: now; epoch with --policy strict]
    #[arg(long, value_name = "WHEN")]
    mtime: Option<CliMtime>,
}

#[derive(Args)]
#[command(next_help_heading = "Looking without writing")]
struct Look {
    /// Show what is in there and what would go
    #[arg(long, conflicts_with = "check")]
    inspect: bool,
    /// With --inspect: exit with 3 if anything would go
    #[arg(long, requires = "inspect")]
    exit_code: bool,
    /// Say nothing; exit with 3 if anything would go (-v names the files)
    #[arg(long)]
    check: bool,
}

#[derive(Args)]
#[command(next_help_heading = "What may stay")]
struct Rules {
    /// default, strict, or a policy FILE.toml
    #[arg(long, value_name = "POLICY", default_value = "default")]
    policy: String,
    /// Keep these things; --help lists them
    #[arg(long, value_name = "TOKEN,…", value_delimiter = ',', long_help = help::tokens())]
    keep: Vec<String>,
    /// Drop these things; of --keep and --drop the last word counts
    #[arg(long, value_name = "TOKEN,…", value_delimiter = ',')]
    drop: Vec<String>,
    /// Members of archives whose type is unknown [default: refuse]
    #[arg(long, value_name = "WHAT")]
    unknown_members: Option<CliUnknown>,
    /// Tracked changes in office documents [default: accept]
    #[arg(long, value_name = "WHAT")]
    tracked_changes: Option<CliTracked>,
    /// Take files that open without a password although they are encrypted; the copy is not encrypted
    #[arg(long)]
    decrypt: bool,
    /// Refuse larger files (500, 64k, 10M, 2GB)
    #[arg(long, value_name = "SIZE", value_parser = settings::size)]
    max_size: Option<u64>,
    /// Refuse members that unpack to more than N times their size [default: 1000]
    #[arg(long, value_name = "N")]
    max_ratio: Option<u64>,
    /// Refuse archives that nest deeper [default: 8]
    #[arg(long, value_name = "N")]
    depth: Option<u8>,
}

#[derive(Args)]
#[command(next_help_heading = "What is said")]
struct Report {
    /// Write a report too: FILE.json, .jsonl, .html or .txt; - prints it in the --format
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// What standard output gets
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: CliFormat,
    /// How much of each removed value is shown
    #[arg(long, value_name = "HOW", default_value = "short")]
    values: CliValues,
    /// Say only what went wrong
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Say everything that was found
    #[arg(short, long)]
    verbose: bool,
    /// Progress bar on standard error
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    progress: CliWhen,
    /// Colours; NO_COLOR is honoured
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: CliWhen,
    /// How many files at the same time [default: one for each processor]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

#[derive(Args)]
#[command(next_help_heading = "About")]
struct About {
    /// List the formats: what stays and what goes
    #[arg(long)]
    list_formats: bool,
    /// Print completions for bash, zsh, fish, elvish or powershell
    #[arg(long, value_name = "SHELL")]
    completions: Option<clap_complete::Shell>,
    /// Print the manual page
    #[arg(long)]
    man: bool,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident => $of:ident { $($word:ident)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, ValueEnum)]
        enum $name { $($word,)* }

        impl From<$name> for $of {
            fn from(word: $name) -> $of {
                match word { $($name::$word => $of::$word,)* }
            }
        }
    };
}

words!(CliMtime => Mtime { Now Epoch Keep });
words!(CliUnknown => UnknownMembers { Refuse Omit Keep });
words!(CliTracked => TrackedChanges { Accept Reject Anonymise Refuse });
words!(CliFormat => Rendering { Text Json Jsonl });
words!(CliValues => Values { None Short Full });
words!(CliWhen => When { Auto Always Never });

/// Reads the command line. Help, version and mistakes end the process here, as clap does it.
pub(crate) fn request() -> Request {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|e| e.exit());
    if cli.about.list_formats {
        return Request::Print(help::list_formats().into_bytes());
    }
    if let Some(shell) = cli.about.completions {
        let mut out = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "metascrub", &mut out);
        return Request::Print(out);
    }
    if cli.about.man {
        let mut out = Vec::new();
        // Into memory: it cannot fail.
        let _ = clap_mangen::Man::new(Cli::command()).render(&mut out);
        return Request::Print(out);
    }
    match settings(cli, &matches) {
        Ok(settings) => Request::Run(Box::new(settings)),
        Err(what) => Cli::command().error(ErrorKind::ValueValidation, what).exit(),
    }
}

fn settings(cli: Cli, matches: &ArgMatches) -> Result<Settings, String> {
    let mut limits = Limits::default();
    let mut policy = settings::policy_named(&cli.rules.policy, &mut limits)?;
    policy.changes.extend(changes(matches)?);
    policy.unknown_members = cli.rules.unknown_members.map_or(policy.unknown_members, Into::into);
    policy.tracked_changes = cli.rules.tracked_changes.map_or(policy.tracked_changes, Into::into);
    policy.decrypt |= cli.rules.decrypt;
    if policy.keeps(Token::Xattrs) {
        return Err("extended attributes are never copied; 'xattrs' cannot be kept".to_owned());
    }
    limits.size = cli.rules.max_size.unwrap_or(limits.size);
    limits.ratio = cli.rules.max_ratio.unwrap_or(limits.ratio);
    limits.depth = cli.rules.depth.unwrap_or(limits.depth);

    let to = match (cli.output.output, cli.output.in_place) {
        (Some(path), _) => Destination::Output(path),
        (None, true) => Destination::InPlace { backup: cli.output.backup },
        (None, false) => Destination::Beside,
    };
    let mode = match (cli.look.inspect, cli.look.check) {
        (true, _) => Mode::Inspect { findings_fail: cli.look.exit_code },
        (_, true) => Mode::Check,
        _ => Mode::Clean,
    };
    let format = cli.report.format.into();
    let settings = Settings {
        mode,
        rename: to_be_renamed(cli.output.rename, &policy, &to),
        mtime: cli.output.mtime.map_or_else(|| mtime(&policy), Into::into),
        policy,
        limits,
        to,
        force: cli.output.force,
        format,
        values: cli.report.values.into(),
        volume: match (cli.report.quiet, cli.report.verbose) {
            (true, _) => Volume::Quiet,
            (_, true) => Volume::Verbose,
            _ => Volume::Normal,
        },
        progress: cli.report.progress.into(),
        color: cli.report.color.into(),
        // "-" is standard output, which gets the report anyway.
        report: cli.report.report.filter(|r| r.as_os_str() != "-"),
        jobs: cli.report.jobs.map_or(0, usize::from),
        inputs: cli.paths,
    };
    contradictions(&settings)?;
    Ok(settings)
}

/// `--keep` and `--drop` in the order in which they were given, word by word.
fn changes(matches: &ArgMatches) -> Result<Vec<(Token, bool)>, String> {
    let mut words: Vec<(usize, &String, bool)> = Vec::new();
    for (name, keep) in [("keep", true), ("drop", false)] {
        let places = matches.indices_of(name).into_iter().flatten();
        let values = matches.get_many::<String>(name).into_iter().flatten();
        words.extend(places.zip(values).map(|(at, word)| (at, word, keep)));
    }
    words.sort_by_key(|(at, ..)| *at);
    words.into_iter().map(|(_, word, keep)| Ok((Token::named(word.trim())?, keep))).collect()
}

/// In place, and where a name was chosen, names stay.
fn to_be_renamed(asked: bool, policy: &Policy, to: &Destination) -> bool {
    asked || (!policy.keeps(Token::Name) && !matches!(to, Destination::InPlace { .. }))
}

fn mtime(policy: &Policy) -> Mtime {
    match (policy.keeps(Token::Mtime), policy.is_strict()) {
        (true, _) => Mtime::Keep,
        (_, true) => Mtime::Epoch,
        _ => Mtime::Now,
    }
}

/// What clap cannot know.
fn contradictions(settings: &Settings) -> Result<(), String> {
    let stdin = settings.inputs.iter().any(|i| i.as_os_str() == "-");
    if stdin && settings.inputs.len() > 1 {
        return Err("standard input (-) must be the only input".to_owned());
    }
    if stdin && matches!(settings.to, Destination::InPlace { .. }) {
        return Err("standard input cannot be replaced; leave out --in-place".to_owned());
    }
    let to_stdout = matches!(&settings.to, Destination::Output(o) if o.as_os_str() == "-");
    if to_stdout && (settings.inputs.len() > 1 || settings.inputs.iter().any(|i| i.is_dir())) {
        return Err("standard output takes one file".to_owned());
    }
    if metascrub::batch::takes_stdout(settings) && settings.format != Rendering::Text {
        return Err("standard output carries the cleaned file; use --report FILE.json for the report".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Settings, String> {
        let args = ["metascrub"].iter().chain(args);
        let matches = Cli::command().try_get_matches_from(args).map_err(|e| e.to_string())?;
        settings(Cli::from_arg_matches(&matches).map_err(|e| e.to_string())?, &matches)
    }

    #[test]
    fn the_command_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn of_keep_and_drop_the_last_word_counts() {
        let keeps = |args: &[&str]| parse(args).unwrap().policy.keeps(Token::Dpi);
        assert!(keeps(&["--keep", "dpi", "a"]));
        assert!(!keeps(&["--keep", "color,dpi", "--drop", "dpi", "a"]));
        assert!(keeps(&["--drop", "dpi", "--keep", "dpi,color", "a"]));
        assert!(!keeps(&["--keep", "dpi", "--keep", "color", "--drop", "dpi", "a"]));
        assert!(!keeps(&["--policy", "strict", "a"]));
        assert!(keeps(&["--keep", "dpi", "--policy", "strict", "a"]));
    }

    #[test]
    fn mistakes_are_said_in_words() {
        let says = |args: &[&str]| parse(args).unwrap_err();
        assert!(says(&["--keep", "gps", "a"]).contains("known are: orientation"));
        assert!(says(&["--policy", "lax", "a"]).contains("known are: default, strict"));
        assert!(says(&["-", "a"]).contains("only input"));
        assert!(says(&["-i", "-"]).contains("--in-place"));
        assert!(says(&["-", "--format", "json"]).contains("--report"));
        assert!(says(&["-o", "-", "a", "b"]).contains("one file"));
        assert!(says(&["--max-size", "much", "a"]).contains("2GB"));
        assert!(says(&["--keep", "xattrs", "a"]).contains("never"));
        for wrong in
            [&["-i", "-o", "x", "a"][..], &["--inspect", "--check", "a"], &["--backup", "a"], &["-i", "--rename", "a"], &[]]
        {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn strict_makes_copies_that_tell_nothing_from_outside() {
        let strict = parse(&["--policy", "strict", "a"]).unwrap();
        assert!(strict.rename && strict.mtime == Mtime::Epoch);
        let softer = parse(&["--policy", "strict", "--keep", "name,mtime", "a"]).unwrap();
        assert!(!softer.rename && softer.mtime == Mtime::Keep);
        let in_place = parse(&["--policy", "strict", "-i", "a"]).unwrap();
        assert!(!in_place.rename);
        assert_eq!(parse(&["--policy", "strict", "--mtime", "now", "a"]).unwrap().mtime, Mtime::Now);
    }
}
