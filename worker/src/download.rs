//! A file on its way to a person. The runtime itself moves the bytes from the source to the network, a charged segment at a time:
//! no byte passes through this program, so that a large file costs it no more than its segments.

use std::time::Duration;

use futures_util::future::{Either, select};
use shared::{
    PurchaseId,
    link::{Client, STREAM_IDLE},
};
use worker::{Context, Delay, Env, Result, js_sys::BigInt, wasm_bindgen_futures::JsFuture, web_sys, worker_sys::FixedLengthStream};

use crate::{
    config::Config,
    edge::{Object, ask},
    message::{Ask, News, Opened, Told},
    source::Source,
};

/// How often a slow stream tells that it lives, well before it would be taken for dead.
const SIGN_OF_LIFE: Duration = Duration::from_millis(STREAM_IDLE.cast_unsigned() / 3);
/// The smallest piece that is read at once, in bytes. Pieces grow with what has gone on: where a line breaks, no more than the
/// piece that it broke in is lost to the link, and a large file still takes few requests.
const SMALLEST_PIECE: u64 = 128 * 1024;
/// How often the end of a stream is told, when the object does not answer.
const TRIES: u32 = 3;

/// Whose stream it is.
pub struct Reader {
    /// The purchase's object.
    pub object: Object,
    /// The purchase.
    pub purchase: PurchaseId,
    /// The link's number.
    pub link: i64,
    /// Who reads.
    pub client: Client,
}

/// Starts a stream whose first segment is charged. `Err` when storage failed: not a byte has flowed, and the charge is returned.
pub async fn start(config: Config, env: &Env, context: &Context, reader: Reader, opened: Opened) -> Result<web_sys::ReadableStream> {
    let mut source = Source::new(config, env, opened.file);
    let download = Download { reader, id: opened.id, start: opened.offset, end: opened.offset + opened.length };
    let first = match source.read(opened.offset, download.piece_after(opened.offset).min(opened.until)).await {
        Ok(first) => first,
        Err(error) => {
            download.tell(News::StorageFailed).await?;
            return Err(error);
        }
    };
    // With a length of its own, so that the answer has one.
    let line = FixedLengthStream::new_big_int(BigInt::from(opened.length))?;
    let (readable, writable) = (line.readable(), line.writable());
    context.wait_until(async move { download.run(source, first, opened.until, &writable).await });
    Ok(readable)
}

struct Download {
    reader: Reader,
    id: u64,
    start: u64,
    end: u64,
}

impl Download {
    async fn run(self, mut source: Source, first: web_sys::ReadableStream, until: u64, writable: &web_sys::WritableStream) {
        let (mut piece, mut position, mut until) = (first, self.start, until);
        let (exact, problem) = loop {
            let next = self.piece_after(position).min(until);
            if let Err(error) = self.carry(&piece, writable, position).await {
                // How much of the piece has left is not known: it counts as sent, for what is behind it certainly was not. Not so the
                // last byte of all, or a broken stream would be taken for a whole one; it stays charged.
                let last = next == self.end;
                position = if last { next - 1 } else { next };
                break (!last, Some(error));
            }
            position = next;
            if position == self.end {
                break (true, JsFuture::from(writable.close()).await.err().map(Into::into));
            }
            if position == until {
                match self.tell(News::Advance(position)).await {
                    Ok(Told::Segment(more)) if more > position => until = more,
                    Ok(_) => break (true, Some("the link's bytes are used up".into())),
                    Err(error) => break (true, Some(error)),
                }
            }
            match source.read(position, self.piece_after(position).min(until)).await {
                Ok(stream) => piece = stream,
                Err(error) => break (true, Some(error)),
            }
        };
        if let Some(error) = problem {
            worker::console_log!("stream {} ended at {position} of {}: {error}", self.id, self.end);
            // What has not gone on is broken off, so that nobody takes it for the whole.
            let _aborted = JsFuture::from(writable.abort()).await;
        }
        self.close(position - self.start, exact).await;
    }

    /// The end of the piece that begins at an offset, when it is not cut by its segment.
    fn piece_after(&self, position: u64) -> u64 {
        position + ((position - self.start) / 2).max(SMALLEST_PIECE)
    }

    /// Lets a segment flow, and tells now and then that the stream lives.
    async fn carry(&self, segment: &web_sys::ReadableStream, writable: &web_sys::WritableStream, position: u64) -> Result<()> {
        let options = web_sys::StreamPipeOptions::new();
        options.set_prevent_close(true);
        let mut flowing = JsFuture::from(segment.pipe_to_with_options(writable, &options));
        loop {
            flowing = match select(flowing, Delay::from(SIGN_OF_LIFE)).await {
                Either::Left((flowed, _)) => return flowed.map(|_| ()).map_err(Into::into),
                Either::Right(((), flowing)) => flowing,
            };
            if let Err(error) = self.tell(News::Advance(position)).await {
                worker::console_error!("a slow stream could not say that it lives: {error}");
            }
        }
    }

    async fn close(&self, sent: u64, exact: bool) {
        for attempt in 0..TRIES {
            match self.tell(News::Close(sent, exact)).await {
                Ok(_) => return,
                Err(error) => worker::console_error!("the end of a stream was not written down: {error}"),
            }
            Delay::from(Duration::from_secs(1 << attempt)).await;
        }
    }

    async fn tell(&self, news: News) -> Result<Told> {
        let Reader { object, purchase, link, client } = &self.reader;
        ask(object, &Ask::Stream { purchase: *purchase, link: *link, stream: self.id, client: client.clone(), news }).await
    }
}
