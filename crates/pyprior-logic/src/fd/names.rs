//! Names of variables, back to back.

/// Up to so many names a search from the front beats a hash table.
const SCANNED: usize = 12;

const FREE: u32 = u32::MAX;

#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    text: String,
    entries: Vec<Entry>,
    /// Numbers of names by open addressing, twice as many places as names at least; none while there are few.
    index: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    /// Where the name ends.
    end: u32,
    /// What was noted with it.
    note: u32,
}

/// FNV-1a, eight bytes at a time; the high half, in which all bytes have a say.
#[inline]
fn hash(name: &str) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ name.len() as u64;
    let mut rest = name.as_bytes();
    while let Some((bytes, after)) = rest.split_first_chunk::<8>() {
        hash = (hash ^ u64::from_le_bytes(*bytes)).wrapping_mul(FACTOR);
        rest = after;
    }
    let last = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    ((hash ^ last).wrapping_mul(FACTOR) >> 32) as u32
}

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Names {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Room for so many names.
    pub(crate) fn reserve(&mut self, names: usize) {
        self.text.reserve(4 * names);
        self.entries.reserve(names);
    }

    /// Adds a name; false if it is there already, or if there is no room.
    #[inline]
    pub(crate) fn add(&mut self, name: &str) -> bool {
        let hash = hash(name);
        if self.find_hashed(name, hash).is_some() || self.text.len() + name.len() >= FREE as usize {
            return false;
        }
        self.text.push_str(name);
        self.entries.push(Entry { hash, end: self.text.len() as u32, note: 0 });
        if self.len() > SCANNED {
            if 2 * self.len() > self.index.len() {
                self.grow();
            } else {
                let number = self.len() as u32 - 1;
                self.place(number);
            }
        }
        true
    }

    /// Notes a number with the last name.
    pub(crate) fn note(&mut self, note: u32) {
        if let Some(last) = self.entries.last_mut() {
            last.note = note;
        }
    }

    /// The number noted with a name; 0 if none was.
    pub(crate) fn noted(&self, place: usize) -> Option<u32> {
        self.entries.get(place).map(|entry| entry.note)
    }

    /// Takes the last name back.
    pub(crate) fn pop(&mut self) {
        self.truncate(self.len().saturating_sub(1));
    }

    /// Takes all names back but the first.
    pub(crate) fn truncate(&mut self, names: usize) {
        self.entries.truncate(names);
        self.text.truncate(self.entries.last().map_or(0, |last| last.end as usize));
        if self.len() > SCANNED {
            self.grow();
        } else {
            self.index.clear();
        }
    }

    fn grow(&mut self) {
        self.index.clear();
        let names = self.entries.capacity().max(2 * self.len());
        self.index.resize((2 * names).next_power_of_two(), FREE);
        for number in 0..self.len() as u32 {
            self.place(number);
        }
    }

    fn place(&mut self, number: u32) {
        let mask = self.index.len() - 1;
        let mut at = self.entries[number as usize].hash as usize & mask;
        while self.index[at] != FREE {
            at = (at + 1) & mask;
        }
        self.index[at] = number;
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.find_hashed(name, hash(name))
    }

    #[inline(always)]
    fn find_hashed(&self, name: &str, hash: u32) -> Option<u32> {
        if self.index.is_empty() {
            let mut entries = self.entries.iter().enumerate();
            let same = |(place, entry): (usize, &Entry)| entry.hash == hash && self.get(place) == Some(name);
            return entries.position(same).map(|place| place as u32);
        }
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        while self.index[at] != FREE {
            let number = self.index[at];
            if self.entries[number as usize].hash == hash && self.get(number as usize) == Some(name) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
        None
    }

    pub(crate) fn get(&self, place: usize) -> Option<&str> {
        let end = self.entries.get(place)?.end as usize;
        let start = if place == 0 { 0 } else { self.entries[place - 1].end as usize };
        self.text.get(start..end)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> + '_ {
        (0..self.len()).filter_map(|place| self.get(place))
    }
}
