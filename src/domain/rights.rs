//! Catalog A: the access rights of organization roles (rights.md A). Data, once; nothing repeats it.

use std::fmt;

/// How far a right goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Look.
    Read,
    /// Act.
    Write,
    /// Delete.
    Delete,
}

impl Level {
    /// Every level, in the order of the matrix.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Delete];

    /// The stored half of a cell's code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::Delete => "DELETE",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Delete => "Delete",
        }
    }

    /// The class that colours it.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Write => "w",
            Self::Delete => "d",
        }
    }
}

/// One of the six access rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Right {
    /// The stored half of a cell's code.
    pub code: &'static str,
    /// What people read.
    pub label: &'static str,
    /// One sentence under the label.
    pub about: &'static str,
    /// Its cells, in the order of the levels.
    pub cells: &'static [Cell],
}

impl Right {
    /// The cell of this right at a level, where it exists.
    pub fn at(&self, level: Level) -> Option<Cell> {
        self.cells.iter().copied().find(|cell| cell.level() == level)
    }
}

/// A cell as a type, for permits of the portal.
pub trait AccessRight: Send + Sync + 'static {
    /// The cell.
    const CELL: Cell;
    /// Its code.
    const CODE: &'static str;
}

macro_rules! access_rights {
    ($($code:literal $label:literal $about:literal { $($cell:ident $level:ident $allows:literal $holder:literal;)+ })+) => {
        $($(#[doc = $allows] pub struct $cell;
        impl AccessRight for $cell {
            const CELL: Cell = Cell::$cell;
            const CODE: &'static str = concat!($code, ":", stringify!($level));
        })+)+

        /// A right at a level: one box of the matrix.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cell { $($(#[doc = $allows] $cell,)+)+ }

        impl Cell {
            /// All eleven.
            pub const ALL: &'static [Self] = &[$($(Self::$cell,)+)+];

            /// The right it belongs to.
            pub fn right(self) -> &'static Right {
                match self { $($(Self::$cell)|+ => const { &Right { code: $code, label: $label, about: $about, cells: &[$(Self::$cell),+] } },)+ }
            }

            /// Its level.
            pub const fn level(self) -> Level {
                match self { $($(Self::$cell => Level::$level,)+)+ }
            }

            /// What it allows, as rights.md says it.
            pub const fn allows(self) -> &'static str {
                match self { $($(Self::$cell => $allows,)+)+ }
            }

            /// What its holder can do, as a line of a list.
            pub const fn holder_can(self) -> &'static str {
                match self { $($(Self::$cell => $holder,)+)+ }
            }
        }

        /// The six rights, in the order of the matrix.
        pub fn catalog() -> impl Iterator<Item = &'static Right> {
            [$([$(Cell::$cell),+][0].right(),)+].into_iter()
        }
    };
}

access_rights! {
    "account_authenticators" "Account authenticators" "How an account proves who it is: password and second factors." {
        AuthenticatorsRead Read "See the enabled MFA authenticators" "See which second factors are on";
        AuthenticatorsWrite Write "Send a password reset e-mail; set the password by hand; add an e-mail or phone authenticator" "Send password resets, set a password, add an e-mail or phone factor";
        AuthenticatorsDelete Delete "Delete an e-mail or phone authenticator" "Remove an e-mail or phone factor";
    }
    "account_identities" "Account identities" "The user names and e-mail addresses an account signs in with." {
        IdentitiesRead Read "See the identifiers (user name, e-mail)" "See user names and sign-in e-mails";
        IdentitiesWrite Write "Change them" "Change a user name or sign-in e-mail";
    }
    "account_management" "Account management" "The accounts list, profiles, invitations, groups and sessions." {
        ManagementRead Read "See the accounts and their profile" "Open the accounts list and read profiles";
        ManagementWrite Write "Invite accounts; manage their groups; update the profile attributes that are open for editing; disable and enable; end sessions" "Invite people, edit profiles and groups, enable or disable, end sessions";
        ManagementDelete Delete "Delete the account" "Delete accounts";
    }
    "account_verification" "Account verification" "Confirm that a person is who they say, or withdraw it." {
        VerificationWrite Write "Verify an identity by hand; revoke a verification" "Verify an identity or withdraw it";
    }
    "organization_management" "Organization management" "Set up child organizations. Works where the store allows self-service organizations." {
        OrganizationWrite Write "Create child organizations, where the identity store has self-service organization registration enabled" "Create child organizations";
    }
    "personal_data_download" "Personal data download" "A full copy of what is held about an account, as HTML or JSON." {
        PersonalDataRead Read "Download an account's data as HTML or JSON" "Download personal data";
    }
}

