//! Names of variables, back to back.

/// Up to so many names a search from the front beats a hash table.
const SCANNED: usize = 12;

const FREE: u32 = u32::MAX;

#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    text: String,
    /// Where each name ends.
    ends: Vec<u32>,
    /// Numbers of names by open addressing, twice as many places as names at least; none while there are few.
    index: Vec<u32>,
}

/// FNV-1a, eight bytes at a time; the high half, in which all bytes have a say.
fn hash(name: &str) -> usize {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for bytes in name.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    (hash >> 32) as usize
}

impl Names {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Room for a few names.
    pub(crate) fn reserve(&mut self) {
        self.text.reserve(64);
        self.ends.reserve(16);
    }

    /// Adds a name; false if it is there already, or if there is no room.
    pub(crate) fn add(&mut self, name: &str) -> bool {
        if self.find(name).is_some() || self.text.len() + name.len() >= FREE as usize {
            return false;
        }
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
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

    /// Takes the last name back.
    pub(crate) fn pop(&mut self) {
        self.ends.pop();
        self.text.truncate(self.ends.last().map_or(0, |end| *end as usize));
        if self.len() > SCANNED {
            self.grow();
        } else {
            self.index.clear();
        }
    }

    fn grow(&mut self) {
        self.index.clear();
        self.index.resize((4 * self.len()).next_power_of_two(), FREE);
        for number in 0..self.len() as u32 {
            self.place(number);
        }
    }

    fn place(&mut self, number: u32) {
        let mask = self.index.len() - 1;
        let mut at = hash(self.get(number as usize).unwrap_or_default()) & mask;
        while self.index[at] != FREE {
            at = (at + 1) & mask;
        }
        self.index[at] = number;
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        if !self.index.is_empty() {
            let mask = self.index.len() - 1;
            let mut at = hash(name) & mask;
            while self.index[at] != FREE {
                if self.get(self.index[at] as usize) == Some(name) {
                    return Some(self.index[at]);
                }
                at = (at + 1) & mask;
            }
            return None;
        }
        let mut start = 0;
        for (place, end) in (0..).zip(&self.ends) {
            let end = *end as usize;
            if end - start == name.len() && &self.text.as_bytes()[start..end] == name.as_bytes() {
                return Some(place);
            }
            start = end;
        }
        None
    }

    pub(crate) fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)? as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        self.text.get(start..end)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> + '_ {
        (0..self.len()).filter_map(|place| self.get(place))
    }
}
