//! A page to look at.

use super::*;

/// A page as it is when a registry is in use, to look at: `cargo test … -- --ignored a_page_to_look_at`, then open
/// `registry-page.html` and `registry-page-empty.html` in the directory for temporary files.
#[tokio::test]
#[ignore = "writes files for people"]
async fn a_page_to_look_at() {
    let write = |name: &str, page: String| std::fs::write(std::env::temp_dir().join(name), page).unwrap();
    write("registry-page-empty.html", page(&Server::new()).await);
    let server = Server::new();
    let env = server.world.env();
    server.world.clock.advance(days(60));
    for slug in ["handbook", "builder"] {
        product(&server, slug);
    }
    for (n, day) in [
        720, 655, 601, 540, 490, 433, 371, 330, 322, 270, 214, 160, 98, 55, 12,
    ]
    .into_iter()
    .enumerate()
    {
        let version = if n == 8 {
            "2.7.1".to_owned()
        } else {
            format!("2.{}.0", n - usize::from(n > 8))
        };
        let given = Given {
            note: [
                "Faster search, and links between versions.",
                "Mends the switcher.",
                "",
            ][n % 3],
            description: "The operator's handbook: installation, upgrades, and what to do at night.",
            build: (n > 4).then_some("27"),
            ..Given::of("handbook/stable", &version, day)
        };
        publish(&env, given).await;
    }
    for (version, day) in [
        ("3.0.0-alpha.1", 200),
        ("3.0.0-beta.1", 120),
        ("3.0.0-beta.2", 40),
        ("3.0.0-rc.1", 4),
    ] {
        let description = "The operator's handbook: installation, upgrades, and what to do at night.";
        publish(
            &env,
            Given {
                description,
                build: Some("31"),
                ..Given::of("handbook/beta", version, day)
            },
        )
        .await;
    }
    publish(&env, Given::of("builder/stable", "v1.4.2", 33)).await;
    publish(
        &env,
        Given {
            description: "",
            ..Given::of("a-component-with-a-rather-long-name/nightly", "2026-02-28", 1)
        },
    )
    .await;
    let runs = [
        ("2.13.0", 812),
        ("2.12.0", 431),
        ("2.11.0", 204),
        ("2.10.0", 96),
        ("2.9.0", 77),
        ("2.7.1", 140),
        ("2.6.0", 12),
        ("2.5.0", 8),
        ("2.4.0", 3),
        ("3.0.0-beta.2", 19),
        ("3.0.0-rc.1", 7),
        ("2.12.1-ours", 21),
        ("2.1.0", 1),
        ("nightly", 2),
    ];
    let mut n = 0;
    for (version, count) in runs {
        for _ in 0..count {
            n += 1;
            let id = format!("c{n}");
            server
                .world
                .clock
                .set(samples::NOON + days(60 - i64::from(n % 9) * i64::from(n % 7)));
            let token = check_in(
                &env,
                &id,
                &[
                    ("handbook", version),
                    ("builder", if n % 3 == 0 { "1.4.2" } else { "1.4.1" }),
                ],
            )
            .await;
            if n % 3 > 0 {
                check_in_with(
                    &env,
                    &id,
                    &[
                        ("handbook", version),
                        ("builder", if n % 3 == 0 { "1.4.2" } else { "1.4.1" }),
                    ],
                    token,
                )
                .await;
            }
        }
    }
    server.world.clock.set(samples::NOON + days(60));
    write("registry-page.html", page(&server).await);
}
