//! Which bytes of a file were sent.

use serde::{Deserialize, Serialize};

/// How many separate ranges are remembered. More are dropped, the smallest first: the link may then miss that it is
/// complete, but never believe it wrongly.
const MAX_RANGES: usize = 32;

/// Disjoint ranges of bytes, in order, each its first offset and the one after its last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coverage(Vec<(u64, u64)>);

impl Coverage {
    /// Adds the bytes from `start` up to, not including, `end`.
    pub fn add(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        let (mut merged_start, mut merged_end) = (start, end);
        self.0.retain(|&(first, last)| {
            let apart = last < merged_start || first > merged_end;
            if !apart {
                merged_start = merged_start.min(first);
                merged_end = merged_end.max(last);
            }
            apart
        });
        let place = self.0.partition_point(|&(first, _)| first < merged_start);
        self.0.insert(place, (merged_start, merged_end));
        if self.0.len() > MAX_RANGES
            && let Some(smallest) = (0..self.0.len()).min_by_key(|&index| self.0[index].1 - self.0[index].0)
        {
            self.0.remove(smallest);
        }
    }

    /// How many bytes are covered.
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// True when every byte of a file of that size is covered.
    pub fn is_whole(&self, size: u64) -> bool {
        size == 0 || self.0 == [(0, size)]
    }
}
