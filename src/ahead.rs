//! Work done ahead of being asked for: by several threads, and handed over in order. Members of an archive are cleaned so.

use std::sync::mpsc::{self, Receiver};
use std::thread;

/// More than so many threads would hold more members in memory than a constant amount of it allows.
const MOST: usize = 4;

/// The stack of every thread that walks files: as large as that of the main thread, since files nest as deep in each.
pub const STACK: usize = 8 << 20;

/// Calls `with` with a way to get one result after the other, while several threads are at work on those that come next.
/// `share` makes what one thread does: of `step` threads the one called `first` brings the results number `first`,
/// `first + step`, `first + 2 * step` and so on. `None` is given where no thread is: where there is one processor, or none
/// could be started; and behind the last result.
pub fn ahead<T: Send, I: Iterator<Item = T>, R>(
    share: &(impl Fn(usize, usize) -> I + Sync),
    with: impl FnOnce(&mut dyn FnMut() -> Option<T>) -> R,
) -> R {
    let step = thread::available_parallelism().map_or(1, |n| n.get().min(MOST));
    if step < 2 {
        return with(&mut || None);
    }
    thread::scope(|scope| {
        // A thread waits with each result until it is asked for: at most two are held by each.
        let lines: Vec<Receiver<T>> = (0..step)
            .map(|first| {
                let (send, receive) = mpsc::sync_channel(1);
                let worker = move || {
                    for result in share(first, step) {
                        if send.send(result).is_err() {
                            break;
                        }
                    }
                };
                // Without a thread the line is cut, and what it would have brought is done when it is asked for.
                let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker);
                receive
            })
            .collect();
        let mut next = lines.iter().cycle();
        with(&mut || next.next()?.recv().ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_comes_in_order() {
        for count in [0, 1, 2, 7, 100] {
            let share = |first, step| (first..count).step_by(step).map(|i| i * i);
            let got: Vec<usize> = ahead(&share, |next| (0..count).map(|i| next().unwrap_or(i * i)).collect());
            assert_eq!(got, (0..count).map(|i| i * i).collect::<Vec<_>>());
        }
    }

    /// Files nest as deep in a thread as they do without one.
    #[test]
    fn there_is_room_for_what_nests_deep() {
        fn deep(left: u32) -> u64 {
            let frame = std::hint::black_box([u64::from(left); 4096]);
            if left == 0 { frame[0] } else { frame[1] + deep(left - 1) }
        }
        let got = ahead(&|first, step| (first..4).step_by(step).map(|_| deep(100)), |next| next());
        assert!(got.is_none_or(|sum| sum == 5050));
    }

    /// Whoever stops asking is not waited for.
    #[test]
    fn nobody_has_to_ask_for_all() {
        let got = ahead(&|first, step| (first..usize::MAX).step_by(step), |next| next());
        assert!(got.is_none_or(|i| i == 0));
    }
}
