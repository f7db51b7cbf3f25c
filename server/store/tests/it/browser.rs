//! Whoever follows a link to the embedded gateway.

use shared::link::{Request, Response};
use store::links;

use crate::world::World;

/// A browser: it sends the cookie that it was given.
#[derive(Clone, Default)]
pub struct Browser {
    cookie: String,
}

impl Browser {
    /// The embedded gateway's answer.
    pub async fn ask(&mut self, world: &World, method: &str, path: &str) -> Response {
        let site = links::site(&world.store);
        let cookie = self.cookie.clone();
        let request = Request::new(method, path, "198.51.100.1", |name| match name {
            "cookie" => Some(cookie.clone()),
            "user-agent" => Some("Browser".to_owned()),
            _ => None,
        })
        .unwrap();
        let located = match site.locate(&request) {
            Ok(located) => located,
            Err(response) => return response,
        };
        let response = links::answer(&world.store, &site, &request, &located).await.unwrap().response;
        if let Some((_, set)) = response.headers.iter().find(|(name, _)| *name == "set-cookie") {
            set.split(';').next().unwrap_or_default().clone_into(&mut self.cookie);
        }
        response
    }
}

/// Where an answer sends the browser.
pub fn location(response: &Response) -> String {
    response.headers.iter().find(|(name, _)| *name == "location").unwrap().1.clone()
}

/// The path of a link, as the gateway is asked for it.
pub fn path(pressed: &links::Pressed) -> String {
    pressed.url.strip_prefix("http://127.0.0.1:3000").unwrap().to_owned()
}
