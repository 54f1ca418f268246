//! Kinds of files that are not cleaned, but told by name.

use crate::support::*;
use metascrub::refusal::Code;

#[test]
fn films_in_mpeg_streams_are_told_and_what_to_do_with_them() {
    let packets = |every: usize, at: usize| {
        let mut bytes = vec![0x80; every * 5];
        bytes.iter_mut().skip(at).step_by(every).for_each(|b| *b = 0x47);
        bytes
    };
    for (bytes, what) in [
        (packets(188, 0), "transport stream"),
        (packets(204, 0), "transport stream"),
        (packets(192, 4), "AVCHD"),
        (b"\0\0\x01\xba\x44\0\x04".to_vec(), "program stream"),
    ] {
        let r = refusal("a.ts", &bytes);
        assert_eq!(r.code(), Code::Unsupported);
        assert!(r.to_string().contains(what), "{r}");
        assert!(r.advice().contains("ffmpeg"), "{}", r.advice());
    }
}
