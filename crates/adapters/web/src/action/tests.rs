use super::*;

#[track_caller]
fn argument(target: &str) -> String {
    let target = Target::read(target).unwrap();
    let argument = target.argument.unwrap();
    String::from_utf8(argument.expose().to_vec()).unwrap()
}

//= R-WEB-3 type=test
#[test]
fn v_151_and_152_an_argument_is_literal_unless_it_begins_with_options() {
    for (target, rule) in [
        (
            "/admin/resync?%5B--uid+admin+--pwd+555%5Dhttp://h/p?mac=$MA",
            "[--uid admin --pwd 555]http://h/p?mac=$MA",
        ),
        (
            "/admin/resync?[--uid+admin]http://h/p%3fa",
            "[--uid admin]http://h/p?a",
        ),
        ("/admin/resync?http://h/p?a=1&b=2", "http://h/p?a=1&b=2"),
        ("/admin/resync?http://h/a+b%20c", "http://h/a+b%20c"),
        ("/admin/resync?", ""),
    ] {
        assert_eq!(argument(target), rule);
    }
    assert!(Target::read("/admin/resync").unwrap().argument.is_none());
    assert_eq!(
        Target::read("/admin/resync?%5b%ff").unwrap_err(),
        Unreadable::Argument
    );
    assert_eq!(
        Target::read("/admin/resync?%5b%0d%0a").unwrap_err(),
        Unreadable::Control
    );
}

//= R-WEB-2 type=test
#[test]
fn credentials_are_cut_off_before_anything_is_read() {
    for (target, path, rule, user, password) in [
        (
            "/admin/resync?http://h/my.xml&xuser=admin&xpassword=pw",
            "/admin/resync",
            Some("http://h/my.xml"),
            "admin",
            "pw",
        ),
        (
            "/admin/config.xml&xuser=admin&xpassword=p%26w",
            "/admin/config.xml",
            None,
            "admin",
            "p&w",
        ),
        (
            "/admin/resync?a&xuser=x&xuser=admin&xpassword=a=b",
            "/admin/resync",
            Some("a&xuser=x"),
            "admin",
            "a=b",
        ),
        (
            "/admin/reboot&xuser=admin",
            "/admin/reboot",
            None,
            "admin",
            "",
        ),
    ] {
        let read = Target::read(target).unwrap();
        let credentials = read.credentials.unwrap();
        assert_eq!(
            (read.path.as_str(), credentials.user.as_str()),
            (path, user)
        );
        assert_eq!(credentials.password.expose(), password.as_bytes());
        let argument = read.argument.map(|rule| rule.expose().to_vec());
        assert_eq!(argument.as_deref(), rule.map(str::as_bytes));
    }
}

//= R-WEB-4 type=test
#[test]
fn v_149_whoever_asks_stands_in_for_a_server_that_is_missing() {
    let v4: IpAddr = "192.168.1.9".parse().unwrap();
    for (rule, expected) in [
        ("/a.xml", "tftp://192.168.1.9/a.xml"),
        ("[--key k]/a.xml", "[--key k]tftp://192.168.1.9/a.xml"),
        ("[--key \"]\"] /a", "[--key \"]\"] tftp://192.168.1.9/a"),
        ("http:///a.xml", "http://192.168.1.9/a.xml"),
        (
            "tftp://192.168.1.200/basic.txt",
            "tftp://192.168.1.200/basic.txt",
        ),
        ("h/a.xml", "h/a.xml"),
        (
            "/a | http:///b",
            "tftp://192.168.1.9/a | http://192.168.1.9/b",
        ),
        ("($A eq 1)? /a", "($A eq 1)? tftp://192.168.1.9/a"),
        ("", ""),
    ] {
        assert_eq!(with_requester(rule, v4).as_str(), expected);
    }
    let mapped = "::ffff:192.168.1.9".parse().unwrap();
    assert_eq!(
        with_requester("/a", mapped).as_str(),
        "tftp://192.168.1.9/a"
    );
    let v6 = "2001:db8::1".parse().unwrap();
    assert_eq!(with_requester("/a", v6).as_str(), "tftp://[2001:db8::1]/a");
}
