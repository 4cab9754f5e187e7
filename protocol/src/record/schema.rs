//! One declaration per record kind: a struct whose field types say how each field is kept, bounded and merged.
//!
//! The macros here turn that declaration into two things: the struct itself, for code that reads typed values, and
//! a [`Field`] table, by which the generic code creates, patches, reads, settles and documents every kind alike.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{ItemId, RecordId};

use super::vocabulary::List;

/// One field of a record, of an item, or of a compound value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// Its key in the document and in the API.
    pub name: &'static str,
    /// How it is kept.
    pub shape: Shape,
    /// What it holds, for the reference and for the API description.
    pub doc: &'static str,
}

/// How a field is kept in the document, and so how two offices' edits of it merge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// One line of at most [`crate::limits::MAX_SHORT_TEXT`] characters; one scalar.
    Line,
    /// Some lines of at most [`crate::limits::MAX_PARAGRAPH`] characters; one scalar, because wording that was
    /// adopted must not be mixed from two versions.
    Paragraph,
    /// A long text; an Automerge text, so that two people's edits both survive.
    Narrative,
    /// A date with its precision ([`super::Date`]); one scalar.
    Date,
    /// A whole number from 0; one scalar.
    Count,
    /// An amount in the currency's minor unit, from 0; only inside [`super::common::Money`].
    Amount,
    /// Three capital letters of ISO 4217; only inside [`super::common::Money`].
    Currency,
    /// A coordinate in degrees between minus and plus this many; only inside [`super::common::Place`].
    Degrees(u8),
    /// True or false; one scalar.
    Flag,
    /// One of these keys; one scalar. A key of a newer version is read and kept.
    Choice(&'static [&'static str]),
    /// A key of one of the country pack's lists; one scalar.
    Key(List),
    /// The id of another record; one scalar.
    Record,
    /// The id of an item of the same record; one scalar.
    Item,
    /// Several parts that mean something only together; one scalar (canonical JSON), so that they never mix.
    Compound {
        /// The parts, each of a scalar shape.
        parts: &'static [Field],
        /// Parts of which either all are given or none.
        together: &'static [&'static str],
    },
    /// A set of lines, choices or keys: a map of member → true. An addition survives a removal made apart.
    Set(&'static Shape),
    /// One compound value for each key of one of the country pack's lists: a map of key → scalar.
    Sheet(List, &'static Shape),
    /// Items by item id: a map of maps.
    Items(&'static [Field]),
    /// Lines that are added and reversed, never edited: a map of maps, with `reverses` among the fields.
    Ledger(&'static [Field]),
    /// Written by a verb of its own only, never by a patch: the parts of a sealed evaluation.
    Sealed(&'static Shape),
    /// May not be written before restricted compartments exist.
    Restricted,
}

impl Shape {
    /// Whether the field is one scalar, whose concurrent values a person settles.
    pub fn is_scalar(&self) -> bool {
        !matches!(
            self,
            Shape::Narrative
                | Shape::Set(_)
                | Shape::Sheet(..)
                | Shape::Items(_)
                | Shape::Ledger(_)
                | Shape::Restricted
        )
    }

    /// The fields of the items, where the field holds items.
    pub fn item_fields(&self) -> Option<&'static [Field]> {
        match self {
            Shape::Items(fields) | Shape::Ledger(fields) => Some(fields),
            _ => None,
        }
    }
}

/// A struct that was declared with one of the macros of this module.
pub trait Fields {
    /// Its fields in the order of declaration.
    const FIELDS: &'static [Field];
}

/// A type that a field can have.
pub trait Shaped {
    /// How such a field is kept.
    const SHAPE: Shape;
}

/// Several members without order: regions, themes, aliases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Set<T: Ord>(pub BTreeSet<T>);

/// Items by their ids, withdrawn ones included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Items<T>(pub BTreeMap<ItemId, T>);

/// Lines by their ids, reversed ones included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger<T>(pub BTreeMap<ItemId, T>);

/// One value for each key of the country pack's list `K`, where one was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sheet<K: Ord, T>(pub BTreeMap<K, T>);

/// A value that no patch writes, only a verb of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed<T>(pub T);

/// A field that may not be written yet. It holds nothing, whatever a document says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restricted;

macro_rules! collection {
    ($name:ident<$($param:ident $(: $bound:ident)?),+>, $inner:ty) => {
        impl<$($param $(: $bound)?),+> Default for $name<$($param),+> {
            fn default() -> Self {
                $name(Default::default())
            }
        }

        impl<$($param $(: $bound)?),+> std::ops::Deref for $name<$($param),+> {
            type Target = $inner;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    };
}
collection!(Set<T: Ord>, BTreeSet<T>);
collection!(Items<T>, BTreeMap<ItemId, T>);
collection!(Ledger<T>, BTreeMap<ItemId, T>);
collection!(Sheet<K: Ord, T>, BTreeMap<K, T>);

impl<T: Shaped> Shaped for Option<T> {
    const SHAPE: Shape = T::SHAPE;
}

impl<T: Shaped + Ord> Shaped for Set<T> {
    const SHAPE: Shape = Shape::Set(&T::SHAPE);
}

impl<T: Fields> Shaped for Items<T> {
    const SHAPE: Shape = Shape::Items(T::FIELDS);
}

impl<T: Fields> Shaped for Ledger<T> {
    const SHAPE: Shape = Shape::Ledger(T::FIELDS);
}

impl<K: super::vocabulary::PackKey + Ord, T: Shaped> Shaped for Sheet<K, T> {
    const SHAPE: Shape = Shape::Sheet(K::LIST, &T::SHAPE);
}

impl<T: Shaped> Shaped for Sealed<T> {
    const SHAPE: Shape = Shape::Sealed(&T::SHAPE);
}

impl Shaped for Restricted {
    const SHAPE: Shape = Shape::Restricted;
}

impl Shaped for bool {
    const SHAPE: Shape = Shape::Flag;
}

impl Shaped for u64 {
    const SHAPE: Shape = Shape::Count;
}

impl Shaped for RecordId {
    const SHAPE: Shape = Shape::Record;
}

impl Shaped for ItemId {
    const SHAPE: Shape = Shape::Item;
}

/// Declares a struct and its table of fields.
macro_rules! fields {
    (@struct { $($head:tt)* } { $($tail:tt)* }
     $(#[$attr:meta])* pub struct $name:ident { $( $(#[doc = $doc:literal])+ pub $field:ident: $ty:ty, )* }) => {
        $(#[$attr])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($head)*
            $( $(#[doc = $doc])+ pub $field: $ty, )*
            $($tail)*
        }

        impl $crate::record::schema::Fields for $name {
            const FIELDS: &'static [$crate::record::schema::Field] = &[
                $( $crate::record::schema::Field {
                    name: stringify!($field),
                    shape: <$ty as $crate::record::schema::Shaped>::SHAPE,
                    doc: concat!($($doc),+),
                } ),*
            ];
        }
    };
    ($(#[$attr:meta])* pub struct $($rest:tt)*) => {
        $crate::record::schema::fields! { @struct {} {} $(#[$attr])* pub struct $($rest)* }
    };
}

/// Declares what an item of a list holds; `withdrawn` comes with it.
macro_rules! item {
    ($(#[$attr:meta])* pub struct $($rest:tt)*) => {
        $crate::record::schema::fields! {
            @struct {} {
                /// Whether the item was taken back. It is kept, and can be restored.
                pub withdrawn: bool,
            }
            $(#[$attr])* pub struct $($rest)*
        }
    };
}

/// Declares a record kind; the fields that all kinds share come with it.
macro_rules! record {
    ($(#[$attr:meta])* pub struct $($rest:tt)*) => {
        $crate::record::schema::fields! {
            @struct {
                /// What every kind of record has.
                #[serde(flatten)]
                pub common: $crate::record::Common,
            } {}
            $(#[$attr])* pub struct $($rest)*
        }
    };
}

/// Declares a value of several parts that is kept as one scalar.
macro_rules! compound {
    ($(#[$attr:meta])* together $together:tt pub struct $name:ident $($rest:tt)*) => {
        $crate::record::schema::fields! { @struct {} {} $(#[$attr])* pub struct $name $($rest)* }

        impl $crate::record::schema::Shaped for $name {
            const SHAPE: $crate::record::schema::Shape = $crate::record::schema::Shape::Compound {
                parts: <$name as $crate::record::schema::Fields>::FIELDS,
                together: &$together,
            };
        }
    };
}

/// Declares an enumeration with its keys. `Newer` stands for every key that only a newer version knows: the reading
/// keeps such a key as it is, and nothing here overwrites it.
macro_rules! choice {
    ($(#[$attr:meta])* pub enum $name:ident { $( $variant:ident = $key:literal, )+ }) => {
        $(#[$attr])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(
                #[doc = concat!("`", $key, "`")]
                $variant,
            )+
            /// A key of a newer version.
            Newer,
        }

        impl $name {
            /// Every key of this version, in order.
            pub const KEYS: &'static [&'static str] = &[$($key),+];

            /// The key in documents and in the API; empty for [`Self::Newer`].
            pub fn key(self) -> &'static str {
                match self {
                    $( Self::$variant => $key, )+
                    Self::Newer => "",
                }
            }

            /// The value of a key.
            pub fn from_key(key: &str) -> Self {
                match key {
                    $( $key => Self::$variant, )+
                    _ => Self::Newer,
                }
            }
        }

        impl $crate::record::schema::Shaped for $name {
            const SHAPE: $crate::record::schema::Shape = $crate::record::schema::Shape::Choice(Self::KEYS);
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.key())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::from_key(&std::borrow::Cow::<str>::deserialize(deserializer)?))
            }
        }
    };
}

pub(crate) use {choice, compound, fields, item, record};
