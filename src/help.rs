//! What the program says about itself: examples, the tokens of policies, the table of formats.

use std::fmt::Write as _;

use metascrub::formats::TABLE;
use metascrub::policy::{Base, Token};

/// After `-h`.
pub(crate) const SHORT_EXAMPLES: &str = "\
Examples:
  metascrub photo.jpg                  writes photo.clean.jpg
  metascrub holiday/                   writes holiday.clean/, the same tree
  metascrub -o out/ a.jpg b.pdf c.zip  writes out/a.jpg, out/b.pdf, out/c.zip
  metascrub --inspect photo.jpg        shows what is in there, writes nothing
  cat a.jpg | metascrub - > b.jpg      works as a filter

--help says more.";

/// After `--help`, and in the manual page.
pub(crate) const EXAMPLES: &str = "\
Examples:
  metascrub photo.jpg                  writes photo.clean.jpg
  metascrub holiday/                   writes holiday.clean/, the same tree
  metascrub -o out/ a.jpg b.pdf c.zip  writes out/a.jpg, out/b.pdf, out/c.zip
  metascrub -i --backup *.jpg          replaces each file, the original stays as NAME.orig
  metascrub --inspect photo.jpg        shows what is in there, writes nothing
  metascrub --check *.pdf              for hooks and CI: exit 3 if anything would go
  cat a.jpg | metascrub - > b.jpg      works as a filter

Exit status:
  0    everything was cleaned, or there was nothing to clean
  1    at least one file was refused or failed; the others were done
  2    the command line made no sense
  3    --check or --inspect --exit-code found something
  130  interrupted; nothing half-written is left

Folders:
  Hidden files are included. Symbolic links inside are not followed, and reported as refused. What systems leave behind
  (.DS_Store, Thumbs.db, desktop.ini …) is left out, and said. A folder that this run writes to is not entered.

A policy file:
  base = \"strict\"            # or \"default\"
  keep = [\"dpi\"]
  drop = [\"color\"]
  unknown-members = \"omit\"
  [limits]
  max-size = \"2GB\"";

/// What can be kept and dropped by name, and what becomes of it when nothing is said.
pub(crate) fn tokens() -> String {
    let each = Token::ALL.iter().map(|token| {
        let state = match (token.kept_by(Base::Default), token.kept_by(Base::Strict)) {
            _ if token.meaning().contains("refused") => "",
            (true, true) => "",
            (true, false) => " [strict: dropped]",
            (false, _) => " [dropped]",
        };
        format!("  {:<20} {}{state}", token.name(), token.meaning())
    });
    let list: Vec<String> = each.collect();
    format!("Keep these things\n\nOf --keep and --drop the last word counts. What is not marked is kept:\n{}", list.join("\n"))
}

/// `--list-formats`, from the table that cleans.
pub(crate) fn list_formats() -> String {
    let mut out = String::new();
    let mut rows: Vec<_> = TABLE.iter().collect();
    rows.sort_by_key(|f| f.name.to_lowercase());
    for format in rows {
        let extensions: Vec<String> = format.extensions.iter().map(|e| format!(".{e}")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:<12} {}", format.name, extensions.join(" "));
        let _ = writeln!(out, "{:<12} stays: {}", "", format.keeps);
        let _ = writeln!(out, "{:<12} goes:  {}\n", "", format.removes);
    }
    out.push_str("Anything else is refused, never copied in silence.\n");
    out
}
