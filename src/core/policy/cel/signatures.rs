//! The functions of Kubernetes' admission with the types they take: the standard library of CEL and those of
//! `k8s.io/apiserver/pkg/cel/environment`, of Kubernetes 1.34 and newer. What is not here can't be called.
//!
//! `A`, `B` stand for any type, the other letters for each of a few (see [`EACH`]). All comparisons are like `_<_`.

use std::{collections::HashMap, sync::LazyLock};

const SIGNATURES: &str = "
!_(bool) bool; -_(int) int; -_(double) double; _&&_(bool,bool) bool; _||_(bool,bool) bool
@not_strictly_false(bool) bool; _?_:_(bool,A,A) A; _==_(A,A) bool; _!=_(A,A) bool
_+_(int,int) int; _+_(uint,uint) uint; _+_(double,double) double; _+_(string,string) string; _+_(bytes,bytes) bytes
_+_(list<A>,list<A>) list<A>; _+_(duration,duration) duration; _+_(duration,timestamp) timestamp
_+_(timestamp,duration) timestamp
_-_(int,int) int; _-_(uint,uint) uint; _-_(double,double) double; _-_(duration,duration) duration
_-_(timestamp,duration) timestamp; _-_(timestamp,timestamp) duration
_*_(int,int) int; _*_(uint,uint) uint; _*_(double,double) double
_/_(int,int) int; _/_(uint,uint) uint; _/_(double,double) double; _%_(int,int) int; _%_(uint,uint) uint
_<_(N,M) bool; _<_(O,O) bool
@in(A,list<A>) bool; @in(A,map<A,B>) bool
_[_](list<A>,int) A; _[_](map<A,B>,A) B; _[_](optional<list<A>>,int) optional<A>; _[_](optional<map<A,B>>,A) optional<B>
_[?_](list<A>,int) optional<A>; _[?_](map<A,B>,A) optional<B>; _[?_](optional<list<A>>,int) optional<A>
_[?_](optional<map<A,B>>,A) optional<B>
size(string) int; size(bytes) int; size(list<A>) int; size(map<A,B>) int
string.size() int; bytes.size() int; list<A>.size() int; map<A,B>.size() int
type(A) type; dyn(A) dyn
bool(bool) bool; bool(string) bool
bytes(bytes) bytes; bytes(string) bytes
double(double) double; double(int) double; double(string) double; double(uint) double
duration(duration) duration; duration(int) duration; duration(string) duration
int(int) int; int(double) int; int(duration) int; int(string) int; int(timestamp) int; int(uint) int
string(string) string; string(bool) string; string(bytes) string; string(double) string; string(duration) string
string(int) string; string(timestamp) string; string(uint) string; string(ip) string; string(cidr) string
timestamp(timestamp) timestamp; timestamp(int) timestamp; timestamp(string) timestamp
uint(uint) uint; uint(double) uint; uint(int) uint; uint(string) uint
string.contains(string) bool; string.endsWith(string) bool; string.startsWith(string) bool
matches(string,string) bool; string.matches(string) bool
timestamp.getFullYear() int; timestamp.getFullYear(string) int
timestamp.getMonth() int; timestamp.getMonth(string) int
timestamp.getDayOfYear() int; timestamp.getDayOfYear(string) int
timestamp.getDayOfMonth() int; timestamp.getDayOfMonth(string) int
timestamp.getDate() int; timestamp.getDate(string) int
timestamp.getDayOfWeek() int; timestamp.getDayOfWeek(string) int
timestamp.getHours() int; timestamp.getHours(string) int; duration.getHours() int
timestamp.getMinutes() int; timestamp.getMinutes(string) int; duration.getMinutes() int
timestamp.getSeconds() int; timestamp.getSeconds(string) int; duration.getSeconds() int
timestamp.getMilliseconds() int; timestamp.getMilliseconds(string) int; duration.getMilliseconds() int
optional.of(A) optional<A>; optional.ofNonZeroValue(A) optional<A>; optional.none() optional<A>
optional<A>.value() A; optional<A>.hasValue() bool
optional<A>.or(optional<A>) optional<A>; optional<A>.orValue(A) A
optional.unwrap(list<optional<A>>) list<A>; list<optional<A>>.unwrapOpt() list<A>
list<A>.first() optional<A>; list<A>.last() optional<A>
string.charAt(int) string
string.indexOf(string) int; string.indexOf(string,int) int; list<A>.indexOf(A) int
string.lastIndexOf(string) int; string.lastIndexOf(string,int) int; list<A>.lastIndexOf(A) int
string.lowerAscii() string; string.upperAscii() string; string.trim() string
string.replace(string,string) string; string.replace(string,string,int) string
string.split(string) list<string>; string.split(string,int) list<string>
string.substring(int) string; string.substring(int,int) string
string.format(list<dyn>) string; strings.quote(string) string
list<string>.join() string; list<string>.join(string) string
sets.contains(list<A>,list<A>) bool; sets.equivalent(list<A>,list<A>) bool; sets.intersects(list<A>,list<A>) bool
list<C>.isSorted() bool; list<S>.sum() S; list<C>.max() C; list<C>.min() C
list<A>.slice(int,int) list<A>; list<list<A>>.flatten() list<A>; list<dyn>.flatten(int) list<dyn>
list<C>.sort() list<C>; lists.range(int) list<int>; list<A>.reverse() list<A>; list<A>.distinct() list<A>
list<A>.@sortByAssociatedKeys(list<C>) list<A>
cel.@mapInsert(map<A,B>,A,B) map<A,B>; cel.@mapInsert(map<A,B>,map<A,B>) map<A,B>
string.find(string) string; string.findAll(string) list<string>; string.findAll(string,int) list<string>
url(string) url; isURL(string) bool
url.getScheme() string; url.getHost() string; url.getHostname() string; url.getPort() string
url.getEscapedPath() string; url.getQuery() map<string,list<string>>
ip(string) ip; isIP(string) bool; ip.isCanonical(string) bool; ip.family() int
ip.isUnspecified() bool; ip.isLoopback() bool; ip.isLinkLocalMulticast() bool; ip.isLinkLocalUnicast() bool
ip.isGlobalUnicast() bool
cidr(string) cidr; isCIDR(string) bool; cidr.ip() ip; cidr.masked() cidr; cidr.prefixLength() int
cidr.containsIP(string) bool; cidr.containsIP(ip) bool; cidr.containsCIDR(string) bool; cidr.containsCIDR(cidr) bool
quantity(string) quantity; isQuantity(string) bool; quantity.isInteger() bool; quantity.asInteger() int
quantity.asApproximateFloat() double; sign(quantity) int
quantity.add(quantity) quantity; quantity.add(int) quantity; quantity.sub(quantity) quantity; quantity.sub(int) quantity
quantity.isGreaterThan(quantity) bool; semver.isGreaterThan(semver) bool
quantity.isLessThan(quantity) bool; semver.isLessThan(semver) bool
quantity.compareTo(quantity) int; semver.compareTo(semver) int
semver(string) semver; semver(string,bool) semver; isSemver(string) bool; isSemver(string,bool) bool
semver.major() int; semver.minor() int; semver.patch() int
format.named(string) optional<format>; format.validate(string) optional<list<string>>
format.dns1123Label() format; format.dns1123Subdomain() format; format.dns1035Label() format
format.qualifiedName() format; format.dns1123LabelPrefix() format; format.dns1123SubdomainPrefix() format
format.dns1035LabelPrefix() format; format.labelValue() format; format.uri() format; format.uuid() format
format.byte() format; format.date() format; format.datetime() format
";

