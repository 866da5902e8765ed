//! Whatever comes from outside: nothing panics, what is accepted reads back as it is shown and as it is stored, and keeps
//! what its type promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod keys;
mod names;
mod rules;
mod stored;

use proptest::prelude::*;

/// What parsers are made for, and what breaks parsers: each case is made of two of these.
const SEEDS: [&str; 40] = [
    "alpha",
    "v1.0",
    "u/main",
    "refs/heads/tickets/DM-1",
    "2.19.1-rc.1+build",
    "w_2031_04",
    "latest",
    "stable",
    "2031-01-02",
    "2031-01-02T03:04:05.678+05:30",
    "12h ago",
    "999999w",
    "18446744073709551616",
    "007",
    "-1",
    "1.0",
    "0123456789abcdef0123456789abcdef",
    "9f8b4b2e-5a0c-4f2e-8f55-8a8d3a5c1e11",
    "https://example.org:8443/a/b?c=d#e",
    "http://[::ffff:127.0.0.1]/",
    "https://user:pw@0x7f.1/",
    "www.example.org:443",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "_imprint/uploads/7/complete",
    "_imprint/incoming/images/1/1.0/moon.png",
    "_orgs/acme/alpha/v/main/index.html",
    "a/b/../../c",
    "./x",
    "a//b",
    "..",
    "C:\\x",
    "%2e%2e%2f",
    "\0",
    "\r\nX-Evil: 1",
    "\u{202e}\u{200b}\u{feff}",
    "Größe 潮汐 😀",
    "<script>alert(1)</script>",
    "(a+)+$",
    "[[:alpha:]",
    "${0}$1$$",
];

/// Any text, and what is nearly right.
fn hostile() -> impl Strategy<Value = String> {
    let seed = || prop::sample::select(&SEEDS[..]);
    let nearly = (
        seed(),
        seed(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(first, second, head, tail)| {
            let (first, second): (Vec<char>, Vec<char>) = (first.chars().collect(), second.chars().collect());
            let head = &first[..=head.index(first.len())];
            let tail = &second[tail.index(second.len())..];
            head.iter().chain(tail).collect::<String>()
        });
    let long = (seed(), 1..400_usize).prop_map(|(seed, times)| seed.repeat(times));
    prop_oneof![
        2 => any::<String>(),
        4 => "[a-z0-9._/:@#$%*+ -]{0,48}",
        1 => seed().prop_map(str::to_owned),
        4 => nearly,
        1 => long,
    ]
}
