//! What a browser sees: headers, cookies, the way from the page to the file.

use super::*;

#[test]
fn from_the_page_to_the_file() {
    let mut world = World::new(40 * MIB);
    let page = world.view();
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-")
            && policy.contains("form-action 'self'")
            && policy.contains("frame-ancestors 'none'")
    );
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("content-language"), Some("ar"));
    let Body::Html(html) = &page.body else { panic!() };
    assert_eq!(page.header("content-length"), Some(html.len().to_string().as_str()));

    let pressed = world.post();
    let location = pressed.header("location").unwrap().to_owned();
    let id = location.split('/').nth(2).unwrap();
    assert_eq!(location, format!("/f/{id}/%D8%AF%D9%84%D9%8A%D9%84%20%D8%A7%D9%84%D9%85%D9%87%D9%86%D8%AF%D8%B3.pdf"));
    let cookie = pressed.header("set-cookie").unwrap();
    assert!(cookie.starts_with(&format!("__Host-dl_{id}=")));
    assert!(cookie.ends_with("; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=7200"));
    assert_eq!(cookie.split(['=', ';']).nth(1).unwrap().len(), 43);

    let file = world.request("GET", &location, &[]);
    assert_eq!(file.status, 200);
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-length", "41943040"),
        ("etag", "\"3-abc\""),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(file.header(name), Some(value), "{name}");
    }
    let range = world.get(&[("range", "bytes=-100")]);
    assert_eq!((range.header("content-range"), range.header("content-length")), (Some("bytes 41942940-41943039/41943040"), Some("100")));
    assert_eq!(world.kinds(), ["claimed", "opened", "resumed"]);
}

#[test]
fn a_press_whose_answer_was_lost_can_be_repeated() {
    let mut world = World::new(5);
    world.view();
    let cookie = world.cookie.clone();
    assert!(cookie.is_some(), "set before the press");
    world.view();
    assert_eq!(world.cookie, cookie, "and once");
    assert_eq!(world.post().status, 303);
    world.cookie = cookie;
    assert_eq!((world.post().status, world.get(&[]).status), (303, 200));
    // The page's cookie is worth nothing to a second visitor.
    let mut other = World::new(5);
    other.view();
    let late = other.cookie.take();
    assert_eq!(other.post().status, 303);
    other.cookie = late;
    assert_eq!((other.post().status, other.get(&[]).status), (409, 403));
}

#[test]
fn pressing_download_twice_in_the_store_is_one_claim() {
    let mut world = World::new(5);
    let cookie = world.site.prepare(&world.ticket, "a=b", [1; 32], world.now).unwrap();
    assert!(cookie.starts_with("__Host-dl_") && cookie.ends_with("; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=7200"));
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(world.site.prepare(&world.ticket, &cookie, [2; 32], world.now), None);
    for _ in 0..2 {
        world.cookie = Some(cookie.clone());
        assert_eq!(world.post().status, 303);
    }
    assert_eq!(world.kinds(), ["claimed"]);
}

#[test]
fn a_bot_gets_no_cookie_by_head_and_consumes_nothing_by_get() {
    let mut world = World::new(5);
    let path = world.page_path();
    assert_eq!(world.request("HEAD", &path, &[]).header("set-cookie"), None);
    for _ in 0..20 {
        world.cookie = None;
        world.view();
    }
    assert_eq!((world.state.is_none(), world.records.len()), (true, 0));
    world.cookie = None;
    assert_eq!(world.post().status, 303, "a person comes later");
}

#[test]
fn many_cookies_and_plain_http() {
    let mut world = World::new(5);
    world.site.secure = false;
    let cookie = world.post().header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("dl_") && !cookie.contains("Secure"));
    let mine = world.cookie.clone().unwrap();
    let name = mine.split('=').next().unwrap();
    for cookies in [format!("a=b; x{name}=no; {mine}; c=d"), format!("{mine};{name}=no"), format!(" {mine} ")] {
        assert_eq!(world.get(&[("cookie", &cookies)]).status, 200, "{cookies}");
        world.close(world.state().next_stream - 1, 0);
    }
    for cookies in ["", "; ;", name, &format!("{name}="), &format!("{name}=short"), &format!("__Host-{mine}")] {
        assert_eq!(world.get(&[("cookie", cookies)]).status, 403, "{cookies}");
    }
}

#[test]
fn pages_speak_the_visitors_language() {
    let mut world = World::new(5);
    let path = world.page_path();
    for (header, tag, title) in
        [("en-GB,en;q=0.9", "en", "Your file is ready"), ("fr", "fr", "Le fichier est prêt"), ("de", "ar", "الملف جاهز للتنزيل")]
    {
        let response = world.request("GET", &path, &[("accept-language", header)]);
        let Body::Html(html) = &response.body else { panic!() };
        assert!(html.contains(title) && response.header("content-language") == Some(tag));
    }
}

#[test]
fn a_page_tells_the_file_only_to_whom_it_concerns() {
    let mut world = World::claimed(40 * MIB);
    world.cookie = None;
    let named = |response: Response| matches!(response.body, Body::Html(html) if html.contains("دليل المهندس.pdf"));
    assert!(named(world.view()), "the ticket says it anyway");
    assert!(!named(world.get(&[])), "the address does not");
}

#[test]
fn every_missing_link_looks_the_same() {
    let mut world = World::new(5);
    let unclaimed = world.get(&[]);
    let bad = world.request("GET", "/f/x/y", &[]);
    let worker = Ticket { gateway: Gateway::Worker, ..ticket(5) }.seal(&world.site.keys);
    let foreign = world.request("GET", &format!("/d/{worker}"), &[]);
    let mistyped = world.request("POST", "/d/v1.x.y.z", &[]);
    world.post();
    world.ticket.nonce = [1; 16];
    let replaced = world.view();
    assert_eq!(unclaimed.status, 404);
    for response in [bad, foreign, mistyped, replaced] {
        assert_eq!(response, unclaimed);
    }
}

#[test]
fn a_gateway_serves_its_own_links_alone() {
    let mut world = World::claimed(5);
    assert_eq!(world.get(&[]).status, 200);
    // The store knows of the Worker's claims too; the cookie of one is worth nothing at the store.
    world.state.as_mut().unwrap().gateway = Gateway::Worker;
    assert_eq!(world.get(&[]).status, 404);
}

#[test]
fn numbers_go_on_where_the_store_knows_them() {
    let mut world = World::new(5);
    world.ticket.sequence = 12;
    let step = step(&State::issued(&world.ticket, 0), &Event::Revoke, world.now);
    assert_eq!((step.records[0].sequence, step.state.sequence), (13, 13));
    assert_eq!(State::issued(&world.ticket, 15).sequence, 15, "the gateway may know of more");
}

#[test]
fn paths() {
    assert_eq!(Target::parse("/d/abc"), Some(Target::Ticket("abc".to_owned())));
    assert_eq!(Target::parse("/f/id/%D8%AF.pdf"), Some(Target::File("id".to_owned())));
    assert_eq!(Target::parse("/f/id"), Some(Target::File("id".to_owned())));
    for other in ["/", "", "/d", "/files/x", "/download/x"] {
        assert_eq!(Target::parse(other), None);
    }
}
