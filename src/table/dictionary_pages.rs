//! Columns of ranks → column chunks, byte for byte as the Parquet writer would make them from arrays.
//!
//! ```text
//! distinct: …, #41 "3f25…", …, #97 "9ab1…", …      rows: 97 41 41 97      →  dictionary "9ab1…" "3f25…", indices 0 1 1 0
//! ```
//! Facts repeat a few thousand texts a million times, and have them as ranks. The general writer would hash the text of
//! each row; here the dictionary index of a rank is looked up in an array. Rare columns (dictionaries of 8 MiB, texts
//! that its statistics would cut) are left to the general writer.
//!
//! **Invariant:** the bytes are those of the general writer: `tests/stage/dictionary_pages.rs` compares the two.

use std::borrow::Cow;
use std::fmt;
use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;

use arrow::{ArrayRef, Date32Array, Int64Array, TimestampMicrosecondArray};
use arrow_schema::DataType;
use bytes::Bytes;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use parquet::basic::{Compression, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::Result;
use parquet::file::metadata::{ColumnChunkMetaData, LevelHistogram, PageEncodingStats};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::arrays::{Dictionary, quantities};
use super::column::Kind;
use super::order::bits;
use super::profile::DICTIONARY_BYTES_MAX;
use crate::domain::{Day, Quantity};
use crate::error;

/// A column of a fact, before it is encoded.
#[derive(Debug)]
pub enum FactColumn<'a> {
    /// Texts with a dictionary.
    Texts(&'a Dictionary, Places<'a>),
    /// Integers with distinct values; a time is one, in microseconds.
    Integers(Cow<'a, [i64]>, Places<'a>),
    /// Days with distinct values, as days since 1970-01-01.
    Days(Vec<i32>, Places<'a>),
    Quantities(&'a [Quantity]),
}

/// The place of each row's value among the distinct ones, or [`NULL`].
pub enum Places<'a> {
    Each(Cow<'a, [u32]>),
    /// Computed when encoded, for this number of rows: a day's columns together are many times larger than its cells.
    Of(usize, PlacesOf<'a>),
}

type PlacesOf<'a> = Box<dyn Fn(Range<usize>) -> Vec<u32> + Send + Sync + 'a>;

/// The place of null.
pub const NULL: u32 = u32::MAX;

impl<'a> Places<'a> {
    /// The places that `of` gives for some values.
    pub fn of<T: Sync>(values: &'a [T], of: impl Fn(&T) -> u32 + Send + Sync + 'a) -> Self {
        Self::Of(values.len(), Box::new(move |rows| values[rows].iter().map(&of).collect()))
    }

    /// The same place for all rows.
    fn same(place: u32, rows: usize) -> Self {
        Self::Of(rows, Box::new(move |rows| vec![place; rows.len()]))
    }

    fn len(&self) -> usize {
        match self {
            Self::Each(places) => places.len(),
            Self::Of(rows, _) => *rows,
        }
    }

    fn at(&self, rows: Range<usize>) -> Cow<'_, [u32]> {
        match self {
            Self::Each(places) => Cow::Borrowed(&places[rows]),
            Self::Of(_, of) => Cow::Owned(of(rows)),
        }
    }
}

impl fmt::Debug for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at(0..self.len()).fmt(f)
    }
}

/// The general writer cuts statistics of longer texts.
const STATISTICS_BYTES_MAX: usize = 64;
/// The batch size of the general writer, and its maximum of rows per page.
const BATCH_ROWS: usize = 1 << 10;
const PAGE_ROWS: usize = 20_000;

impl<'a> FactColumn<'a> {
    /// The same text in each row.
    pub fn constant(dictionary: &'a Dictionary, rows: usize) -> Self {
        Self::Texts(dictionary, Places::same(0, rows))
    }

    /// The same time in each row, or none.
    pub fn constant_time(micros: Option<i64>, rows: usize) -> Self {
        let place = if micros.is_some() { 0 } else { NULL };
        Self::Integers(micros.into_iter().collect(), Places::same(place, rows))
    }

