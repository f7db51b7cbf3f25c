//! The table of the design, section 6, cell by cell, through HTTP.

use super::*;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Column {
    Issued,
    Claimed,
    Complete,
    ClaimedWithout,
    CompleteWithout,
    Unclaimed,
    Ended,
    Revoked,
    CompleteEnded,
}
use Column::{Claimed, ClaimedWithout, Complete, CompleteEnded, CompleteWithout, Ended, Issued, Revoked, Unclaimed};

const COLUMNS: [Column; 9] = [Issued, Claimed, Complete, ClaimedWithout, CompleteWithout, Unclaimed, Ended, Revoked, CompleteEnded];
const SIZE: u64 = 40 * MIB;

fn world(column: Column) -> World {
    let mut world = World::new(SIZE);
    if matches!(column, Issued | Unclaimed) {
        // A cookie that fits and claimed nothing must be worth nothing.
        world.view();
    } else {
        world.post();
    }
    if matches!(column, Complete | CompleteWithout | CompleteEnded) {
        assert_eq!(world.download(&[], SIZE), SIZE);
        assert_eq!(world.state().phase, Phase::Complete);
    }
    match column {
        ClaimedWithout | CompleteWithout => world.cookie = None,
        Unclaimed => {
            world.now = PRESSED.plus(CLAIM_WINDOW);
            world.event(&Event::Expire);
        }
        Ended | CompleteEnded => world.now = PRESSED.plus(STREAM_WINDOW),
        Revoked => assert_eq!(world.event(&Event::Revoke), Reply::Done),
        _ => {}
    }
    world
}

