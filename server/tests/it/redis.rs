//! Two servers that share a database and a Redis.

use futures::StreamExt;
use serde_json::json;
use server::config::Config;

use crate::world::{World, json_of, on_sqlite};

fn redis_url() -> String {
    std::env::var("TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

async fn second(world: &World, change: impl FnOnce(&mut Config)) -> World {
    let mut second = World::start(world.config.data_dir.clone(), &world.config.database_url, |config| {
        config.redis_url = Some(redis_url());
        change(config);
    })
    .await;
    second.clock = world.clock.clone();
    second
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_one_server_is_heard_on_the_other() {
    on_sqlite(
        |config| config.redis_url = Some(redis_url()),
        async |world| {
            let mut other = second(world, |_| {}).await;
            let account = world.activated().await;
            let mut stream = other.get("/api/v1/notifications/stream/").bearer_auth(&account.access).send().await.unwrap().bytes_stream();
            let mut told = String::new();
            // The subscription may still be on its way when the first changes are made.
            let recharging = async {
                loop {
                    let code = world.code(70).await;
                    json_of(world.post("/api/v1/wallet/recharge-code/").bearer_auth(&account.access).json(&json!({"charge_code": code})))
                        .await;
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            };
            let hearing = async {
                while !told.contains("\"kind\":\"recharged\"") {
                    told += std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap();
                }
            };
            tokio::select! {
                () = recharging => {}
                () = hearing => {}
                () = tokio::time::sleep(std::time::Duration::from_secs(20)) => panic!("the other server heard nothing: {told}"),
            }
            other.stop().await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_together() {
    // An address of its own: the count lives in Redis for a minute, and other tests use 127.0.0.1.
    let address = std::net::IpAddr::from([127, 0, 1, u8::try_from(std::process::id() % 250 + 1).unwrap()]);
    let limit = |config: &mut Config| {
        config.redis_url = Some(redis_url());
        config.rate_limit = 6;
    };
    on_sqlite(limit, async |world| {
        let mut other = second(world, |config| config.rate_limit = 6).await;
        let http = crate::world::client(address);
        let mut allowed = 0;
        for _ in 0..5 {
            for url in [&world.url, &other.url] {
                allowed += i32::from(http.get(format!("{url}/api/v1/products/categories/")).send().await.unwrap().status() == 200);
            }
        }
        assert_eq!(allowed, 6);
        other.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_not_there_stops_the_start() {
    on_sqlite(
        |_| {},
        async |world| {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let config = Config { redis_url: Some("redis://127.0.0.1:1".to_owned()), ..world.config.clone() };
            let started =
                server::server::Server::new(config, world.store.clone(), std::sync::Arc::new(server::system::OsRng), listener).await;
            let error = started.err().expect("there is no Redis").to_string();
            assert!(error.starts_with("REDIS_URL: ") && !error.contains('\n'), "{error}");
        },
    )
    .await;
}