    /// Integers whose distinct values are not known.
    pub fn integers(values: impl Iterator<Item = i64>) -> Self {
        let (distinct, places) = distinct(values);
        Self::Integers(distinct.into(), Places::Each(places.into()))
    }

    pub fn days(days: Vec<Day>) -> Self {
        let (distinct, places) = distinct(days.into_iter().map(Day::days_since_epoch));
        Self::Days(distinct, Places::Each(places.into()))
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Texts(_, places) | Self::Integers(_, places) | Self::Days(_, places) => places.len(),
            Self::Quantities(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of its array, without dictionaries.
    /// Whether it has the type of a column of this kind.
    pub fn is_of(&self, kind: Kind) -> bool {
        match self {
            Self::Texts(..) => kind == Kind::Text,
            Self::Integers(..) => matches!(kind, Kind::Integer | Kind::Timestamp),
            Self::Days(..) => matches!(kind, Kind::Date | Kind::Month),
            Self::Quantities(_) => kind == Kind::Decimal,
        }
    }

    pub(super) fn data_type(&self, kind: Kind) -> error::Result<DataType> {
        Ok(match self {
            Self::Texts(..) => DataType::Utf8,
            _ => self.array(kind, 0..0)?.data_type().clone(),
        })
    }

    /// Some of its rows as an array for the general writer.
    ///
    /// # Errors
    /// More rows or texts than arrow can count.
    pub fn array(&self, kind: Kind, rows: Range<usize>) -> error::Result<ArrayRef> {
        fn of<T: Copy>(values: &[T], places: &[u32]) -> impl Iterator<Item = Option<T>> {
            places.iter().map(|&place| (place != NULL).then(|| values[place as usize]))
        }
        Ok(match self {
            Self::Texts(dictionary, places) => {
                dictionary.column(places.at(rows).iter().map(|&place| (place != NULL).then_some(place)))?.into_array()
            }
            Self::Integers(values, places) if kind == Kind::Timestamp => {
                let times: TimestampMicrosecondArray = of(values, &places.at(rows)).collect();
                Arc::new(times.with_timezone("UTC"))
            }
            Self::Integers(values, places) => Arc::new(of(values, &places.at(rows)).collect::<Int64Array>()),
            Self::Days(values, places) => Arc::new(of(values, &places.at(rows)).collect::<Date32Array>()),
            Self::Quantities(values) => quantities(values[rows].iter().copied())?.into_array(),
        })
    }

    /// Encodes some of its rows; `None` where the general writer is needed.
    pub(super) fn chunk(
        &self,
        rows: Range<usize>,
        column: &ColumnDescPtr,
        compression: Compression,
    ) -> Result<Option<(Bytes, ColumnCloseResult)>> {
        let chunk = ColumnChunk { column, codec: Codec::new(compression)?, compression };
        match self {
            Self::Texts(dictionary, places) => {
                let text = |place| dictionary.text(place).as_bytes();
                chunk.of_places(&places.at(rows), dictionary.len(), &text, &TextValues)
            }
            Self::Integers(values, places) => {
                chunk.of_places(&places.at(rows), values.len(), &|place| values[place as usize], &IntegerValues)
            }
            Self::Days(values, places) => {
                chunk.of_places(&places.at(rows), values.len(), &|place| values[place as usize], &DayValues)
            }
            Self::Quantities(values) => chunk.of_quantities(&values[rows]).map(Some),
        }
    }
}

/// The distinct values, and the place of each value among them.
fn distinct<T: Copy + Eq + Hash>(values: impl Iterator<Item = T>) -> (Vec<T>, Vec<u32>) {
    let mut known: HashMap<T, u32, FixedState> = HashMap::default();
    let mut distinct = Vec::new();
    let mut last: Option<(T, u32)> = None;
    let place_of = |value: T| match last {
        Some((same, place)) if same == value => place,
        _ => {
            let place = *known.entry(value).or_insert_with(|| {
                distinct.push(value);
                distinct.len() as u32 - 1
            });
            last = Some((value, place));
            place
        }
    };
    let places = values.map(place_of).collect();
    (distinct, places)
}

/// The encoding of values of a physical type in a dictionary and in statistics.
trait Physical<T> {
    fn plain(&self, value: T, page: &mut Vec<u8>);
    /// `None`: the general writer would cut them.
    fn statistics(&self, range: Option<(T, T)>, nulls: u64) -> Option<Statistics>;
    /// The bytes of a text; 0 for a number.
    fn text_bytes(&self, _value: T) -> i64 {
        0
    }
}

struct TextValues;
struct IntegerValues;
struct DayValues;

impl Physical<&[u8]> for TextValues {
    fn plain(&self, value: &[u8], page: &mut Vec<u8>) {
        page.extend_from_slice(&(value.len() as u32).to_le_bytes());
        page.extend_from_slice(value);
    }

    fn statistics(&self, range: Option<(&[u8], &[u8])>, nulls: u64) -> Option<Statistics> {
        let to_bytes = |text: &[u8]| ByteArray::from(text.to_vec());
        let range = range.map(|(min, max)| (to_bytes(min), to_bytes(max))).unzip();
        if [&range.0, &range.1].into_iter().flatten().any(|text| text.len() > STATISTICS_BYTES_MAX) {
            return None;
        }
        Some(ValueStatistics::new(range.0, range.1, None, Some(nulls), false).into())
    }

    fn text_bytes(&self, value: &[u8]) -> i64 {
        value.len() as i64
    }
}

impl Physical<i64> for IntegerValues {
    fn plain(&self, value: i64, page: &mut Vec<u8>) {
        page.extend_from_slice(&value.to_le_bytes());
    }

    fn statistics(&self, range: Option<(i64, i64)>, nulls: u64) -> Option<Statistics> {
        Some(signed(range.unzip(), nulls))
    }
}

impl Physical<i32> for DayValues {
    fn plain(&self, value: i32, page: &mut Vec<u8>) {
        page.extend_from_slice(&value.to_le_bytes());
    }

    fn statistics(&self, range: Option<(i32, i32)>, nulls: u64) -> Option<Statistics> {
        Some(signed(range.unzip(), nulls))
    }
}

fn signed<T>((min, max): (Option<T>, Option<T>), nulls: u64) -> Statistics
where
    Statistics: From<ValueStatistics<T>>,
{
    ValueStatistics::new(min, max, None, Some(nulls), false).with_backwards_compatible_min_max(true).into()
}

/// A column chunk being encoded.
struct ColumnChunk<'c> {
    column: &'c ColumnDescPtr,
    codec: Codec,
    compression: Compression,
}

/// The facts about a chunk when its pages are written.
struct ChunkFacts {
    dictionary: Option<CompressedPage>,
    pages: Vec<CompressedPage>,
    encoding: Encoding,
    statistics: Statistics,
    rows: usize,
    nulls: usize,
    text_bytes: Option<i64>,
}

impl ColumnChunk<'_> {
    fn is_nullable(&self) -> bool {
        self.column.max_def_level() > 0
    }