/// Types that have an order, that can be summed, and that are compared with each other.
const EACH: &[(&str, &[&str])] = &[
    ("C", &["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"]),
    ("S", &["int", "uint", "double", "duration"]),
    ("N", &["int", "uint", "double"]),
    ("M", &["int", "uint", "double"]),
    ("O", &["bool", "string", "bytes", "timestamp", "duration"]),
];

/// Names before a dot that are namespaces of functions and no types.
const NAMESPACES: &[&str] = &["optional", "strings", "sets", "lists", "cel", "ip", "format"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub is_method: bool,
    /// The receiver is the first.
    pub arguments: Vec<&'static str>,
    pub result: &'static str,
}

static BY_NAME: LazyLock<HashMap<&'static str, Vec<Signature>>> = LazyLock::new(|| {
    let mut by_name: HashMap<&'static str, Vec<Signature>> = HashMap::new();
    for line in SIGNATURES.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty()) {
        if let Some((name, signature)) = signature(line) {
            by_name.entry(name).or_default().extend(each(signature));
        }
    }
    by_name
});

/// Of a function by its name, namespace included: none where there is no such function.
pub(super) fn signatures(name: &str) -> &'static [Signature] {
    let name = if matches!(name, "_<=_" | "_>_" | "_>=_") { "_<_" } else { name };
    BY_NAME.get(name).map_or(&[], Vec::as_slice)
}

/// One for each type that a letter stands for.
fn each(signature: Signature) -> Vec<Signature> {
    let has =
        |letter: &str| signature.arguments.iter().any(|text| *text == letter || text.contains(&format!("<{letter}>")));
    let Some((letter, types)) = EACH.iter().find(|(letter, _)| has(letter)) else { return vec![signature] };
    let of = |text: &'static str, with: &'static str| match text {
        _ if text == *letter => with,
        // Of a list the letters are: these are few, and live as long as the table.
        _ if text == format!("list<{letter}>") => {
            LISTS.iter().find(|list| list[5..list.len() - 1] == *with).unwrap_or(&text)
        }
        _ => text,
    };
    let with = |with: &&'static str| Signature {
        is_method: signature.is_method,
        arguments: signature.arguments.iter().map(|text| of(text, with)).collect(),
        result: of(signature.result, with),
    };
    types.iter().map(with).flat_map(each).collect()
}

const LISTS: &[&str] = &[
    "list<int>",
    "list<uint>",
    "list<double>",
    "list<bool>",
    "list<duration>",
    "list<timestamp>",
    "list<string>",
    "list<bytes>",
];

fn signature(line: &'static str) -> Option<(&'static str, Signature)> {
    let (head, rest) = line.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(')')?;
    let (receiver, name) = match head.rsplit_once('.') {
        Some((receiver, name)) if is_method(receiver, name) => (Some(receiver), name),
        _ => (None, head),
    };
    let arguments = receiver.into_iter().chain(split(arguments)).collect();
    Some((name, Signature { is_method: receiver.is_some(), arguments, result: result.trim() }))
}

/// `ip` and `format` are types and namespaces.
fn is_method(receiver: &str, name: &str) -> bool {
    match (receiver, name) {
        ("ip", "isCanonical") => false,
        ("ip", _) => true,
        ("format", "validate") => true,
        _ => !NAMESPACES.contains(&receiver),
    }
}

/// At the commas outside of `<>`.
pub(super) fn split(types: &'static str) -> Vec<&'static str> {
    let (mut parts, mut depth, mut start) = (vec![], 0, 0);
    for (at, c) in types.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&types[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < types.len() {
        parts.push(&types[start..]);
    }
    parts
}
