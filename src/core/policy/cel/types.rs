//! Types as the API server checks them before it takes a policy: what it would refuse is refused here. A document is `dyn`, of which
//! everything may be true.

use super::signatures::{Signature, signatures, split};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Dyn,
    /// By its name; of a request and of a namespace the fields are known.
    Plain(&'static str),
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Optional(Box<Type>),
    /// Found out later.
    Open(usize),
}

/// What is known of open types.
#[derive(Default)]
pub(super) struct Types {
    found: Vec<Option<Type>>,
}

/// Fields of types that the API server declares.
const FIELDS: &[(&str, &str)] = &[
    (
        "request",
        "kind:gvk resource:gvr subResource:string requestKind:gvk requestResource:gvr requestSubResource:string name:string \
         namespace:string operation:string userInfo:user dryRun:bool options:dyn",
    ),
    ("gvk", "group:string version:string kind:string"),
    ("gvr", "group:string version:string resource:string"),
    ("user", "username:string uid:string groups:list<string> extra:map<string,list<string>>"),
    ("namespace", "metadata:namespace_metadata spec:namespace_spec status:namespace_status"),
    (
        "namespace_metadata",
        "name:string generateName:string namespace:string labels:map<string,string> annotations:map<string,string> UID:string \
         creationTimestamp:timestamp deletionGracePeriodSeconds:int deletionTimestamp:timestamp generation:int \
         resourceVersion:string finalizers:list<string>",
    ),
    ("namespace_spec", "finalizers:list<string>"),
    ("namespace_status", "phase:string conditions:list<namespace_condition>"),
    ("namespace_condition", "status:string type:string lastTransitionTime:timestamp message:string reason:string"),
];

// === impl Type ===

impl Type {
    pub const BOOL: Self = Self::Plain("bool");
    pub const STRING: Self = Self::Plain("string");
    pub const INT: Self = Self::Plain("int");
    pub const REQUEST: Self = Self::Plain("request");
    pub const NAMESPACE: Self = Self::Plain("namespace");

    fn is_message(name: &str) -> bool {
        FIELDS.iter().any(|(known, _)| *known == name)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn | Self::Open(_) => f.write_str("dyn"),
            Self::Plain(name) => f.write_str(name),
            Self::List(item) => write!(f, "list({item})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Optional(of) => write!(f, "optional({of})"),
        }
    }
}

// === impl Types ===

impl Types {
    pub(super) fn open(&mut self) -> Type {
        self.found.push(None);
        Type::Open(self.found.len() - 1)
    }

    pub(super) fn substitute(&self, of: &Type) -> Type {
        match of {
            Type::Open(at) => match &self.found[*at] {
                Some(found) => self.substitute(found),
                None => of.clone(),
            },
            Type::List(item) => Type::List(Box::new(self.substitute(item))),
            Type::Map(key, value) => Type::Map(Box::new(self.substitute(key)), Box::new(self.substitute(value))),
            Type::Optional(of) => Type::Optional(Box::new(self.substitute(of))),
            Type::Dyn | Type::Plain(_) => of.clone(),
        }
    }

    /// Whether a value of the one may stand where the other is asked for; finds out open types on the way.
    pub(super) fn fits(&mut self, actual: &Type, wanted: &Type) -> bool {
        if let Type::Open(at) = wanted
            && let Some(found) = self.found[*at].clone()
        {
            let fits = self.fits(actual, &found);
            if fits && self.substitute(actual) == Type::Dyn {
                self.found[*at] = Some(Type::Dyn);
            }
            return fits;
        }
        match (self.substitute(actual), self.substitute(wanted)) {
            (Type::Open(a), Type::Open(b)) if a == b => true,
            (other, Type::Open(at)) | (Type::Open(at), other) => {
                self.found[at] = Some(other);
                true
            }
            (Type::Dyn, _) | (_, Type::Dyn) => true,
            (Type::Plain(a), Type::Plain(b)) => {
                a == b || [(a, b), (b, a)].iter().any(|(a, b)| *a == "null_type" && Type::is_message(b))
            }
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => self.fits(&a, &b),
            (Type::Map(k, v), Type::Map(l, w)) => self.fits(&k, &l) && self.fits(&v, &w),
            _ => false,
        }
    }

    /// What a call of a function or operator results in. `None`: it takes other arguments.
    pub(super) fn call(&mut self, name: &str, is_method: bool, arguments: &[Type]) -> Option<Type> {
        let mut result: Option<Type> = None;
        let known = signatures(name).iter().filter(|known| known.is_method == is_method);
        for Signature { arguments: wanted, result: made, .. } in known {
            if wanted.len() != arguments.len() {
                continue;
            }
            let before = self.found.clone();
            let mut letters = [None, None];
            let wanted: Vec<Type> = wanted.iter().map(|text| self.read(text, &mut letters)).collect();
            let made = self.read(made, &mut letters);
            if !arguments.iter().zip(&wanted).all(|(actual, wanted)| self.fits(actual, wanted)) {
                self.found = before;
                continue;
            }
            let made = self.substitute(&made);
            result = Some(match result {
                Some(other) if other != made => Type::Dyn,
                _ => made,
            });
        }
        result
    }

    /// `None`: it has no fields, or none of that name.
    pub(super) fn field(&mut self, of: &Type, name: &str) -> Option<Type> {
        match self.substitute(of) {
            Type::Dyn | Type::Open(_) => Some(Type::Dyn),
            Type::Map(_, value) => Some(*value),
            Type::Optional(of) => match self.field(&of, name)? {
                already @ Type::Optional(_) => Some(already),
                of => Some(Type::Optional(Box::new(of))),
            },
            Type::Plain(message) => {
                let (_, fields) = FIELDS.iter().find(|(known, _)| *known == message)?;
                let mut fields = fields.split_whitespace().filter_map(|field| field.split_once(':'));
                let (_, of) = fields.find(|(known, _)| *known == name)?;
                Some(self.read(of, &mut [None, None]))
            }
            Type::List(_) => None,
        }
    }

    /// Of what a loop goes over: one name's type, or two names' types. `None`: nothing goes over it.
    pub(super) fn items(&mut self, range: &Type, has_second: bool) -> Option<(Type, Type)> {
        match self.substitute(range) {
            Type::Dyn | Type::Open(_) => Some((Type::Dyn, Type::Dyn)),
            Type::List(item) if has_second => Some((Type::INT, *item)),
            Type::List(item) => Some((*item, Type::Dyn)),
            Type::Map(key, value) => Some((*key, *value)),
            _ => None,
        }
    }

    fn read(&mut self, text: &'static str, letters: &mut [Option<Type>; 2]) -> Type {
        let inner = |start: usize| &text[start..text.len() - 1];
        let letter = match text {
            "dyn" => return Type::Dyn,
            "A" => 0,
            "B" => 1,
            _ if text.starts_with("list<") => return Type::List(Box::new(self.read(inner(5), letters))),
            _ if text.starts_with("optional<") => return Type::Optional(Box::new(self.read(inner(9), letters))),
            _ if text.starts_with("map<") => {
                let parts = split(inner(4));
                let mut part = |at: usize| parts.get(at).map_or(Type::Dyn, |text| self.read(text, letters));
                return Type::Map(Box::new(part(0)), Box::new(part(1)));
            }
            plain => return Type::Plain(plain),
        };
        letters[letter].get_or_insert_with(|| self.open()).clone()
    }
}