    /// The rows of a page. The general writer ends it after the batch that fills it, and takes rows that are all null,
    /// or all not null, as one batch.
    fn page_rows(&self, rows: usize, nulls: usize) -> usize {
        let is_one_batch = self.is_nullable() && (nulls == 0 || nulls == rows);
        if is_one_batch { PAGE_ROWS } else { PAGE_ROWS.next_multiple_of(BATCH_ROWS) }
    }

    fn of_places<T: Copy + Ord>(
        mut self,
        places: &[u32],
        distinct: usize,
        value: &impl Fn(u32) -> T,
        physical: &impl Physical<T>,
    ) -> Result<Option<(Bytes, ColumnCloseResult)>> {
        let nulls = if self.is_nullable() { places.iter().filter(|&&place| place == NULL).count() } else { 0 };
        let mut local = vec![NULL; distinct];
        let (mut dictionary, mut used) = (Vec::new(), 0_u32);
        let mut range: Option<(T, T)> = None;
        let (mut pages, mut indices, mut levels) = (Vec::new(), Vec::new(), Vec::new());
        // The text bytes of each value in the dictionary.
        let (mut sizes, mut text_bytes): (Vec<i64>, i64) = (Vec::new(), 0);
        for rows in places.chunks(self.page_rows(places.len(), nulls)) {
            indices.clear();
            for &place in rows.iter().filter(|&&place| place != NULL) {
                let index = &mut local[place as usize];
                if *index == NULL {
                    let entry = value(place);
                    physical.plain(entry, &mut dictionary);
                    range = Some(range.map_or((entry, entry), |(min, max)| (min.min(entry), max.max(entry))));
                    sizes.push(physical.text_bytes(entry));
                    *index = used;
                    used += 1;
                }
                text_bytes += sizes[*index as usize];
                indices.push(*index);
            }
            let mut page = Vec::with_capacity(rows.len() * 2);
            if self.is_nullable() {
                levels.clear();
                levels.extend(rows.iter().map(|&place| u32::from(place != NULL)));
                page.extend_from_slice(&[0; 4]);
                runs(&levels, 1, &mut page);
                let length = page.len() as u32 - 4;
                page[..4].copy_from_slice(&length.to_le_bytes());
            }
            let width = bits(used as usize);
            page.push(width as u8);
            runs(&indices, width, &mut page);
            pages.push(self.data_page(&page, rows.len(), Encoding::RLE_DICTIONARY)?);
        }
        let is_text = self.column.physical_type() == parquet::basic::Type::BYTE_ARRAY;
        let text_bytes = is_text.then_some(text_bytes);
        let statistics = physical.statistics(range, nulls as u64);
        let Some(statistics) = statistics.filter(|_| dictionary.len() < DICTIONARY_BYTES_MAX) else { return Ok(None) };
        let size = dictionary.len();
        let buf = self.codec.compress(&dictionary)?;
        let dictionary = Page::DictionaryPage { buf, num_values: used, encoding: Encoding::PLAIN, is_sorted: false };
        self.finish(ChunkFacts {
            dictionary: Some(CompressedPage::new(dictionary, size)),
            pages,
            encoding: Encoding::RLE_DICTIONARY,
            statistics,
            rows: places.len(),
            nulls,
            text_bytes,
        })
        .map(Some)
    }

