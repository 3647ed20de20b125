//! How the domain's values stand in columns, alike in both databases.

use crate::domain::{account, administrator_role, authenticator, event, identity_store, key::*, letter, role_assignment, time::Time};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, Queryable},
    expression::AsExpression,
    internal::derives::as_expression::Bound,
    serialize::{self, Output, ToSql},
    sql_types::{BigInt, Nullable, SingleValue, Text},
};

/// What `#[derive(AsExpression, FromSqlRow)]` writes, for types of a layer that knows no diesel.
macro_rules! as_column {
    ($type:ty, $sql:ident) => {
        impl AsExpression<$sql> for $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl AsExpression<Nullable<$sql>> for $type {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'v> AsExpression<$sql> for &'v $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'v> AsExpression<Nullable<$sql>> for &'v $type {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<DB: Backend> ToSql<Nullable<$sql>, DB> for $type
        where
            $type: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<$sql, DB>::to_sql(self, out)
            }
        }
        impl<DB: Backend, ST: SingleValue> Queryable<ST, DB> for $type
        where
            Self: FromSql<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    };
}

macro_rules! keys {
    ($($type:ident)+) => { $(
        as_column!($type, BigInt);
        impl<DB: Backend> ToSql<BigInt, DB> for $type where i64: ToSql<BigInt, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.0.to_sql(out)
            }
        }
        impl<DB: Backend> FromSql<BigInt, DB> for $type where i64: FromSql<BigInt, DB> {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                i64::from_sql(value).map($type)
            }
        }
    )+ };
}
keys!(StoreKey OrganizationKey AccountKey RoleKey AdministratorRoleKey ScopeKey GrantKey);

as_column!(Time, BigInt);
impl<DB: Backend> ToSql<BigInt, DB> for Time
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.as_micros().to_sql(out)
    }
}
impl<DB: Backend> FromSql<BigInt, DB> for Time
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(value).map(Time::from_micros)
    }
}

macro_rules! words {
    ($($type:ty)+) => { $(
        as_column!($type, Text);
        impl<DB: Backend> ToSql<Text, DB> for $type where str: ToSql<Text, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.word().to_sql(out)
            }
        }
        impl<DB: Backend> FromSql<Text, DB> for $type where String: FromSql<Text, DB> {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let word = String::from_sql(value)?;
                <$type>::from_word(&word).ok_or_else(|| format!("“{word}” is no {}", stringify!($type)).into())
            }
        }
    )+ };
}
words!(account::Status account::MembershipStatus administrator_role::Kind administrator_role::ScopeReach
    authenticator::Kind event::Outcome identity_store::AttributeType letter::Channel letter::Status role_assignment::Given);
