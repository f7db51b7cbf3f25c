//! Recharge codes in the staff's hands: batches, states, imports, and what resellers have sold.

use serde::{Deserialize, Serialize};

use crate::{BatchId, Coins, Instant};

requests! {
    /// A code that somebody holds.
    FindCodeRequest {
        /// The code as typed.
        charge_code: String,
    }
    /// Older printed codes to take over.
    ImportRequest {
        /// A code a line, or `code,value`; codes have 8 to 32 letters and digits.
        codes: String,
        /// Coins of the codes whose line says none.
        #[serde(default)] value: Option<Coins>,
        /// What the shop calls them; 1 to 100 characters.
        label: String,
        /// Who sells them.
        #[serde(default)] reseller: String,
        /// When they expire.
        #[serde(default)] expires_at: Option<Instant>,
    }
}

responses! {
    /// A batch of recharge codes.
    Batch {
        /// The batch.
        id: BatchId,
        /// What the shop calls it.
        label: String,
        /// Who sells it; may be empty.
        reseller: String,
        /// Coins of each code.
        value: Coins,
        /// How many codes there are.
        count: i64,
        /// How many of them were redeemed.
        redeemed: i64,
        /// What becomes of a code that is tried now.
        state: BatchState,
        /// True for codes that were printed elsewhere.
        imported: bool,
        /// When its codes expire.
        expires_at: Option<Instant>,
        /// When it was frozen, if it is.
        frozen_at: Option<Instant>,
        /// When it was cancelled, if it was.
        cancelled_at: Option<Instant>,
        /// When it was made.
        created_at: Instant,
        /// User name of who made it; null for the operator at the command line.
        created_by: Option<String>,
    }
    /// A page of batches, newest first.
    Batches {
        /// The batches.
        results: Vec<Batch>,
        /// What `?cursor=` takes for the next page; null at the end.
        next_cursor: Option<i64>,
    }
    /// Who redeemed a code, and when.
    Redemption {
        /// The customer's serial.
        serial: String,
        /// The customer's name.
        name: Option<String>,
        /// When.
        at: Instant,
    }
    /// One code of a batch. The code itself is never to be had again.
    CodeLine {
        /// Its number in the batch, from 1, as printed sheets show it.
        number: i64,
        /// Who redeemed it, if somebody did.
        redemption: Option<Redemption>,
    }
    /// A page of a batch's codes: by number, or with `?redeemed=true` the last redemption first.
    CodeLines {
        /// The codes.
        results: Vec<CodeLine>,
        /// What `?cursor=` takes for the next page; null at the end.
        next_cursor: Option<i64>,
    }
    /// A code that was looked up.
    FoundCode {
        /// Its batch.
        batch: Batch,
        /// The code.
        code: CodeLine,
    }
    /// What became of an import.
    ImportReport {
        /// The batches that were made, one for each value.
        batches: Vec<Batch>,
        /// How many codes were taken.
        taken: i64,
        /// How many lines were left out.
        left_out: i64,
        /// The first of those lines.
        lines: Vec<ImportLine>,
    }
    /// A line that was left out.
    ImportLine {
        /// Its number, from 1.
        line: i64,
        /// Why.
        reason: ImportReason,
    }
    /// What a reseller was given, and what became of it.
    Reseller {
        /// The reseller; empty for batches that name none.
        reseller: String,
        /// How many batches.
        batches: i64,
        /// Codes that were made.
        issued: i64,
        /// Their coins.
        issued_coins: Coins,
        /// Codes that were redeemed.
        redeemed: i64,
        /// Their coins.
        redeemed_coins: Coins,
        /// Codes that can be redeemed still, frozen ones among them.
        outstanding: i64,
        /// Their coins.
        outstanding_coins: Coins,
    }
    /// All resellers, the one with the most outstanding coins first.
    Resellers {
        /// The resellers.
        results: Vec<Reseller>,
    }
    /// A batch that was made on the dashboard, and the ticket with which its plain codes leave until `until`.
    MadeBatch {
        /// The batch.
        batch: Batch,
        /// Makes the codes anew, together with the server's own key; kept nowhere but here.
        ticket: String,
        /// How long the ticket is good.
        until: Instant,
    }
    /// How far a batch is that is being made.
    Making {
        /// Codes that are written.
        done: i64,
        /// Codes in all.
        count: i64,
    }
}

words! {
    /// What becomes of a batch's codes.
    BatchState {
        /// They can be redeemed.
        Live = "live",
        /// They can't until they are thawed.
        Frozen = "frozen",
        /// Their time is over.
        Expired = "expired",
        /// Every one was redeemed.
        Spent = "spent",
        /// They never can again.
        Cancelled = "cancelled",
    }
    /// Why a line was left out of an import.
    ImportReason {
        /// Not 8 to 32 letters and digits.
        Code = "invalid_code",
        /// No value, or none within 1 and a thousand million.
        Value = "invalid_value",
        /// The same code stands further up.
        Repeated = "repeated",
        /// The store has the code already.
        Known = "known",
    }
    /// How codes leave.
    HandOut {
        /// A file for spreadsheets and printing houses.
        Csv = "csv",
        /// The sheet as PDF.
        Pdf = "pdf",
        /// The sheet as a page that prints.
        Page = "page",
    }
}
