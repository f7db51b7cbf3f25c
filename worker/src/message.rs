//! What the Worker asks a purchase's object, and what it is told. Both are one build's two halves: nothing else reads this.

use serde::{Deserialize, Serialize};
use shared::{
    PurchaseId,
    link::{Call, Client, Dispatch, Event, File, Stream},
};

/// A question to an object.
#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    /// A person's request, as it came.
    Request {
        /// The method.
        method: String,
        /// The path.
        path: String,
        /// The address it came from.
        ip: String,
        /// Names in lower case, and values.
        headers: Vec<(String, String)>,
        /// False on plain http of the loopback.
        secure: bool,
    },
    /// What the Worker knows of a stream that it carries.
    Stream {
        /// The purchase.
        purchase: PurchaseId,
        /// The link's number.
        link: i64,
        /// The stream's number.
        stream: u64,
        /// Who reads it.
        client: Client,
        /// What there is to tell.
        news: News,
    },
    /// The server's call.
    Call(Call),
}

/// What becomes of a stream.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum News {
    /// Everything before this absolute offset was handed to the network.
    Advance(u64),
    /// It ended, having sent so many bytes; true when not one more can have left.
    Close(u64, bool),
    /// Storage failed before its first byte.
    StorageFailed,
}

/// An object's answer.
#[derive(Debug, Serialize, Deserialize)]
pub enum Told {
    /// What to send.
    Response {
        /// The status.
        status: u16,
        /// Names and values.
        headers: Vec<(String, String)>,
        /// A page.
        html: Option<String>,
        /// Bytes of a file instead, whose first segment is charged.
        download: Option<Opened>,
    },
    /// The stream's bytes may flow up to this absolute offset.
    Segment(u64),
    /// No more bytes may flow, or there is nothing to say.
    Done,
    /// To the server's call.
    Dispatch(Dispatch),
}

/// A stream that an object has opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opened {
    /// The file.
    pub file: File,
    /// The stream's number within the link.
    pub id: u64,
    /// The first byte's offset.
    pub offset: u64,
    /// How many bytes are to flow in all.
    pub length: u64,
    /// The absolute offset up to which they are charged.
    pub until: u64,
}

impl Opened {
    /// The stream of a file.
    pub fn new(file: File, stream: Stream) -> Self {
        Self { file, id: stream.id, offset: stream.offset, length: stream.length, until: stream.until }
    }
}

impl News {
    /// As the protocol says it.
    pub fn event(self, stream: u64, client: Client) -> Event {
        match self {
            Self::Advance(offset) => Event::Advance { stream, offset, client },
            Self::Close(sent, exact) => Event::Close { stream, sent, exact, client },
            Self::StorageFailed => Event::StorageFailed { stream, client },
        }
    }
}
