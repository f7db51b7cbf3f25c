//! Who may do what, walked over every call, server function and page of the staff with every role: a new one that is not in the
//! tables below fails the test.

use leptos::server_fn::axum::server_fn_paths;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use shared::api::{
    Role,
    admin::Permission::{
        self, ChangeSettings, FindCode, HandlePersonalData, HelpCustomers, ManageCodes, ManageFiles, ManagePackages, ManageStaff,
        MoveCoins, SeeAudit, SeeCustomers, SeeDownloads, SeeStatistics, Work,
    },
};

use crate::{
    on_both,
    world::{World, json_of},
};

/// Calls of the API: method, path, what it takes, and a body that can be read. The path's names are put in by [`filled`].
const CALLS: &[(&str, &str, Permission, &str)] = &[
    ("get", "/api/v1/admin/files/", ManageFiles, ""),
    ("post", "/api/v1/admin/files/", ManageFiles, r#"{"title": "", "category_id": 0, "price_coins": 0, "kind": ""}"#),
    ("post", "/api/v1/admin/files/import/", ManageFiles, r#"{"table": ""}"#),
    ("get", "/api/v1/admin/files/{id}/", ManageFiles, ""),
    ("put", "/api/v1/admin/files/{id}/", ManageFiles, r#"{"title": "", "category_id": 0, "price_coins": 0, "kind": ""}"#),
    ("get", "/api/v1/admin/files/{id}/versions/", ManageFiles, ""),
    ("post", "/api/v1/admin/files/{id}/publish/", ManageFiles, ""),
    ("post", "/api/v1/admin/files/{id}/hide/", ManageFiles, ""),
    ("put", "/api/v1/admin/files/{id}/content/", ManageFiles, "{}"),
    ("put", "/api/v1/admin/files/{id}/cover/", ManageFiles, "{}"),
    ("delete", "/api/v1/admin/files/{id}/cover/", ManageFiles, ""),
    ("put", "/api/v1/admin/files/{id}/preview/", ManageFiles, "{}"),
    ("delete", "/api/v1/admin/files/{id}/preview/", ManageFiles, ""),
    ("get", "/api/v1/admin/categories/", ManageFiles, ""),
    ("post", "/api/v1/admin/categories/", ManageFiles, r#"{"name": ""}"#),
    ("put", "/api/v1/admin/categories/{id}/", ManageFiles, r#"{"name": "x"}"#),
    ("delete", "/api/v1/admin/categories/{id}/", ManageFiles, ""),
    ("post", "/api/v1/admin/categories/{id}/position/", ManageFiles, r#"{"position": 0}"#),
    ("post", "/api/v1/admin/uploads/", ManageFiles, r#"{"file_id": 999999, "file_name": "x", "length": 1}"#),
    ("get", "/api/v1/admin/uploads/{id}/", ManageFiles, ""),
    ("get", "/api/v1/admin/files/{id}/uploads/", ManageFiles, ""),
    ("patch", "/api/v1/admin/uploads/{id}/", ManageFiles, "{}"),
    ("delete", "/api/v1/admin/uploads/{id}/", ManageFiles, ""),
    ("get", "/api/v1/admin/alerts/", Work, ""),
    ("post", "/api/v1/admin/alerts/{kind}/dismiss/", Work, ""),
    ("get", "/api/v1/admin/account/", Work, ""),
    ("post", "/api/v1/admin/account/password/", Work, r#"{"old_password": "not it", "new_password": "short"}"#),
    ("post", "/api/v1/admin/account/totp/", Work, ""),
    ("post", "/api/v1/admin/account/totp/confirm/", Work, r#"{"totp": ""}"#),
    ("post", "/api/v1/admin/account/totp/disable/", Work, r#"{"password": ""}"#),
    ("post", "/api/v1/admin/account/sessions/{id}/end/", Work, ""),
    ("get", "/api/v1/admin/staff/", ManageStaff, ""),
    ("post", "/api/v1/admin/staff/", ManageStaff, r#"{"username": "", "new_password": "", "role": ""}"#),
    ("post", "/api/v1/admin/staff/{id}/role/", ManageStaff, r#"{"role": "support"}"#),
    ("post", "/api/v1/admin/staff/{id}/disable/", ManageStaff, ""),
    ("post", "/api/v1/admin/staff/{id}/enable/", ManageStaff, ""),
    ("post", "/api/v1/admin/staff/{id}/password/", ManageStaff, r#"{"new_password": ""}"#),
    ("post", "/api/v1/admin/staff/{id}/unlock/", ManageStaff, ""),
    ("post", "/api/v1/admin/staff/{id}/totp/disable/", ManageStaff, ""),
    ("post", "/api/v1/direct-recharge/", MoveCoins, r#"{"customer_serial": "", "coin_amount": 0}"#),
    ("post", "/api/v1/admin/customers/{serial}/block/", HelpCustomers, ""),
    ("post", "/api/v1/admin/customers/{serial}/unblock/", HelpCustomers, ""),
    ("post", "/api/v1/admin/customers/{serial}/unlock/", HelpCustomers, ""),
    ("post", "/api/v1/admin/purchases/{id}/refund/", MoveCoins, r#"{"reason": "test"}"#),
    ("get", "/api/v1/admin/customers/", SeeCustomers, ""),
    ("get", "/api/v1/admin/customers/{serial}/", SeeCustomers, ""),
    ("get", "/api/v1/admin/customers/{serial}/transactions/", SeeCustomers, ""),
    ("get", "/api/v1/admin/customers/{serial}/purchases/", SeeCustomers, ""),
    ("post", "/api/v1/admin/customers/{serial}/pin/", HelpCustomers, ""),
    ("post", "/api/v1/admin/customers/{serial}/sessions/end/", HelpCustomers, ""),
    ("post", "/api/v1/admin/customers/sessions/{id}/end/", HelpCustomers, ""),
    ("post", "/api/v1/admin/customers/{serial}/export/", HandlePersonalData, ""),
    ("post", "/api/v1/admin/customers/{serial}/erase/", HandlePersonalData, r#"{"confirmation": ""}"#),
    ("post", "/api/v1/admin/transactions/{id}/correct/", MoveCoins, r#"{"amount": 5, "reason": "test"}"#),
    ("get", "/api/v1/admin/purchases/{id}/", SeeDownloads, ""),
    ("get", "/api/v1/admin/purchases/{id}/events/", SeeDownloads, ""),
    ("post", "/api/v1/admin/purchases/{id}/attempts/", HelpCustomers, r#"{"reason": "test"}"#),
    ("get", "/api/v1/admin/downloads/", SeeDownloads, ""),
    ("get", "/api/v1/admin/downloads/csv/", SeeDownloads, ""),
    ("get", "/api/v1/admin/audit/", SeeAudit, ""),
    ("get", "/api/v1/admin/audit/csv/", SeeAudit, ""),
    ("post", "/api/v1/admin/codes/", ManageCodes, r#"{"value": 0, "count": 0, "label": ""}"#),
    ("get", "/api/v1/admin/codes/", ManageCodes, ""),
    ("post", "/api/v1/admin/codes/ticketed/", ManageCodes, r#"{"value": 0, "count": 0, "label": ""}"#),
    ("post", "/api/v1/admin/codes/{id}/hand-out/", ManageCodes, r#"{"ticket": "", "way": ""}"#),
    ("get", "/api/v1/admin/codes/{id}/", ManageCodes, ""),
    ("get", "/api/v1/admin/codes/{id}/lines/", ManageCodes, ""),
    ("post", "/api/v1/admin/codes/{id}/freeze/", ManageCodes, ""),
    ("post", "/api/v1/admin/codes/{id}/thaw/", ManageCodes, ""),
    ("post", "/api/v1/admin/codes/{id}/cancel/", ManageCodes, ""),
    ("post", "/api/v1/admin/codes/find/", FindCode, r#"{"charge_code": ""}"#),
    ("post", "/api/v1/admin/codes/import/", ManageCodes, r#"{"codes": "", "label": "", "reseller": ""}"#),
    ("get", "/api/v1/admin/codes/resellers/", ManageCodes, ""),
    ("get", "/api/v1/admin/statistics/", SeeStatistics, ""),
    ("get", "/api/v1/admin/statistics/csv/", SeeStatistics, ""),
    ("get", "/api/v1/admin/packages/", ManagePackages, ""),
    ("post", "/api/v1/admin/packages/", ManagePackages, r#"{"name": "", "price_coins": 0, "days": 0, "files": 0}"#),
    ("post", "/api/v1/admin/packages/{id}/", ManagePackages, r#"{"name": "", "price_coins": 0, "days": 0, "files": 0}"#),
    ("post", "/api/v1/admin/packages/{id}/publish/", ManagePackages, ""),
    ("post", "/api/v1/admin/packages/{id}/withdraw/", ManagePackages, ""),
    ("get", "/api/v1/admin/settings/", ChangeSettings, ""),
    ("patch", "/api/v1/admin/settings/", ChangeSettings, r#"{"attempts": 0}"#),
    ("put", "/api/v1/admin/settings/logo/", ChangeSettings, "no picture"),
];

/// Server functions of the dashboard: name, what it takes, and a form that can be read.
const FUNCTIONS: &[(&str, Permission, &str)] = &[
    ("files", ManageFiles, "q=&category=&state=&cursor="),
    ("file", ManageFiles, "id=999999"),
    ("create-file", ManageFiles, "title=&description=&category_id=&price_coins=&kind="),
    ("import-files", ManageFiles, "table=&idempotency_key="),
    ("edit-file", ManageFiles, "id=999999&title=&description=&category_id=&price_coins=&kind="),
    ("publish-file", ManageFiles, "id=999999&published=true"),
    ("remove-picture", ManageFiles, "id=999999&preview=false"),
    ("begin-upload", ManageFiles, "file=999999&file_name=x&length=1&note=&fingerprint="),
    ("discard-upload", ManageFiles, "id=999999&file=999999"),
    ("categories", ManageFiles, ""),
    ("create-category", ManageFiles, "name="),
    ("rename-category", ManageFiles, "id=999999&name=x"),
    ("place-category", ManageFiles, "id=999999&position=0"),
    ("delete-category", ManageFiles, "id=999999"),
    ("alerts", Work, ""),
    ("dismiss-alert", Work, "kind=worker_down"),
    ("members", ManageStaff, ""),
    ("hire", ManageStaff, "username=&new_password=&role="),
    ("set-role", ManageStaff, "id=999999&role=support"),
    ("set-access", ManageStaff, "id=999999&access=false"),
    ("reset-password", ManageStaff, "id=999999&new_password="),
    ("unlock-member", ManageStaff, "id=999999"),
    ("reset-totp", ManageStaff, "id=999999"),
    ("account", Work, ""),
    ("change-password", Work, "old_password=&new_password="),
    ("begin-totp", Work, ""),
    ("confirm-totp", Work, "totp="),
    ("end-totp", Work, "password="),
    ("end-session", Work, "session=999999"),
    ("find-customers", SeeCustomers, "q=&state="),
    ("customer", SeeCustomers, "serial=CUST2026-AAAAAA&view="),
    ("recharge-customer", MoveCoins, "serial=CUST2026-AAAAAA&coin_amount=5&idempotency_key="),
    ("correct-recharge", MoveCoins, "serial=CUST2026-AAAAAA&transfer=999999&amount=5&reason=test&idempotency_key="),
    ("help-customer", HelpCustomers, "serial=CUST2026-AAAAAA&act=unlock"),
    ("new-pin", HelpCustomers, "serial=CUST2026-AAAAAA"),
    ("end-customer-session", HelpCustomers, "serial=CUST2026-AAAAAA&session=999999"),
    ("erase-customer", HandlePersonalData, "serial=CUST2026-AAAAAA&confirmation="),
    ("download-log", SeeDownloads, ""),
    ("purchase-log", SeeDownloads, "purchase=999999"),
    ("grant-attempt", HelpCustomers, "purchase=999999&reason=test&idempotency_key="),
    ("refund", MoveCoins, "purchase=999999&reason=test&idempotency_key="),
    ("audit-log", SeeAudit, ""),
    ("batches", ManageCodes, "text=&state="),
    ("batch", ManageCodes, "id=999999&redeemed=false"),
    ("make-codes", ManageCodes, "value=&other_value=&count=&label=&reseller=&expires_at="),
    ("codes-progress", ManageCodes, ""),
    ("find-code", FindCode, "charge_code="),
    ("freeze-codes", ManageCodes, "id=999999"),
    ("thaw-codes", ManageCodes, "id=999999"),
    ("cancel-codes", ManageCodes, "id=999999"),
    ("import-codes", ManageCodes, "codes=&value=&label=&reseller=&expires_at="),
    ("resellers", ManageCodes, ""),
    ("statistics", SeeStatistics, "range=week&from=&to="),
    ("glance", SeeStatistics, ""),
    ("packages", ManagePackages, ""),
    ("offer-package", ManagePackages, "name=&description=&price_coins=0&days=0&files=0"),
    ("edit-package", ManagePackages, "id=999999&name=&description=&price_coins=0&days=0&files=0"),
    ("publish-package", ManagePackages, "id=999999&published=false"),
    ("settings", ChangeSettings, ""),
    ("change-settings", ChangeSettings, "attempts=0"),
];

/// Pages: path and what it takes.
const PAGES: &[(&str, Permission)] = &[
    ("/admin", Work),
    ("/admin/files", ManageFiles),
    ("/admin/files/new", ManageFiles),
    ("/admin/files/import", ManageFiles),
    ("/admin/files/{id}", ManageFiles),
    ("/admin/categories", ManageFiles),
    ("/admin/codes", FindCode),
    ("/admin/codes/new", ManageCodes),
    ("/admin/codes/import", ManageCodes),
    ("/admin/codes/resellers", ManageCodes),
    ("/admin/codes/{id}", ManageCodes),
    ("/admin/staff", ManageStaff),
    ("/admin/account", Work),
    ("/admin/customers", SeeCustomers),
    ("/admin/customers/{serial}", SeeCustomers),
    ("/admin/downloads", SeeDownloads),
    ("/admin/downloads/{id}", SeeDownloads),
    ("/admin/audit", SeeAudit),
    ("/admin/statistics", SeeStatistics),
    ("/admin/packages", ManagePackages),
    ("/admin/settings", ChangeSettings),
];

const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=edge";
const BYTES: &str = "application/offset+octet-stream";
const FILE: &str = "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\nx\r\n--edge--\r\n";
const LOGO: &str = "--edge\r\ncontent-disposition: form-data; name=\"logo\"; filename=\"a.png\"\r\n\r\nno picture\r\n--edge--\r\n";

/// The desk's plain routes: method, path, what it takes, the body's type, and the body; of a GET its query.
const PLAIN: &[(&str, &str, Permission, &str, &str)] = &[
    ("post", "/admin/codes/{id}/hand-out", ManageCodes, FORM, "ticket=x&way=csv"),
    ("post", "/admin/customers/{serial}/export", HandlePersonalData, FORM, ""),
    ("get", "/admin/audit.csv", SeeAudit, "", ""),
    ("get", "/admin/downloads.csv", SeeDownloads, "", ""),
    ("get", "/admin/statistics.csv", SeeStatistics, "", "table=days"),
    ("post", "/admin/settings/logo", ChangeSettings, PARTS, LOGO),
    ("post", "/admin/files/{id}/content", ManageFiles, PARTS, FILE),
    ("post", "/admin/files/{id}/cover", ManageFiles, PARTS, FILE),
    ("post", "/admin/files/{id}/preview", ManageFiles, PARTS, FILE),
    ("get", "/admin/uploads/{id}", ManageFiles, "", ""),
    ("patch", "/admin/uploads/{id}", ManageFiles, BYTES, ""),
    ("delete", "/admin/uploads/{id}", ManageFiles, "", ""),
];

/// Where everybody may go: they lead in and out.
const OPEN: [&str; 4] = ["/api/v1/admin/token/", "/admin/do/sign-in", "/admin/login", "/admin/sign-out"];

fn method_of(name: &str) -> Method {
    Method::from_bytes(name.to_uppercase().as_bytes()).unwrap()
}

fn filled(path: &str) -> String {
    path.replace("{id}", "999999").replace("{serial}", "CUST2026-AAAAAA").replace("{kind}", "worker_down")
}

/// Somebody who asks: how their requests are signed, and what they may do.
struct Asker {
    token: Option<String>,
    role: Option<Role>,
}

impl Asker {
    fn may(&self, permission: Permission) -> bool {
        self.role.is_some_and(|role| role.may(permission))
    }

    /// Lines of the audit log that a refusal leaves: one of a member's, none of anybody else's.
    fn leaves(&self, permission: Permission) -> i64 {
        i64::from(self.role.is_some() && !self.may(permission))
    }
}

/// Lines of the audit log about what somebody may not do; each says who it was, what, and from where.
async fn refusals(world: &World) -> i64 {
    let count = async |rest: &str| world.count(&format!("SELECT COUNT(*) FROM audit_log WHERE outcome = 'permission_denied'{rest}")).await;
    let all = count("").await;
    assert_eq!(count(" AND actor LIKE 'staff:%' AND action LIKE '%.%' AND ip <> ''").await, all);
    all
}

async fn askers(world: &World) -> Vec<Asker> {
    let mut askers = vec![Asker { token: None, role: None }, Asker { token: Some(world.activated().await.access), role: None }];
    for role in Role::ALL {
        askers.push(Asker { token: Some(world.staff(role.as_str(), *role).await), role: Some(*role) });
    }
    askers
}

fn judge(what: &str, asker: &Asker, permission: Permission, status: StatusCode, body: &Value) {
    let who = asker.role.map_or("no member", Role::as_str);
    if asker.may(permission) {
        assert!(!matches!(status.as_u16(), 401 | 403), "{what} refuses the {who}: {status} {body}");
        assert!(!status.is_server_error(), "{what} fails for the {who}: {status} {body}");
    } else if asker.role.is_some() {
        assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("permission_denied")), "{what} as {who}");
    } else {
        assert!(matches!(status.as_u16(), 401 | 403), "{what} answers who is {who}: {status} {body}");
    }
}

on_both!(every_call_asks_for_its_permission, |world| {
    let (_, document) = json_of(world.get("/api/v1/openapi.json")).await;
    let mut documented = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if (path.starts_with("/api/v1/admin/") || path == "/api/v1/direct-recharge/") && !OPEN.contains(&path.as_str()) {
            documented.extend(methods.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
        }
    }
    let mut known: Vec<String> = CALLS.iter().map(|(method, path, ..)| format!("{method} {path}")).collect();
    documented.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, documented);

    for asker in askers(world).await {
        for (method, path, permission, body) in CALLS {
            let mut request = world.request(method_of(method), &filled(path));
            if let Some(token) = &asker.token {
                request = request.bearer_auth(token);
            }
            if !body.is_empty() {
                request = request.header("content-type", "application/json").body(*body);
            }
            let before = refusals(world).await;
            let (status, answer) = json_of(request).await;
            let what = format!("{method} {path}");
            judge(&what, &asker, *permission, status, &answer);
            assert_eq!(refusals(world).await - before, asker.leaves(*permission), "{what}");
        }
    }
});

fn as_browser(world: &World, asker: &Asker, request: RequestBuilder) -> RequestBuilder {
    let request = request.header("origin", &world.url);
    match &asker.token {
        // A customer's token at the desk is tried too.
        Some(token) => request.header("cookie", format!("staff-access={token}; access={token}")),
        None => request,
    }
}

on_both!(every_server_function_asks_for_its_permission, |world| {
    let mut registered: Vec<&str> = server_fn_paths().map(|(path, _)| path).filter(|path| path.starts_with("/admin/")).collect();
    registered.retain(|path| !OPEN.contains(path));
    let mut known: Vec<String> = FUNCTIONS.iter().map(|(name, ..)| format!("/admin/do/{name}")).collect();
    registered.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, registered);

    for asker in askers(world).await {
        for (name, permission, form) in FUNCTIONS {
            let request = world.post(&format!("/admin/do/{name}")).header("content-type", FORM).body(*form);
            let before = refusals(world).await;
            let (status, answer) = json_of(as_browser(world, &asker, request)).await;
            judge(name, &asker, *permission, status, &answer);
            assert_eq!(refusals(world).await - before, asker.leaves(*permission), "{name}");
        }
    }
});

on_both!(every_page_asks_for_its_permission, |world| {
    let listed = dashboard::routes();
    let mut pages: Vec<&str> = listed.iter().map(leptos_axum::AxumRouteListing::path).filter(|path| !OPEN.contains(path)).collect();
    let mut known: Vec<&str> = PAGES.iter().map(|(path, _)| *path).collect();
    pages.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, pages);

    for asker in askers(world).await {
        for (path, permission) in PAGES {
            let answer = as_browser(world, &asker, world.get(&filled(path)).header("accept", "text/html")).send().await.unwrap();
            let status = answer.status().as_u16();
            match asker.role {
                None => {
                    let to = answer.headers()["location"].to_str().unwrap();
                    assert!(status == 302 && to.starts_with("/admin/login?next="), "{path}: {status} {to}");
                }
                Some(role) if role.may(*permission) => assert!(matches!(status, 200 | 404), "{path} as {}: {status}", role.as_str()),
                Some(role) => assert_eq!(status, 403, "{path} as {}", role.as_str()),
            }
        }
    }
});

/// The plain routes as the server's source names them: nothing lists them at run time.
fn plain_routes() -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for route in text.split(".route(").skip(1) {
            let Some((path, rest)) = route.trim_start().strip_prefix('"').and_then(|route| route.split_once('"')) else { continue };
            if !path.starts_with("/admin") || OPEN.contains(&path) {
                continue;
            }
            let handlers = rest.lines().next().unwrap_or_default();
            let mut words: Vec<_> = handlers.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').collect();
            words.retain(|word| ["get", "post", "put", "patch", "delete"].contains(word));
            assert!(!words.is_empty(), "{path}: its methods stand on another line");
            found.extend(words.iter().map(|method| format!("{method} {path}")));
        }
    }
    found
}

on_both!(every_plain_route_asks_for_its_permission, |world| {
    let mut routed = plain_routes();
    let mut known: Vec<String> = PLAIN.iter().map(|(method, path, ..)| format!("{method} {path}")).collect();
    routed.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, routed);

    for asker in askers(world).await {
        for (method, path, permission, kind, body) in PLAIN {
            let what = format!("{method} {path}");
            let query = if *method == "get" && !body.is_empty() { format!("?{body}") } else { String::new() };
            let mut request = world.request(method_of(method), &format!("{}{query}", filled(path))).header("upload-offset", "0");
            if !kind.is_empty() {
                request = request.header("content-type", *kind).body(*body);
            }
            let before = refusals(world).await;
            let answer = as_browser(world, &asker, request).send().await.unwrap();
            assert_eq!(refusals(world).await - before, asker.leaves(*permission), "{what}");
            let status = answer.status();
            if asker.role.is_none() && status == StatusCode::SEE_OTHER {
                let to = answer.headers()["location"].to_str().unwrap();
                assert!(to.starts_with("/admin/login?next="), "{what}: {to}");
                continue;
            }
            let answer = answer.json().await.unwrap_or(Value::Null);
            judge(&what, &asker, *permission, status, &answer);
        }
    }
});

on_both!(no_other_site_changes_anything_at_the_desk, |world| {
    let cookie = format!("staff-access={}", world.staff("owner", Role::Owner).await);
    let plain = PLAIN.iter().filter(|(method, ..)| *method != "get").map(|(method, path, ..)| (*method, filled(path)));
    let functions = FUNCTIONS.iter().map(|(name, ..)| ("post", format!("/admin/do/{name}")));
    for (method, path) in plain.chain(functions).chain([("post", "/admin/sign-out".to_owned())]) {
        for (name, value) in
            [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
        {
            let (status, problem) = json_of(world.request(method_of(method), &path).header("cookie", &cookie).header(name, value)).await;
            assert_eq!(
                (status, &problem["code"]),
                (StatusCode::FORBIDDEN, &json!("cross_site_request")),
                "{method} {path} {name}: {value}"
            );
        }
    }
    // Its session lives: none of them ended it.
    let page = world.get("/admin").header("accept", "text/html").header("cookie", &cookie).send().await.unwrap();
    assert_eq!((page.status(), page.headers()["cache-control"].to_str().unwrap()), (StatusCode::OK, "private, no-store"));
});
