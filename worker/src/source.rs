//! Where a file's bytes come from: the bucket where it holds the version, else the server.

use std::fmt::Write;

use shared::link::{File, Purpose};
use worker::{
    Bucket, CacheMode, Env, Fetch, Method, Range, Request, RequestInit, RequestRedirect, ResponseBody, Result, web_sys::ReadableStream,
};

use crate::{
    config::{self, Config},
    delivery::signed,
};

/// The bytes of one file.
pub struct Source {
    config: Config,
    bucket: Option<Bucket>,
    file: File,
}

impl Source {
    /// The source of a file.
    pub fn new(config: Config, env: &Env, file: File) -> Self {
        Self { config, bucket: env.bucket("FILES").ok().filter(|_| !file.storage_key.is_empty()), file }
    }

    /// The bytes from `from` up to, not including, `to`, as the runtime's own stream.
    pub async fn read(&mut self, from: u64, to: u64) -> Result<ReadableStream> {
        match self.in_bucket(from, to).await {
            Ok(Some(stream)) => Ok(stream),
            // What is not there now is not looked for at the next segment.
            Ok(None) => {
                self.bucket = None;
                self.at_server(from, to).await
            }
            Err(error) => {
                worker::console_error!("the bucket could not be read: {error}");
                self.at_server(from, to).await
            }
        }
    }

    async fn in_bucket(&self, from: u64, to: u64) -> Result<Option<ReadableStream>> {
        let Some(bucket) = &self.bucket else { return Ok(None) };
        let range = Range::OffsetWithLength { offset: from, length: to - from };
        let Some(object) = bucket.get(self.file.storage_key.clone()).range(range).execute().await? else { return Ok(None) };
        if object.size() != self.file.size {
            worker::console_error!("{} in the bucket has {} bytes, not {}", self.file.storage_key, object.size(), self.file.size);
            return Ok(None);
        }
        Ok(Some(stream_of(&object.body().ok_or("the bucket gave no body")?.response_body()?)?))
    }

    /// The server gives its files to nobody but the Worker, and each signature once.
    async fn at_server(&self, from: u64, to: u64) -> Result<ReadableStream> {
        let version = self.file.version;
        let id = config::random::<16>()?.iter().fold(String::new(), |mut id, byte| {
            // Writing to a String cannot fail.
            let _ = write!(id, "{byte:02x}");
            id
        });
        let headers = signed(&self.config, Purpose::Origin, &id, format!("{version} {from} {to}").as_bytes())?;
        // A compressed answer would have another length.
        headers.set("accept-encoding", "identity")?;
        let mut request = RequestInit::new();
        request.with_method(Method::Get).with_headers(headers).with_redirect(RequestRedirect::Manual).with_cache(CacheMode::NoStore);
        let address = format!("{}/internal/links/content/{version}?from={from}&to={to}", self.config.origin_url);
        let answer = Fetch::Request(Request::new_with_init(&address, &request)?).send().await?;
        let length: Option<u64> = answer.headers().get("content-length")?.and_then(|length| length.parse().ok());
        if answer.status_code() != 200 || length != Some(to - from) {
            return Err(format!(
                "the server answered {} with {length:?} bytes for {from}..{to} of version {version}",
                answer.status_code()
            )
            .into());
        }
        stream_of(answer.body())
    }
}

fn stream_of(body: &ResponseBody) -> Result<ReadableStream> {
    match body {
        ResponseBody::Stream(stream) => Ok(stream.clone()),
        ResponseBody::Body(_) | ResponseBody::Empty => Err("an answer without a stream".into()),
    }
}
