use super::*;
use serde_json::{Value, json};

fn value(text: &str) -> Result<Value, String> {
    let object = json!({
        "metadata": {"name": "api", "namespace": "shop", "labels": {"app": "api", "tier": "web"}},
        "spec": {"replicas": 3, "ratio": 0.5, "text": "héllo", "ports": [80, 443], "none": null, "on": true},
    });
    let bindings = Bindings::default().with("object", &object).with("oldObject", &Value::Null);
    let expression = Expression::parse(text, &["object", "oldObject"]).map_err(|error| format!("refused: {error}"))?;
    expression.evaluate(&bindings).map_err(|error| error.to_string())
}

#[test]
fn expressions_have_the_values_of_admission() {
    let table = [
        ("object.spec.replicas + 2", json!(5), "a field is a number"),
        ("object.metadata.namespace", json!("shop"), "a reserved word is a field's name"),
        ("oldObject == null", json!(true), "nothing on create"),
        ("size(object.spec.text)", json!(5), "characters, not bytes"),
        ("object.?spec.?missing.orValue(7)", json!(7), "optional chaining"),
        ("object.metadata.?labels['app'].orValue('-')", json!("api"), "an index of an optional"),
        ("object.metadata.labels[?'x'].hasValue()", json!(false), "an optional index"),
        ("[1, ?object.spec.?missing, 2]", json!([1, 2]), "an optional element"),
        ("{?'a': object.spec.?missing, 'b': 1}", json!({"b": 1}), "an optional entry"),
        ("object.spec.?replicas.optMap(r, r * 2).orValue(0)", json!(6), "optMap"),
        ("object.spec.?x.optMap(r, r * 2).orValue(0)", json!(0), "optMap of nothing"),
        ("object.spec.?replicas.optFlatMap(r, object.?spec.?ratio).value()", json!(0.5), "optFlatMap"),
        ("has(object.spec.replicas.deeper)", json!(false), "nothing is in a number"),
        ("object.spec.ports.exists(p, 1 / (p - 80) == 0)", json!(true), "an error is absorbed by what decides"),
        ("object.spec.none == null || object.spec.none.x", json!(true), "what decides comes first"),
        ("object.spec.missing == 1 || true", json!(true), "what decides comes last"),
        ("object.metadata.labels.all(k, v, k.size() > 2 && v.size() > 2)", json!(true), "two names"),
        ("[5, 6].exists(i, v, i == 1 && v == 6)", json!(true), "index and element"),
        ("[5, 6, 5].existsOne(i, v, v == 6)", json!(true), "one of two names"),
        ("['a', 'b'].transformList(i, v, string(i) + v)", json!(["0a", "1b"]), "a list of two names"),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10)", json!({"b": 20}), "a map, filtered"),
        ("{'a': 'x'}.transformMapEntry(k, v, {v: k})", json!({"x": "a"}), "entries turned around"),
        ("['bb', 'a', 'ccc'].sortBy(x, -size(x))", json!(["ccc", "bb", "a"]), "sorted by a key"),
        ("[3, 1, 2].sort()", json!([1, 2, 3]), "sorted"),
        ("dyn(1) == 1.0", json!(true), "numbers of different types"),
        ("type(object.spec.replicas) == int", json!(true), "types are values"),
        ("type(object.spec) == map && type('a') == string", json!(true), "types of documents"),
        ("'a-b-c'.split('-').join('+')", json!("a+b+c"), "strings"),
        ("'%s has %d'.format([object.metadata.name, object.spec.replicas])", json!("api has 3"), "format"),
        ("quantity('1Gi').isGreaterThan(quantity('500Mi'))", json!(true), "quantities"),
        ("ip('10.1.2.3').family() == 4 && cidr('10.0.0.0/8').containsIP('10.1.2.3')", json!(true), "addresses"),
        ("url('https://a.example:8443/x').getPort()", json!("8443"), "addresses of the web"),
        ("semver('1.2.3').isLessThan(semver('1.10.0'))", json!(true), "versions"),
        ("!format.dns1123Label().validate('a-b').hasValue()", json!(true), "named formats"),
        ("sets.contains([1, 2, 3], [2])", json!(true), "sets"),
        ("'abc123'.find('[0-9]+')", json!("123"), "regular expressions"),
        ("duration('1h') > duration('1m') && duration('1h').getHours() == 1", json!(true), "durations"),
        ("string(1.0) + string(true) + string(1e21)", json!("1true1e+21"), "numbers as Go writes them"),
        ("object.metadata.labels.map(k, k)", json!(["app", "tier"]), "maps are walked in order"),
    ];
    for (text, expected, reason) in table {
        assert_eq!(value(text), Ok(expected), "{text}: {reason}");
    }
}