/// One row: the request is made in a world of each column, the statuses are the cells.
fn row(name: &str, statuses: [u16; 9], request: impl Fn(&mut World) -> Response) {
    for (column, expected) in COLUMNS.into_iter().zip(statuses) {
        let mut world = world(column);
        let response = request(&mut world);
        assert_eq!(response.status, expected, "{name} in {column:?}");
        assert_eq!(response.header("cache-control"), Some("private, no-store"), "{name} in {column:?}");
        assert_eq!(response.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    }
}

/// A row of requests that must leave state and log as they are, whatever they answer.
fn unchanging_row(name: &str, statuses: [u16; 9], request: impl Fn(&mut World) -> Response) {
    row(name, statuses, |world| {
        let before = (world.state.clone(), world.records.len());
        let response = request(world);
        assert_eq!((world.state.clone(), world.records.len()), before, "{name} changed something");
        response
    });
}

#[test]
fn bad_ticket_or_address() {
    for method in ["GET", "HEAD", "POST"] {
        unchanging_row("bad ticket", [404; 9], |world| {
            let path = format!("{}x", world.page_path());
            world.request(method, &path, &[])
        });
    }
    for method in ["GET", "HEAD"] {
        unchanging_row("bad address", [404; 9], |world| {
            let path = world.file_path().replacen("/f/", "/f/0", 1);
            world.request(method, &path, &[])
        });
    }
}

#[test]
fn view_of_the_ticket() {
    for method in ["GET", "HEAD"] {
        unchanging_row("view", [200, 200, 200, 200, 200, 410, 410, 410, 410], |world| {
            let path = world.page_path();
            let response = world.request(method, &path, &[("sec-purpose", "prefetch")]);
            assert_eq!(response.body == Body::Empty, method == "HEAD");
            response
        });
    }
    let page = |column: Column| match world(column).view().body {
        Body::Html(html) => html,
        body => panic!("{body:?}"),
    };
    for (column, title) in [
        (Issued, "الملف جاهز للتنزيل"),
        (Claimed, "استكمال التنزيل"),
        (Complete, "اكتمل التنزيل"),
        (ClaimedWithout, "استُعمل هذا الرابط"),
        (CompleteWithout, "استُعمل هذا الرابط"),
        (Unclaimed, "انتهت مدة الرابط"),
        (Ended, "انتهى وقت هذا الرابط"),
        (Revoked, "أُلغي هذا الرابط"),
        (CompleteEnded, "انتهى وقت هذا الرابط"),
    ] {
        assert!(page(column).contains(&format!("<h1>{title}</h1>")), "{column:?}");
    }
}

#[test]
fn claim() {
    row("claim", [303, 303, 303, 409, 409, 410, 410, 410, 410], |world| {
        let claims = |world: &World| world.records.iter().filter(|record| record.kind == Kind::Claimed).count();
        let before = (claims(world), world.state.as_ref().is_some_and(|state| state.claim.is_some()));
        let response = world.post();
        if response.status == 303 {
            assert_eq!(claims(world), 1, "one claim, however often it is made");
            assert!(response.header("location").unwrap().starts_with("/f/"));
            assert!(response.header("set-cookie").is_some());
        } else {
            assert_eq!(claims(world), before.0);
            assert_eq!(response.header("set-cookie"), None);
        }
        response
    });
}

#[test]
fn head_of_the_file() {
    unchanging_row("head", [404, 200, 200, 403, 403, 410, 410, 410, 410], |world| {
        let path = world.file_path();
        let response = world.request("HEAD", &path, &[("range", "bytes=5-1,7")]);
        assert_eq!(response.body, Body::Empty);
        if response.status == 200 {
            assert_eq!(response.header("content-length"), Some("41943040"), "HEAD knows no ranges (RFC 9110 section 14.2)");
        }
        response
    });
}

#[test]
fn get_of_the_file() {
    // Once complete no second whole copy can be sent, but ranges can.
    row("get", [404, 200, 410, 403, 403, 410, 410, 410, 410], |world| world.get(&[]));
    row("range", [404, 206, 206, 403, 403, 410, 410, 410, 410], |world| world.get(&[("range", "bytes=100-199")]));
}

#[test]
fn conditions() {
    unchanging_row("if-none-match hit", [404, 304, 304, 403, 403, 410, 410, 410, 410], |world| {
        // The refusals are recorded by the rows above; here they would be changes.
        let path = world.file_path();
        let response = world.request("HEAD", &path, &[("if-none-match", "\"3-abc\"")]);
        assert!(response.status != 304 || response.header("etag") == Some("\"3-abc\""));
        response
    });
    row("if-none-match hit", [404, 304, 304, 403, 403, 410, 410, 410, 410], |world| {
        let charged = world.state.as_ref().map(|state| state.charged);
        let response = world.get(&[("if-none-match", "\"3-abc\""), ("range", "bytes=9999999999-")]);
        assert_eq!(world.state.as_ref().map(|state| state.charged), charged);
        response
    });
    row("if-none-match miss", [404, 200, 410, 403, 403, 410, 410, 410, 410], |world| world.get(&[("if-none-match", "\"other\"")]));
    row("if-range hit", [404, 206, 206, 403, 403, 410, 410, 410, 410], |world| {
        world.get(&[("if-range", "\"3-abc\""), ("range", "bytes=1-5")])
    });
    row("if-range miss", [404, 200, 410, 403, 403, 410, 410, 410, 410], |world| {
        world.get(&[("if-range", "\"other\""), ("range", "bytes=1-5")])
    });
}

#[test]
fn bad_and_multiple_ranges() {
    for range in ["bytes=0-1,5-9", "bytes=41943040-", "bytes=9-1", "bytes=", "bytes=-0", "bytes=a-b"] {
        row("bad range", [404, 416, 416, 403, 403, 410, 410, 410, 410], |world| {
            let charged = world.state.as_ref().map(|state| state.charged);
            let response = world.get(&[("range", range)]);
            assert!(response.status != 416 || response.header("content-range") == Some("bytes */41943040"));
            assert_eq!(world.state.as_ref().map(|state| state.charged), charged);
            response
        });
    }
}

#[test]
fn budget_exceeded() {
    row("budget", [404, 410, 410, 403, 403, 410, 410, 410, 410], |world| {
        if world.state.as_ref().is_some_and(|state| !state.is_over(world.now)) && world.cookie.is_some() {
            while world.state().budget_left() >= 5 * MIB {
                world.download(&[("range", "bytes=0-5242879")], 5 * MIB);
            }
            let response = world.get(&[("range", "bytes=0-5242879")]);
            let Body::Html(html) = &response.body else { panic!("{response:?}") };
            assert!(html.contains("<h1>تلزم محاولة جديدة</h1>"));
        }
        world.get(&[("range", "bytes=0-5242879")])
    });
}

#[test]
fn too_many_streams() {
    row("streams", [404, 429, 429, 403, 403, 410, 410, 410, 410], |world| {
        let status = world.get(&[("range", "bytes=0-9")]).status;
        for _ in 1..MAX_STREAMS {
            assert_eq!(world.get(&[("range", "bytes=0-9")]).status, status);
        }
        let response = world.get(&[("range", "bytes=0-9")]);
        assert_eq!(response.header("retry-after").is_some(), response.status == 429);
        response
    });
}

#[test]
fn prefetch_of_the_file() {
    for (name, value) in [("sec-purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch")] {
        row("prefetch", [404, 403, 403, 403, 403, 410, 410, 410, 410], |world| {
            let charged = world.state.as_ref().map(|state| state.charged);
            let response = world.get(&[(name, value)]);
            assert_eq!(world.state.as_ref().map(|state| state.charged), charged);
            response
        });
    }
}

#[test]
fn storage_failure() {
    for column in [Claimed, Complete] {
        let mut world = world(column);
        let charged = world.state().charged;
        let Body::Stream(stream) = world.get(&[("range", "bytes=5-")]).body else { panic!() };
        assert!(world.state().charged > charged);
        let failed = Event::StorageFailed { stream: stream.id, client: client() };
        assert_eq!(world.event(&failed), Reply::Refused(Refusal::Storage));
        assert_eq!(world.state().charged, charged, "the charge is returned");
        assert_eq!(world.state().open_streams(world.now), 0);
        assert_eq!(world.event(&failed), Reply::Refused(Refusal::Storage), "told twice, returned once");
        assert_eq!(world.state().charged, charged);
        assert_eq!(world.kinds().last(), Some(&"storage_failed"));
    }
    let world = World::new(SIZE);
    let request = Request::new("GET", &world.file_path(), "::1", |_| None::<&str>).unwrap();
    let response = world.site.unavailable(&request);
    assert_eq!((response.status, response.header("retry-after")), (503, Some("30")));
}

#[test]
fn other_methods() {
    for method in ["PUT", "DELETE", "OPTIONS", "get", ""] {
        unchanging_row("method", [405; 9], |world| {
            let path = world.page_path();
            let response = world.request(method, &path, &[]);
            assert_eq!(response.header("allow"), Some("GET, HEAD, POST"));
            response
        });
    }
    unchanging_row("post to the file", [405; 9], |world| {
        let path = world.file_path();
        let response = world.request("POST", &path, &[]);
        assert_eq!(response.header("allow"), Some("GET, HEAD"));
        response
    });
}