impl Cell {
    /// The stored code, `account_management:READ`.
    pub fn code(self) -> String {
        format!("{}:{}", self.right().code, self.level().code())
    }

    /// The id of its box on the page.
    pub fn html_id(self) -> String {
        format!("right-{}-{}", self.right().code, self.level().code())
    }

    /// The end of the classes of its lines in "What holders can do".
    pub fn html_class(self) -> String {
        format!("{}-{}", self.right().code, self.level().code())
    }

    /// "Account management: Read".
    pub fn label(self) -> String {
        format!("{}: {}", self.right().label, self.level().label())
    }

    /// Reads a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cell| cell.code() == code)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// The cells of a role: eleven, so a bit set.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Rights(u16);

impl Rights {
    /// No cell.
    pub const NONE: Self = Self(0);

    /// Every cell.
    pub const ALL: Self = Self((1 << Cell::ALL.len()) - 1);

    /// From the stored bits; bits that mean nothing are dropped.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The stored bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether the cell is in it.
    pub const fn has(self, cell: Cell) -> bool {
        self.0 & cell.bit() != 0
    }

    /// Whether there is no cell in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in this set and not in the other.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Its cells in the order of the catalog.
    pub fn cells(self) -> impl Iterator<Item = Cell> {
        Cell::ALL.iter().copied().filter(move |cell| self.has(*cell))
    }

    /// Whether any cell of this right is in it.
    pub fn touches(self, right: &Right) -> bool {
        right.cells.iter().any(|cell| self.has(*cell))
    }

    /// How many cells at this level.
    pub fn at(self, level: Level) -> usize {
        self.cells().filter(|cell| cell.level() == level).count()
    }

    /// Without `account_management:READ` nothing about accounts is available in the portal (R-4).
    pub const fn opens_accounts(self) -> bool {
        self.has(Cell::ManagementRead)
    }

    /// The codes, separated by spaces.
    pub fn codes(self) -> String {
        self.cells().map(Cell::code).collect::<Vec<_>>().join(" ")
    }
}

impl FromIterator<Cell> for Rights {
    fn from_iter<I: IntoIterator<Item = Cell>>(cells: I) -> Self {
        Self(cells.into_iter().fold(0, |bits, cell| bits | cell.bit()))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.codes())
    }
}

/// A recommended role (R-5).
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its word in addresses and forms.
    pub code: &'static str,
    /// The name a role made from it starts with.
    pub name: &'static str,
    /// One sentence on its card.
    pub about: &'static str,
    /// The description a role made from it starts with.
    pub description: &'static str,
    /// Its cells.
    pub rights: Rights,
}

/// The three recommended roles (R-5, seed 000).
pub fn templates() -> [Template; 3] {
    use Cell::*;
    [
        Template {
            code: "admin",
            name: "Admin",
            about: "All rights, on accounts and organizations.",
            description: "Full administrative access to accounts and organization management.",
            rights: Rights::ALL,
        },
        Template {
            code: "support",
            name: "Customer support",
            about: "Fix profiles, sign-in and verification.",
            description: "Helps with every aspect of an account: outdated profiles, forgotten passwords, failed verification.",
            rights: [
                AuthenticatorsRead,
                AuthenticatorsWrite,
                AuthenticatorsDelete,
                IdentitiesRead,
                IdentitiesWrite,
                ManagementRead,
                ManagementWrite,
                ManagementDelete,
                VerificationWrite,
            ]
            .into_iter()
            .collect(),
        },
        Template {
            code: "audit",
            name: "Org auditor",
            about: "Look at everything, change nothing. May download personal data.",
            description: "Read-only access to accounts, personal data downloads included.",
            rights: Cell::ALL.iter().copied().filter(|cell| cell.level() == Level::Read).collect(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_has_six_rights_and_eleven_cells_with_codes_that_read_back() {
        assert_eq!(catalog().count(), 6);
        assert_eq!(catalog().flat_map(|right| right.cells).count(), 11);
        for cell in Cell::ALL {
            assert_eq!(Cell::from_code(&cell.code()), Some(*cell));
            assert!(cell.right().cells.contains(cell));
        }
        assert_eq!(Cell::from_code("account_identities:DELETE"), None);
    }

    #[test]
    fn the_recommended_roles_hold_what_the_seed_says() {
        let [admin, support, auditor] = templates();
        assert_eq!(admin.rights.cells().count(), 11);
        assert_eq!([Level::Read, Level::Write, Level::Delete].map(|level| support.rights.at(level)), [3, 4, 2]);
        assert_eq!(
            auditor.rights.codes(),
            "account_authenticators:READ account_identities:READ account_management:READ personal_data_download:READ"
        );
    }
}