#[test]
fn an_error_says_what_the_api_server_says() {
    let table = [
        ("object.spec.missing == 1", "no such key: missing", "a missing field"),
        ("object.spec.ports[5] == 1", "index out of bounds: 5", "a missing element"),
        ("object.spec.replicas / 0 == 1", "division by zero", "division"),
        ("object.spec.replicas % 0 == 1", "modulus by zero", "remainder"),
        ("9223372036854775807 + object.spec.replicas", "integer overflow", "overflow"),
        ("object.spec.replicas + object.spec.text", "no such overload", "types"),
        ("[9223372036854775807, 1].sum()", "integer overflow", "a sum that the library would wrap"),
        ("object.spec.?missing.value()", "optional.none() dereference", "nothing"),
        ("lists.range(1000000000).size()", "operation cancelled: actual cost limit exceeded", "memory"),
        (
            "lists.range(2000).all(x, lists.range(2000).all(y, x + y >= 0))",
            "operation cancelled: actual cost limit exceeded",
            "time",
        ),
        (
            "quantity('1Gi')",
            "a kubernetes.Quantity can't be written as JSON; convert it, for example with string()",
            "JSON",
        ),
    ];
    for (text, expected, reason) in table {
        assert_eq!(value(text), Err(expected.to_owned()), "{text}: {reason}");
    }
}

#[test]
fn what_admission_lacks_is_refused_when_it_is_loaded() {
    let long = format!("{} true", " ".repeat(MAX_LENGTH));
    let chain = "+1".repeat(4000);
    let behind_comment = format!("// don't\n1{chain}");
    let behind_raw = format!("[r'\\',1{chain}]");
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(4999));
    let chained = format!("1{}", "+1".repeat(4000));
    let conditions = format!("{}1", "a?1:".repeat(2000));
    let table = [
        ("cel.bind(x, 1, x)", (1, 9), "unknown function `cel.bind`", "a macro that admission does not have"),
        ("true &&\n  math.greatest(1, 2) > 0", (2, 16), "unknown function `math.greatest`", "a library of others"),
        ("object.spec.foo()", (1, 16), "unknown function `foo`", "no method"),
        (
            "authorizer.path('/x').check('get').allowed()",
            (1, 1),
            "function `authorizer` is not supported",
            "the authorizer",
        ),
        ("objekt.spec", (1, 1), "unknown name `objekt`", "a name"),
        ("variables.x", (1, 10), "unknown name `variables.x`", "a variable"),
        ("'é' + objekt", (1, 7), "unknown name `objekt`", "columns are of characters"),
        ("'a'.startsWith('a', 'b')", (1, 15), "`startsWith` does not take (string, string, string)", "arguments"),
        ("object.spec ==", (1, 15), "Syntax error", "incomplete"),
        ("Foo{a: 1}", (1, 4), "function `Foo` is not supported", "messages"),
        (&long, (1, 1), "longer than", "text has a bound"),
        (&deep, (1, 101), "nested deeper", "brackets have a bound"),
        (&behind_comment, (2, 202), "nested deeper", "behind a quotation mark in a comment"),
        (&behind_raw, (1, 208), "nested deeper", "behind a raw text that ends with a backslash"),
        (&chained, (1, 202), "nested deeper", "chains, too"),
        (&conditions, (1, 402), "nested deeper", "conditions, too"),
    ];
    for (text, place, message, reason) in table {
        let error = Expression::parse(text, &["object"]).unwrap_err();
        assert!(error.problem.to_string().contains(message), "{reason}: {error}");
        if !message.is_empty() {
            assert_eq!((error.line, error.column), place, "{reason}: {error}");
        }
    }
}

#[test]
fn a_variable_is_evaluated_once_and_only_where_it_is_asked_for() {
    let names = ["object", "variables.faulty", "variables.first", "variables.second"];
    let parse = |text: &str| Expression::parse(text, &names).unwrap();
    let (faulty, first, second) = (parse("object.missing"), parse("object.n + 1"), parse("variables.first * 2"));
    let object = json!({"n": 1});
    let bindings = Bindings::default()
        .with("object", &object)
        .define("faulty", &faulty)
        .define("first", &first)
        .define("second", &second);
    assert_eq!(parse("variables.second == 4").is_true(&bindings), Ok(true));
    let error = parse("variables.faulty == 4").is_true(&bindings).unwrap_err();
    assert_eq!(error.to_string(), "composited variable \"faulty\" fails to evaluate: no such key: missing");
    assert_eq!(parse("variables.first").is_true(&bindings), Err(EvaluationError::NotABool("int")));
}