    fn of_quantities(mut self, values: &[Quantity]) -> Result<(Bytes, ColumnCloseResult)> {
        let mut pages = Vec::new();
        for rows in values.chunks(self.page_rows(values.len(), 0)) {
            let page: Vec<u8> = rows.iter().flat_map(|quantity| quantity.scaled().to_be_bytes()).collect();
            pages.push(self.data_page(&page, rows.len(), Encoding::PLAIN)?);
        }
        let to_bytes = |quantity: &Quantity| FixedLenByteArray::from(quantity.scaled().to_be_bytes().to_vec());
        let range = (values.iter().min().map(to_bytes), values.iter().max().map(to_bytes));
        self.finish(ChunkFacts {
            dictionary: None,
            pages,
            encoding: Encoding::PLAIN,
            statistics: signed(range, 0),
            rows: values.len(),
            nulls: 0,
            text_bytes: None,
        })
    }

    fn data_page(&mut self, page: &[u8], rows: usize, encoding: Encoding) -> Result<CompressedPage> {
        let data = Page::DataPage {
            buf: self.codec.compress(page)?,
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        Ok(CompressedPage::new(data, page.len()))
    }

    /// Joins the pages, and describes the chunk.
    fn finish(self, made: ChunkFacts) -> Result<(Bytes, ColumnCloseResult)> {
        let ChunkFacts { dictionary, pages, encoding, statistics, rows, nulls, text_bytes } = made;
        let stats = |page_type, encoding, count| PageEncodingStats { page_type, encoding, count };
        let mut encodings = vec![Encoding::RLE, encoding];
        let mut encoding_stats = Vec::new();
        if dictionary.is_some() {
            encodings.push(Encoding::PLAIN);
            encoding_stats.push(stats(PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1));
        }
        encoding_stats.push(stats(PageType::DATA_PAGE, encoding, pages.len() as i32));
        let mut bytes = TrackedWrite::new(Vec::new());
        let (mut compressed, mut uncompressed) = (0, 0);
        let mut writer = SerializedPageWriter::new(&mut bytes);
        let mut write = |page| -> Result<i64> {
            let PageWriteSpec { uncompressed_size, compressed_size, offset, .. } = writer.write_page(page)?;
            uncompressed += uncompressed_size as i64;
            compressed += compressed_size as i64;
            Ok(offset as i64)
        };
        let dictionary_offset = dictionary.map(&mut write).transpose()?;
        let offsets = pages.into_iter().map(write).collect::<Result<Vec<i64>>>()?;
        let histogram = self.is_nullable().then(|| LevelHistogram::from(vec![nulls as i64, (rows - nulls) as i64]));
        let metadata = ColumnChunkMetaData::builder(Arc::clone(self.column))
            .set_compression(self.compression)
            .set_encodings(encodings)
            .set_page_encoding_stats(encoding_stats)
            .set_total_compressed_size(compressed)
            .set_total_uncompressed_size(uncompressed)
            .set_num_values(rows as i64)
            .set_data_page_offset(offsets.first().copied().unwrap_or_default())
            .set_dictionary_page_offset(dictionary_offset)
            .set_statistics(statistics)
            .set_unencoded_byte_array_data_bytes(text_bytes)
            .set_definition_level_histogram(histogram)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: compressed as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((Bytes::from(bytes.into_inner()?), close))
    }
}

/// The two compressions of pages.
enum Codec {
    Snappy(Box<snap::raw::Encoder>),
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Codec {
    fn new(compression: Compression) -> Result<Self> {
        match compression {
            Compression::ZSTD(level) => Ok(Self::Zstd(zstd::bulk::Compressor::new(level.compression_level())?)),
            _ => Ok(Self::Snappy(Box::new(snap::raw::Encoder::new()))),
        }
    }

    fn compress(&mut self, page: &[u8]) -> Result<Bytes> {
        let bytes = match self {
            Self::Snappy(encoder) => encoder.compress_vec(page).map_err(std::io::Error::other)?,
            Self::Zstd(compressor) => compressor.compress(page)?,
        };
        Ok(Bytes::from(bytes))
    }
}

/// Values in a packed group.
const GROUP: usize = 8;
/// The number of packed values after which a new header begins.
const PACKED_MAX: usize = 63 * GROUP;

/// Appends integers of this bit width in Parquet's hybrid encoding of runs and bit-packed groups: eight equal values
/// start a run, which includes all equal values after them.
fn runs(values: &[u32], width: u32, page: &mut Vec<u8>) {
    let (mut at, mut packed_from) = (0, 0);
    while at < values.len() {
        let rest = &values[at..];
        let group = &rest[..rest.len().min(GROUP)];
        let is_run = group.iter().all(|value| *value == group[0]);
        if is_run && (group.len() == GROUP || packed_from == at) {
            pack(&values[packed_from..at], width, page);
            let count = rest.iter().take_while(|value| **value == group[0]).count();
            variable_length((count as u64) << 1, page);
            page.extend_from_slice(&group[0].to_le_bytes()[..width.div_ceil(8) as usize]);
            at += count;
            packed_from = at;
            continue;
        }
        at += group.len();
        if at - packed_from >= PACKED_MAX {
            pack(&values[packed_from..at], width, page);
            packed_from = at;
        }
    }
    pack(&values[packed_from..], width, page);
}

/// Appends a header and groups of values, the last one padded with zeros; nothing for no values.
fn pack(values: &[u32], width: u32, page: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    variable_length((values.len().div_ceil(GROUP) as u64) << 1 | 1, page);
    let (mut packed, mut held) = (0_u64, 0);
    for group in values.chunks(GROUP) {
        for at in 0..GROUP {
            packed |= u64::from(group.get(at).copied().unwrap_or(0)) << held;
            held += width;
            if held >= u32::BITS {
                page.extend_from_slice(&(packed as u32).to_le_bytes());
                packed >>= u32::BITS;
                held -= u32::BITS;
            }
        }
    }
    // Eight values of any bit width are whole bytes.
    page.extend_from_slice(&packed.to_le_bytes()[..(held / 8) as usize]);
}

fn variable_length(mut value: u64, page: &mut Vec<u8>) {
    while value > 0x7f {
        page.push(value as u8 | 0x80);
        value >>= 7;
    }
    page.push(value as u8);
}
