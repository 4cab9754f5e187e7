use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::web;

fn office(directory: &Path) -> Made {
    let secret = SecretSource::Create(directory.join("shared.secret"));
    let data_dir = directory.join("gao");
    let office = NewOffice { data_dir: &data_dir, name: "Gao", region: Some("ML-7"), pack: None, secret };
    create(&office).expect("a new office")
}

#[test]
fn a_new_office_has_what_it_needs_for_its_owners_eyes_only() {
    let directory = tempfile::tempdir().unwrap();
    let made = office(directory.path());
    assert_eq!(made.new_secret, Some(directory.path().join("shared.secret")));
    let config = made.config;
    assert_eq!((config.name.as_str(), config.region.as_deref()), ("Gao", Some("ML-7")));
    assert_eq!((config.http.to_string().as_str(), config.listen.len(), config.mdns), (DEFAULT_HTTP, 2, true));
    assert_eq!(config.network_secret().unwrap().network(), config.network);
    config.device_key().unwrap();
    for name in [SECRET_FILE, web::TOKEN_FILE, "device.key", FILE] {
        let mode = std::fs::metadata(config.data_dir.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_second_office_joins_with_the_same_file_and_never_replaces_one() {
    let directory = tempfile::tempdir().unwrap();
    let first = office(directory.path());
    let secret = SecretSource::File(directory.path().join("shared.secret"));
    let data_dir = directory.path().join("bamako");
    let second = NewOffice { data_dir: &data_dir, name: "Bamako", region: None, pack: None, secret };
    let made = create(&second).expect("a second office");
    assert_eq!((made.config.network, made.new_secret), (first.config.network, None));
    assert!(matches!(create(&second), Err(ConfigError::Exists(_))));
}

#[test]
fn what_is_wrong_with_a_file_is_told_by_line_and_field() {
    let directory = tempfile::tempdir().unwrap();
    let file = office(directory.path()).config.data_dir.join(FILE);
    let good = std::fs::read_to_string(&file).unwrap();
    let cases = [
        ("name = \"Gao\"", "name = Gao", "line 2: "),
        ("name = \"Gao\"", "name = \"\"", "toguna.toml, name: an office's name"),
        ("name = \"Gao\"", "naem = \"Gao\"", "unknown field `naem`"),
        ("region = \"ML-7\"", "region = \"ML-77\"", "toguna.toml, region: the country pack has no region \"ML-77\""),
        ("# http = \"127.0.0.1:7373\"", "http = \"7373\"", "toguna.toml, http: \"7373\" is not an address"),
        ("# peers = [", "peers = [\"gao\"] #", "toguna.toml, peers: \"gao\" is not a multiaddress"),
        ("# peers = [", "peers = [\"/ip4/10.0.0.1\"] #", "names no port"),
        ("# log = \"text\"", "log = \"loud\"", "unknown variant `loud`"),
        ("# store.engine = \"sled\"", "store.engine = \"rocks\"", "unknown variant `rocks`, expected `sled` or `redb`"),
        ("# store.engine = \"sled\"", "store.motor = \"sled\"", "unknown field `motor`"),
        ("# mdns = true", "mdns = \"yes\"", "line 20: invalid type"),
        ("# tls.key = ", "tls.key = ", "toguna.toml, tls.certificate: name the file of the certificate too"),
        ("# tls.names = [\"gao", "tls.names = [\"ga o", "toguna.toml, tls.names: \"ga o.example.ml\" is not a name"),
        ("# tls.always = true", "tls.allways = true", "unknown field `allways`"),
    ];
    for (from, to, expected) in cases {
        assert!(good.contains(from), "{from} is in\n{good}");
        std::fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let error = Config::read(file.parent().unwrap()).expect_err(to).to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
}

#[test]
fn a_secret_of_another_network_or_none_at_all_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let config = office(directory.path()).config;
    let secret = config.data_dir.join(SECRET_FILE);
    std::fs::write(&secret, "not a secret\n").unwrap();
    let error = config.network_secret().err().expect("malformed").to_string();
    assert!(error.contains("one line of 52 letters") && !error.contains("not a secret"), "{error}");
    std::fs::remove_file(&secret).unwrap();
    assert!(matches!(config.network_secret(), Err(ConfigError::Secret(SecretError::Missing(_)))));
    NetworkSecret::random().unwrap().write(&secret).unwrap();
    assert!(matches!(config.network_secret(), Err(ConfigError::OtherNetwork)));
}

#[test]
fn flags_come_before_the_file_and_the_file_before_the_defaults() {
    let directory = tempfile::tempdir().unwrap();
    let config = office(directory.path()).config;
    assert_eq!(config.store_engine, None);
    let file = config.data_dir.join(FILE);
    let text = std::fs::read_to_string(&file).unwrap();
    let more = "http = \"127.0.0.1:9000\"\nstore.engine = \"redb\"\npeers = [\"/ip4/10.0.0.1/tcp/1\"]\n";
    std::fs::write(&file, text + more).unwrap();
    let read = || Config::read(&config.data_dir).unwrap();
    assert_eq!((read().http.port(), read().store_engine), (9000, Some(EngineKind::Redb)));
    let flags = Overrides {
        http: Some("127.0.0.1:1".parse().unwrap()),
        peers: vec!["/ip4/10.0.0.2/tcp/1".parse().unwrap()],
        no_mdns: true,
        ..Overrides::default()
    };
    let with = read().with(flags);
    assert_eq!((with.http.port(), with.peers.len(), with.listen.len(), with.mdns), (1, 2, 2, false));
}

#[test]
fn a_node_file_left_by_a_killed_node_is_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path();
    let running = Running { pid: 1, http: "127.0.0.1:1".parse().unwrap(), certificate: None };
    running.announce(data_dir).unwrap();
    assert_eq!(Running::find(data_dir).unwrap(), None);
    assert!(!data_dir.join(NODE_FILE).exists());
    running.announce(data_dir).unwrap();
    let lock = crate::store::lock::DirLock::take(data_dir).unwrap();
    assert!(matches!(Running::find(data_dir), Err(RunningError::Busy(Some(_)))));
    let ours = Running { pid: std::process::id(), ..running };
    ours.announce(data_dir).unwrap();
    assert_eq!(Running::find(data_dir).unwrap(), Some(ours));
    drop(lock);
}
