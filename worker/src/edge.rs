//! What stands before the objects: who asks is checked here, so that a made-up address wakes none of them.

use shared::{
    PurchaseId,
    link::{self, Call, Purpose, Site, webhook},
};
use worker::{Context, Env, Headers, Request, RequestInit, Response, ResponseBuilder, Result, Stub};

use crate::{
    config::{self, Config},
    download::{self, Reader},
    message::{Ask, Told},
};

/// The largest call of the server that is read, in bytes.
const MAX_CALL: usize = 1024 * 1024;

/// A purchase's object, from outside.
pub type Object = Stub;

/// Answers every request.
pub async fn answer(request: Request, env: Env, context: Context) -> Result<Response> {
    let config = Config::read(&env);
    match (request.path().as_str(), config) {
        ("/health", config) => health(config.as_ref()),
        ("/internal/purchase", Ok(config)) => call(request, &env, &config).await,
        (_, Ok(config)) => person(request, env, context, config).await,
        ("/internal/purchase", Err(problem)) => Response::error(problem, 503),
        (_, Err(problem)) => {
            worker::console_error!("{problem}");
            Ok(send(&config::out_of_order(&env).unavailable(&asked(&request, "/d/")?)))
        }
    }
}

/// For the operator: whether it is set up, and with which secret.
fn health(config: Result<&Config, &String>) -> Result<Response> {
    let answer = serde_json::json!({
        "ok": config.is_ok(),
        "version": env!("CARGO_PKG_VERSION"),
        "key": config.ok().map(|config| config.keys.id()),
        "problem": config.err(),
    });
    let status = if config.is_ok() { 200 } else { 503 };
    ResponseBuilder::new().with_status(status).with_header("cache-control", "no-store")?.from_json(&answer)
}

/// The server's call to a purchase's object.
async fn call(mut request: Request, env: &Env, config: &Config) -> Result<Response> {
    if request.method() != worker::Method::Post {
        return Ok(ResponseBuilder::new().with_status(405).with_header("allow", "POST")?.empty());
    }
    let headers = request.headers().entries().collect::<Vec<_>>();
    let length = header(&headers, "content-length").and_then(|length| length.parse::<usize>().ok());
    if length.is_none_or(|length| length > MAX_CALL) {
        return Response::error("a call has a length, and is no longer than 1 MiB", 413);
    }
    let body = request.bytes().await?;
    if !webhook::verify(&config.keys, Purpose::Revocation, |name| header(&headers, name), &body, config.now()) {
        return Response::error("the signature is not the server's, or too old: do both have the same CLOUDFLARE_WORKER_SECRET?", 401);
    }
    let Ok(call) = serde_json::from_slice::<Call>(&body) else { return Response::error("not a call", 400) };
    let object = object(env, call.purchase)?;
    match ask(&object, &Ask::Call(call)).await? {
        Told::Dispatch(dispatch) => Response::from_json(&dispatch),
        other => Err(format!("the object answered {other:?}").into()),
    }
}

/// A person's request for a link.
async fn person(request: Request, env: Env, context: Context, config: Config) -> Result<Response> {
    let site = config.site(!is_plain_loopback(&request));
    let path = request.path();
    // Whatever is no link's path is a link that does not exist.
    let path = if link::Target::parse(&path).is_some() { path } else { "/d/".to_owned() };
    let asked = asked(&request, &path)?;
    match serve(&request, &path, &asked, &site, &env, &context, config).await {
        Ok(response) => Ok(response),
        Err(error) => {
            worker::console_error!("{error}");
            Ok(send(&site.unavailable(&asked)))
        }
    }
}

async fn serve(
    request: &Request,
    path: &str,
    asked: &link::Request,
    site: &Site,
    env: &Env,
    context: &Context,
    config: Config,
) -> Result<Response> {
    let located = match site.locate(asked) {
        Ok(located) => located,
        Err(refused) => return Ok(send(&refused)),
    };
    let object = object(env, located.purchase)?;
    let question = Ask::Request {
        method: request.inner().method(),
        path: path.to_owned(),
        ip: asked.client.ip.clone(),
        headers: headers(request),
        secure: site.secure,
    };
    let Told::Response { status, headers, html, download } = ask(&object, &question).await? else {
        return Err("the object gave no response".into());
    };
    let headers: Headers = headers.into_iter().collect();
    if download.is_some() {
        // Cloudflare would compress some types on the way, and change their length and their tag.
        headers.append("cache-control", "no-transform")?;
    }
    let response = ResponseBuilder::new().with_status(status).with_headers(headers);
    Ok(match (html, download) {
        (Some(html), _) => response.fixed(html.into_bytes()),
        (None, Some(opened)) => {
            let reader = Reader { object, purchase: located.purchase, link: located.link, client: asked.client.clone() };
            response.stream(download::start(config, env, context, reader, opened).await?)
        }
        (None, None) => response.empty(),
    })
}

/// The object of a purchase.
fn object(env: &Env, purchase: PurchaseId) -> Result<Object> {
    env.durable_object("PURCHASES")?.get_by_name(&purchase.to_string())
}

/// Asks an object.
pub async fn ask(object: &Object, question: &Ask) -> Result<Told> {
    let mut request = RequestInit::new();
    request.with_method(worker::Method::Post).with_body(Some(serde_json::to_string(question)?.into()));
    // The object looks at the body alone.
    let mut answer = object.fetch_with_request(Request::new_with_init("https://purchase/", &request)?).await?;
    if answer.status_code() != 200 {
        return Err(format!("the object answered {}", answer.status_code()).into());
    }
    answer.json().await
}

/// The request as the protocol reads it.
fn asked(request: &Request, path: &str) -> Result<link::Request> {
    let headers = headers(request);
    // Cloudflare sets it; where it is missing the Worker runs on the operator's own machine.
    let ip = header(&headers, "cf-connecting-ip").unwrap_or("127.0.0.1");
    let asked = link::Request::new(&request.inner().method(), path, ip, |name| header(&headers, name));
    asked.ok_or_else(|| "not a link's path".into())
}

fn headers(request: &Request) -> Vec<(String, String)> {
    let lines = request.headers().entries();
    // The runtime joins lines by commas, which no cookie of the protocol's has (RFC 9113 section 8.2.3).
    lines.map(|(name, value)| if name == "cookie" { (name, value.replace(", ", "; ")) } else { (name, value) }).collect()
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// True on plain http of this very machine, where a browser would not keep a `Secure` cookie.
fn is_plain_loopback(request: &Request) -> bool {
    let address = request.inner().url();
    let Some(rest) = address.strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    host.starts_with("127.") || host.starts_with("[::1]") || host == "localhost" || host.starts_with("localhost:")
}

/// A response without a stream.
fn send(response: &link::Response) -> Response {
    let headers: Headers = response.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let built = ResponseBuilder::new().with_status(response.status).with_headers(headers);
    match &response.body {
        link::Body::Html(html) => built.fixed(html.clone().into_bytes()),
        link::Body::Empty | link::Body::Stream(_) => built.empty(),
    }
}
