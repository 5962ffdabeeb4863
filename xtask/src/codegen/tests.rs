use super::*;

const SMALL: &str = r#"
[[parameter]]
element = "Profile_Rule"
families = ["mpp", "spa"]
tab = "Provisioning"
kind = "profile_rule"
kind_basis = "doc"
default = "/$PSN.xml"
secret = false

[[parameter]]
element = "User_ID_{n}_"
families = ["ata"]
index_min = 1
index_max = 3
kind = "userid"
kind_basis = "inferred"
secret = false
"#;

#[test]
fn the_committed_table_is_fresh() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    let source = std::fs::read_to_string(format!("{root}{SOURCE}")).unwrap();
    let committed = std::fs::read_to_string(format!("{root}{TARGET}")).unwrap();
    let fresh = generate(&source).unwrap() == committed;
    assert!(fresh, "{TARGET} is stale: run `cargo xtask codegen`");
}

#[test]
fn names_are_numbered_in_the_order_of_the_registry() {
    let table = generate(SMALL).unwrap();
    for line in [
        "pub(crate) const COUNT: u16 = 4;",
        "    pub const PROFILE_RULE: ParamId = ParamId::from_table(0);",
        "    pub const USER_ID_1: ParamId = ParamId::from_table(1);",
        "    0, 1, 1, 1,",
    ] {
        assert!(table.lines().any(|l| l == line), "{line}");
    }
    assert!(table.contains("units: 1, first: 1, last: 3, head: 8, middle: 0"));
    assert_eq!(generate(SMALL).unwrap(), table);
}

#[test]
fn what_the_table_cannot_express_is_refused_by_name() {
    for (from, to, complaint) in [
        ("\"userid\"", "\"colour\"", "kind `colour` is unknown"),
        (
            "\"inferred\"",
            "\"guessed\"",
            "kind_basis `guessed` is unknown",
        ),
        ("\"ata\"", "\"fax\"", "family `fax` is unknown"),
        ("index_max = 3", "index_max = 41", "beyond 40"),
        ("index_min = 1", "", "come together"),
        ("User_ID_{n}_", "User_ID_{x}_", "an index is written"),
        (
            "\"userid\"",
            "\"userid\"\nsame_as = \"User_Name\"",
            "same_as `User_Name`: is no element",
        ),
        (
            "\"userid\"",
            "\"userid\"\nsame_as = \"Profile_Rule\"",
            "it has an index",
        ),
    ] {
        let error = format!("{:#}", generate(&SMALL.replace(from, to)).unwrap_err());
        assert!(
            error.contains(complaint) && error.contains("User_ID_"),
            "{error}"
        );
    }
    let twice = SMALL
        .replace("User_ID_{n}_", "Profile_Rule")
        .replace("index_m", "# index_m");
    let error = generate(&twice).unwrap_err().to_string();
    assert!(error.contains("`Profile_Rule` is given twice"), "{error}");
    assert!(generate("[[parameter]]\n").is_err());
}
