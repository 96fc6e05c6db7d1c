//! Numbered pages of lists (contracts.md, Door 1).

use crate::model::Error;
use poem_openapi::{
    Object,
    types::{ParseFromJSON, ToJSON},
};
use serde::Serialize;

/// Messages of a page unless said otherwise.
const MESSAGES: usize = 50;

/// How many messages a page of a history has, from `?size=`: 50 unless said otherwise.
///
/// # Errors
/// 400 for none, and for more than `size_max`.
pub fn history_size(size: Option<u32>, size_max: usize) -> Result<usize, Error> {
    let size = size.map_or(default_history_size(size_max), |size| size as usize);
    match (1..=size_max).contains(&size) {
        true => Ok(size),
        false => Err(Error::invalid("size", format!("A page has between 1 and {size_max} messages."))),
    }
}

/// Messages of a page for whoever does not say how many.
pub fn default_history_size(size_max: usize) -> usize {
    MESSAGES.min(size_max)
}

/// Which page of a list, from `?page=` and `?size=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    page: usize,
    size: usize,
}

impl PageQuery {
    const SIZE: usize = 20;

    /// Entries of a page for whoever does not say how many.
    pub fn default_size(size_max: usize) -> usize {
        Self::SIZE.min(size_max)
    }

    /// Page 1 and 20 entries unless said otherwise.
    pub fn new(page: Option<u32>, size: Option<u32>, size_max: usize) -> Result<Self, Error> {
        let page = page.map_or(1, |page| page as usize);
        let size = size.map_or(Self::default_size(size_max), |size| size as usize);
        if page == 0 {
            return Err(Error::invalid("page", "Pages are counted from 1."));
        }
        if !(1..=size_max).contains(&size) {
            return Err(Error::invalid("size", format!("A page has between 1 and {size_max} entries.")));
        }
        Ok(Self { page, size })
    }

    /// Entries before this page.
    pub fn skip(self) -> usize {
        (self.page - 1).saturating_mul(self.size)
    }

    /// Entries of this page, at most.
    pub fn take(self) -> usize {
        self.size
    }

    /// How many pages so many entries make.
    pub fn total_pages(self, total_items: usize) -> usize {
        total_items.div_ceil(self.size)
    }

    /// Whether there is a page before this one.
    pub fn has_previous(self) -> bool {
        self.page > 1
    }

    /// Whether there is a page after this one.
    pub fn has_next(self, total_items: usize) -> bool {
        self.page < self.total_pages(total_items)
    }
}

/// The entries of a page.
pub fn page_of<T>(entries: Vec<T>, query: PageQuery) -> (Vec<T>, usize) {
    let total = entries.len();
    (entries.into_iter().skip(query.skip()).take(query.take()).collect(), total)
}

/// A numbered page of a list.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Page<T: ParseFromJSON + ToJSON + Send + Sync> {
    total_items: usize,
    total_pages: usize,
    prev: bool,
    next: bool,
    data: Vec<T>,
}

impl<T: ParseFromJSON + ToJSON + Send + Sync> Page<T> {
    /// A page of `total_items` entries.
    pub fn new(query: PageQuery, total_items: usize, data: Vec<T>) -> Self {
        Self {
            total_items,
            total_pages: query.total_pages(total_items),
            prev: query.has_previous(),
            next: query.has_next(total_items),
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories() {
        for (size, size_max, expected) in [
            (None, 200, Some(50)),
            (None, 30, Some(30)),
            (Some(200), 200, Some(200)),
            (Some(201), 200, None),
            (Some(0), 200, None),
        ] {
            assert_eq!(history_size(size, size_max).ok(), expected, "{size:?} of {size_max}");
        }
    }

    #[test]
    fn pages() {
        for (page, size, total, expected) in [
            (1, 20, 0, (0, false, false)),
            (1, 20, 20, (1, false, false)),
            (1, 20, 21, (2, false, true)),
            (2, 20, 21, (2, true, false)),
            (9, 20, 21, (2, true, false)),
        ] {
            let query = PageQuery::new(Some(page), Some(size), 100).unwrap();
            assert_eq!((query.total_pages(total), query.has_previous(), query.has_next(total)), expected);
        }
        assert!(PageQuery::new(Some(0), None, 100).is_err());
        assert!(PageQuery::new(None, Some(101), 100).is_err());
    }
}