/// Values are tenants': whatever they are, an evaluation ends with a value or an error.
#[test]
fn extreme_values_end_in_a_value_or_an_error() {
    let long = "9".repeat(60);
    let quantities =
        ["1e2147483647", "1e-2147483648", "1E", "-0", ".", "1e", long.as_str(), "0.000000000000000000001Ei"];
    let others = [
        "",
        "%",
        "%.",
        "[",
        "::",
        "1.2.3.4/99",
        "://",
        "99999999999999999999.0.0",
        "\u{10ffff}",
        "-",
        "2026-13-45T99:99:99Z",
    ];
    let one_text = [
        "isQuantity(object.t)",
        "quantity(object.t).isInteger()",
        "quantity(object.t).asInteger()",
        "quantity(object.t).asApproximateFloat()",
        "sign(quantity(object.t))",
        "quantity(object.t).add(quantity(object.t)).compareTo(quantity('1'))",
        "quantity(object.t).sub(quantity('1')).isGreaterThan(quantity('1Ki'))",
        "object.t.format([1])",
        "object.t.split('')",
        "object.t.replace('', object.t)",
        "object.t.charAt(0)",
        "object.t.substring(0)",
        "object.t.find(object.t)",
        "object.t.findAll(object.t, 3)",
        "object.t.matches(object.t)",
        "ip(object.t).family()",
        "cidr(object.t).containsIP('1.2.3.4')",
        "url(object.t).getHost()",
        "semver(object.t).major()",
        "semver(object.t, true).minor()",
        "timestamp(object.t).getHours('-23:59')",
        "duration(object.t).getHours()",
        "timestamp(object.t) + duration('9999999h')",
        "int(object.t) + int(double(object.t))",
        "format.dns1123Label().validate(object.t).hasValue()",
        "strings.quote(object.t)",
    ];
    for text in quantities.iter().chain(&others) {
        let object = json!({ "t": text });
        for expression in one_text {
            let bindings = Bindings::default().with("object", &object);
            let _ = Expression::parse(expression, &["object"]).unwrap().evaluate(&bindings);
        }
    }
}

/// Brackets and operators count where they are code.
#[test]
fn depth_is_that_of_the_code() {
    let open = "(".repeat(150);
    let flat = |part: &str| format!("[{}].size() > 0", [part; 200].join(", "));
    let fine = [
        (format!("'{open}' != ''"), "brackets in a text"),
        (format!("\"it's {open}\" != ''"), "the other quote does not end it"),
        (format!("'\\'{open}' != ''"), "nor does an escaped one"),
        (flat("(1)"), "brackets one after another"),
        (flat("1 + 1"), "sums one after another"),
        (format!("{} > 0", ["(1)"; 60].join(" + ")), "brackets that are closed"),
    ];
    for (text, reason) in fine {
        assert!(Expression::parse(&text, &[]).is_ok(), "{reason}");
    }
    let deep = [
        (format!("'a' + {open}1"), (1, 106), "behind a text"),
        (format!("'\\'' + {open}1"), (1, 107), "an escape has two columns"),
        (format!("\n\n  {open}1"), (3, 103), "in a later line"),
        (format!(") + {open}1"), (1, 104), "behind a bracket that nothing opens"),
        (format!("{}1", "a && b ? 1 : ".repeat(200)), (1, 1308), "conditions go on behind what else begins again"),
    ];
    for (text, place, reason) in deep {
        let error = Expression::parse(&text, &["a", "b"]).unwrap_err();
        assert!(error.problem.to_string().contains("nested deeper"), "{reason}: {error}");
        assert_eq!((error.line, error.column), place, "{reason}");
    }
}

/// A loop over what is small ends in time; over what is large and copied each time, it is cut off.
#[test]
fn what_is_copied_is_paid_for() {
    let large = json!({"text": "x".repeat(40_000), "list": vec![1; 2_500]});
    let small = json!({"text": "x", "list": [1]});
    let table = [
        ("lists.range(500).all(x, (object.text + object.text).size() > 0)", "texts"),
        ("lists.range(500).all(x, bytes(object.text).size() > 0)", "bytes"),
        ("lists.range(500).all(x, (object.list + object.list).size() > 0)", "lists"),
    ];
    for (text, reason) in table {
        let evaluated = |object: &Value| {
            let bindings = Bindings::default().with("object", object);
            Expression::parse(text, &["object"]).unwrap().is_true(&bindings)
        };
        assert_eq!(evaluated(&small), Ok(true), "{reason}");
        assert_eq!(evaluated(&large), Err(EvaluationError::TooExpensive), "{reason}");
    }
    let once = "(object.text + object.text).size() + bytes(object.text).size() + bytes(object.text + 'x').size() > 0";
    let bindings = Bindings::default().with("object", &large);
    assert_eq!(Expression::parse(once, &["object"]).unwrap().is_true(&bindings), Ok(true), "once is little");
    let longest = Expression::parse("lists.range(100000).size() == 100000", &[]).unwrap();
    assert_eq!(longest.is_true(&Bindings::default()), Ok(true));
}
