//! A file on its way to a person. The runtime itself moves the bytes from the source to the network, piece by piece of the charged
//! segment: none passes through this program, and a large file has no more pieces than a small one.

use std::time::Duration;

use futures_util::future::{Either, join, select};
use shared::{
    PurchaseId,
    link::{Client, STREAM_IDLE},
};
use web_sys::{ReadableStream, StreamPipeOptions, WritableStream};
use worker::{Context, Delay, Env, Error, Result, js_sys::BigInt, wasm_bindgen_futures::JsFuture, worker_sys::FixedLengthStream};

use crate::{
    config::Config,
    edge::{Object, ask},
    message::{Ask, News, Opened, Told},
    source::Source,
};

/// How small the pieces are at least in which a stream is read, in bytes, and which part of what it has sent already they may be. The
/// runtime does not say how much of a piece has left when a line breaks: so much of the budget may then be lost. They grow so that
/// there are never many: a stream may ask for fifty things on the free plan.
const MIN_PIECE: u64 = 128 * 1024;
const GROWTH: u64 = 3;
/// How often a slow stream tells that it lives, well before it would be taken for dead.
const SIGN_OF_LIFE: Duration = Duration::from_millis(STREAM_IDLE.cast_unsigned() / 3);
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
pub async fn start(config: Config, env: &Env, context: &Context, reader: Reader, opened: Opened) -> Result<ReadableStream> {
    let mut source = Source::new(config, env, opened.file);
    let download = Download { reader, id: opened.id, start: opened.offset, end: opened.offset + opened.length };
    let first = match source.read(opened.offset, download.piece_end(opened.offset, opened.until)).await {
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

/// How a stream ended.
struct Ended {
    /// The absolute offset that it reached.
    at: u64,
    /// True when not a byte beyond has left.
    exact: bool,
    /// Why it ended early.
    problem: Option<Error>,
}

impl Download {
    async fn run(self, source: Source, first: ReadableStream, until: u64, writable: &WritableStream) {
        let Ended { at, exact, problem } = self.flow(source, first, until, writable).await;
        if let Some(error) = problem {
            worker::console_log!("stream {} ended at {at} of {}: {error}", self.id, self.end);
            // What does not go on is broken off, so that nobody takes it for the whole.
            let _aborted = JsFuture::from(writable.abort()).await;
        }
        self.close(at - self.start, exact).await;
    }

    /// Lets piece after piece flow, as far as they are charged.
    async fn flow(&self, mut source: Source, first: ReadableStream, mut until: u64, writable: &WritableStream) -> Ended {
        let (mut piece, mut position) = (first, self.start);
        loop {
            let next = self.piece_end(position, until);
            // The piece after this one is fetched meanwhile.
            let ahead = async { if next < until { Some(source.read(next, self.piece_end(next, until)).await) } else { None } };
            let (flowed, ahead) = join(self.carry(&piece, writable, position), ahead).await;
            if let Err(error) = flowed {
                if let Some(Ok(unused)) = ahead {
                    let _cancelled = JsFuture::from(unused.cancel()).await;
                }
                // How much of the piece has left is not known: all of it counts, but the last, which would make the file complete.
                let last = next == self.end;
                return Ended { at: if last { position } else { next }, exact: !last, problem: Some(error) };
            }
            position = next;
            if position == self.end {
                let problem = JsFuture::from(writable.close()).await.err().map(Error::from);
                return Ended { at: position, exact: problem.is_none(), problem };
            }
            let following = match ahead {
                Some(following) => following,
                None => match self.charge(position).await {
                    Ok(charged) => {
                        until = charged;
                        source.read(position, self.piece_end(position, until)).await
                    }
                    Err(error) => Err(error),
                },
            };
            match following {
                Ok(following) => piece = following,
                Err(error) => return Ended { at: position, exact: true, problem: Some(error) },
            }
        }
    }

    /// Where the piece ends that begins at a position. The last one of all is small: of that one alone it matters that it was not sent.
    fn piece_end(&self, position: u64, until: u64) -> u64 {
        let size = MIN_PIECE.max((position - self.start) / GROWTH);
        let end = until.min(position + size);
        if end == self.end && end - position > MIN_PIECE { end - MIN_PIECE } else { end }
    }

    /// Asks for the next segment. Gives the absolute offset up to which bytes may flow.
    async fn charge(&self, position: u64) -> Result<u64> {
        match self.tell(News::Advance(position)).await? {
            Told::Segment(until) if until > position => Ok(until),
            _ => Err("the link's bytes are used up".into()),
        }
    }

    /// Lets a piece flow, and tells now and then that the stream lives.
    async fn carry(&self, piece: &ReadableStream, writable: &WritableStream, position: u64) -> Result<()> {
        let options = StreamPipeOptions::new();
        options.set_prevent_close(true);
        let mut flowing = JsFuture::from(piece.pipe_to_with_options(writable, &options));
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
