//! A fresh folder, small pictures, and the program run in it.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What must not survive.
pub const SECRET: &str = "CANARY Anna Example";

/// A folder for one test.
pub struct Dir(tempfile::TempDir);

/// What a run said and how it ended.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub raw: Vec<u8>,
}

impl Dir {
    pub fn new() -> Dir {
        Dir(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> &Dir {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.path(&name)).unwrap_or_else(|e| panic!("{}: {e}", name.as_ref().display()))
    }

    pub fn has(&self, name: impl AsRef<Path>) -> bool {
        fs::symlink_metadata(self.path(name)).is_ok()
    }

    /// Everything in it, sorted.
    pub fn tree(&self) -> Vec<String> {
        fn walk(at: &Path, under: &str, out: &mut Vec<String>) {
            for entry in fs::read_dir(at).unwrap().map(Result::unwrap) {
                let name = format!("{under}{}", entry.file_name().to_string_lossy());
                if entry.file_type().unwrap().is_dir() {
                    walk(&entry.path(), &format!("{name}/"), out);
                }
                out.push(name);
            }
        }
        let mut out = Vec::new();
        walk(self.0.path(), "", &mut out);
        out.sort();
        out
    }

    pub fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_metascrub"));
        command.current_dir(self.0.path()).args(args).stdin(Stdio::null()).env_remove("NO_COLOR");
        command
    }

    pub fn run(&self, args: &[impl AsRef<OsStr>]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// The same, and it must end like this.
    pub fn ends(&self, code: i32, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{args:?}\n{}\n{}", ran.out, ran.err);
        ran
    }

    pub fn filter(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
        // Whoever refuses early does not read all of it.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Ran::of(output)
    }

    /// A line of shell with `$M` for the program.
    pub fn shell(&self, line: &str) -> Ran {
        let mut command = Command::new("bash");
        command.current_dir(self.0.path()).args(["-c", line]).env("M", env!("CARGO_BIN_EXE_metascrub")).env_remove("NO_COLOR");
        Ran::of(command.stdin(Stdio::null()).output().unwrap())
    }

    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let ran = self.run(args);
        serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}\n{}\n{}", ran.out, ran.err))
    }
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        Ran {
            // A signal is no exit status: it shows as -1.
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            raw: output.stdout,
        }
    }
}

pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    let crc = crc32fast::hash(&body);
    [&(data.len() as u32).to_be_bytes()[..], &body, &crc.to_be_bytes()].concat()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn picture(side: u32, between: &[Vec<u8>]) -> Vec<u8> {
    let header = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    // Rows that do not compress, so that large pictures are large files.
    let mut seed = 1u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    let rows: Vec<u8> =
        (0..side).flat_map(|_| std::iter::once(0).chain((0..side).map(|_| noise()).collect::<Vec<_>>())).collect();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    out.extend(chunk(b"IHDR", &header));
    between.iter().for_each(|b| out.extend(b));
    out.extend(chunk(b"IDAT", &deflated(&rows)));
    out.extend(chunk(b"IEND", b""));
    out
}

/// A picture that tells.
pub fn dirty() -> Vec<u8> {
    picture(8, &[chunk(b"tEXt", format!("Author\0{SECRET}").as_bytes()), chunk(b"tIME", &[7, 232, 5, 18, 14, 3, 22])])
}

/// The same picture with nothing to remove.
pub fn clean() -> Vec<u8> {
    picture(8, &[])
}

/// A picture that tells, of about `side` squared bytes.
pub fn large(side: u32) -> Vec<u8> {
    picture(side, &[chunk(b"tEXt", format!("Author\0{SECRET}").as_bytes())])
}

/// A picture that tells `text`.
pub fn telling(text: &str) -> Vec<u8> {
    picture(8, &[chunk(b"iTXt", &[b"Author\0\0\0\0\0", text.as_bytes()].concat())])
}

/// Whether some trouble cannot be made here, since the superuser may do everything.
pub fn is_root() -> bool {
    cfg!(unix) && Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n")
}
