//! What is refused, and in which words: one configuration and one sentence per line. No sentence
//! may hold a secret.

use super::*;

fn refused(table: &[(&str, &str)]) {
    for (text, sentence) in table {
        assert_eq!(loaded(&[text], &[]).unwrap_err(), *sentence, "{text}");
    }
}

#[test]
fn a_mistyped_name_is_refused_with_the_nearest_known_one() {
    let table = [
        (
            "[server]\nlisen = \"x\"\n",
            "0.toml:2: unknown key server.lisen; did you mean server.listen?",
        ),
        (
            "[sever]\nlisten = \"x\"\n",
            "0.toml:2: unknown key sever.listen; did you mean server.listen?",
        ),
        (
            "[server]\nurl = \"x\"\n",
            "0.toml:2: unknown key server.url; did you mean database.url?",
        ),
        ("[something]\n", "0.toml:1: unknown key something"),
        (
            "server.listen.port = 1\n",
            "0.toml:1: unknown key server.listen.port",
        ),
        (
            "[channels.a]\nprovidr = \"vnpay\"\nprovider = \"vnpay\"\n",
            "0.toml:2: unknown key channels.a.providr; did you mean channels.a.provider?",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsecrets.hashsecret = \"wonderland\"\n",
            "0.toml:3: unknown key channels.a.secrets.hashsecret; did you mean channels.a.secrets.hash_secret?",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsettings.shceme = \"x\"\n",
            "0.toml:3: unknown key channels.a.settings.shceme; did you mean channels.a.settings.scheme?",
        ),
        (
            "[channels.a]\nprovider = \"vnpai\"\n",
            "0.toml:2: channels.a names the unknown provider \"vnpai\"; did you mean vnpay?; known are vnpay, sepay, casso, keypay, onepay, stripe, vietqrvn, viettelmoney",
        ),
        (
            "[channels.a]\nprovider = \"sepay\"\nsettings.scheme = \"sepay-hmca\"\n",
            "0.toml:3: channels.a.settings.scheme is \"sepay-hmca\"; known are sepay-hmac, sepay-apikey; did you mean sepay-hmac?",
        ),
    ];
    refused(&table);
    assert_eq!(
        loaded(&[], &[("DOISOAT__SERVER__LISEN", "x")]).unwrap_err(),
        "environment DOISOAT__SERVER__LISEN: unknown key server.lisen; did you mean server.listen?"
    );
}

#[test]
fn a_value_that_cannot_be_used_is_refused_with_its_place() {
    let table = [
        ("server = 3\n", "0.toml:1: server is a section, not a value"),
        (
            "[server]\nworkers = \"4\"\n",
            "0.toml:2: server.workers must be a whole number",
        ),
        (
            "[server]\nworkers = -1\n",
            "0.toml:2: server.workers must be a whole number, 0 or more",
        ),
        (
            "[server]\nworkers = 1.5\n",
            "0.toml:2: server.workers must be a whole number",
        ),
        (
            "[server]\nlisten = \"8080\"\n",
            "0.toml:2: server.listen is \"8080\": write an address and a port, such as 127.0.0.1:8080",
        ),
        (
            "[database]\nurl = \"postgre://u:wonderland@h/d\"\n",
            "0.toml:2: database.url must begin with sqlite:// or postgres://, such as sqlite://var/doisoat.db",
        ),
        (
            "[database]\nurl = \"sqlite://\"\n",
            "0.toml:2: database.url names no database after its scheme",
        ),
        (
            "[writer]\nqueue = 10\nbatch = 20\n",
            "0.toml:3: writer.batch is 20, more than the 10 of writer.queue",
        ),
        (
            "[office]\nprovinces = [\"12\"]\n",
            "0.toml:2: office.provinces holds \"12\": a code is H or G and two digits, such as H12",
        ),
        (
            "[office]\nprovinces = [12]\n",
            "0.toml:2: office.provinces must be a list of texts",
        ),
        (
            "[log]\nformat = \"xml\"\n",
            "0.toml:2: log.format is \"xml\": write json or pretty",
        ),
        (
            "[log]\nlevel = \"loud\"\n",
            "0.toml:2: log.level is \"loud\": write one of off, error, warn, info, debug, trace",
        ),
    ];
    refused(&table);
    assert_eq!(
        loaded(&[], &[("DOISOAT__WRITER__QUEUE", "many")]).unwrap_err(),
        "environment DOISOAT__WRITER__QUEUE: writer.queue must be a whole number"
    );
    let absent = load(&[PathBuf::from("absent.toml")], [], &providers()).unwrap_err();
    assert!(
        absent
            .to_string()
            .starts_with("absent.toml cannot be read: ")
    );
}

#[test]
fn a_rule_about_refunded_dossiers_that_is_none_is_refused() {
    refused(&[(
        "[indicators]\nrefunded = \"goes\"\n",
        "0.toml:2: indicators.refunded is \"goes\": write leaves or stays",
    )]);
}

#[test]
fn a_channel_that_cannot_be_used_is_refused_with_its_place() {
    let table = [
        (
            "channels = 3\n",
            "0.toml:1: channels is a section: write [channels.NAME]",
        ),
        (
            "[channels]\na = 3\n",
            "0.toml:2: channels.a.provider is missing: every channel names its provider",
        ),
        (
            "[channels.a]\n",
            "0.toml:1: channels.a.provider is missing: every channel names its provider",
        ),
        (
            "[channels.A_b]\nprovider = \"vnpay\"\n",
            "0.toml:2: channels.A_b is no channel name: write 1 to 32 of a-z, 0-9 and -",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsecrets = \"wonderland\"\n",
            "0.toml:3: channels.a.secrets is a section, not a value",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\ntenant = 0\n",
            "0.toml:3: channels.a.tenant must be a whole number, 1 or more",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsettings.hash = \"md5\"\n",
            "0.toml:3: channels.a.settings.hash is \"md5\"; known are sha256, hmac-sha256",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsettings.replay_window_s = -1\n",
            "0.toml:3: channels.a.settings.replay_window_s must be a whole number of seconds, 0 or more",
        ),
        (
            "[channels.a]\nprovider = \"vnpay\"\nsettings.accounts = [1]\n",
            "0.toml:3: channels.a.settings.accounts must be a list of account numbers in quotes",
        ),
    ];
    refused(&table);
}

#[test]
fn a_schedule_that_cannot_be_kept_is_refused() {
    let table = [
        (
            "[status_queries]\nfactor = 0\n",
            "0.toml:2: status_queries.factor must be a whole number, 1 or more",
        ),
        (
            "[status_queries]\nour_address = \"here\"\n",
            "0.toml:2: status_queries.our_address is \"here\": write an address such as 203.0.113.7",
        ),
    ];
    refused(&table);
}

#[test]
fn a_provider_is_asked_over_a_connection_nobody_can_sit_in() {
    let text = |url: &str| format!("{CHANNEL}settings.query_url = \"{url}\"\n");
    for (url, kept) in [
        (
            "https://sandbox.vnpayment.vn/",
            "https://sandbox.vnpayment.vn",
        ),
        (
            "https://axis.example.gov.vn:8443/a/b",
            "https://axis.example.gov.vn:8443/a/b",
        ),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://[::1]:9000/x", "http://[::1]:9000/x"),
    ] {
        let channel = &loaded(&[&text(url)], &[]).unwrap().settings.channels["vnpay"];
        assert_eq!(channel.query_url.as_deref(), Some(kept));
    }
    for url in [
        "http://sandbox.vnpayment.vn",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "https://",
        "https:///x",
        "https://u:p@host",
        "https://host?x=1",
        "sandbox.vnpayment.vn",
        "ftp://127.0.0.1",
    ] {
        let error = loaded(&[&text(url)], &[]).unwrap_err();
        assert!(
            error.contains("settings.query_url must be an address"),
            "{url}: {error}"
        );
    }
}

#[test]
fn a_secret_that_cannot_be_had_names_the_place_and_never_the_value() {
    let table = [
        (
            "{ env = \"GONE\" }",
            "the environment variable GONE is not set",
        ),
        (
            "{ env = \"HOLLOW\" }",
            "the environment variable HOLLOW is empty",
        ),
        ("\"\"", "the value is empty"),
        ("[\"wonderland\", \"\"]", "the value is empty"),
        (
            "12345678",
            "must be text, { file = \"…\" }, { env = \"…\" } or a list of these",
        ),
        (
            "{ file = \"wonderland\", env = \"wonderland\" }",
            "names either { file = \"…\" } or { env = \"…\" }, nothing else",
        ),
        (
            "{ fil = \"wonderland\" }",
            "names either { file = \"…\" } or { env = \"…\" }, nothing else",
        ),
    ];
    for (value, reason) in table {
        let text = format!("[channels.a]\nprovider = \"vnpay\"\nsecrets.hash_secret = {value}\n");
        assert_eq!(
            loaded(&[&text], &[("HOLLOW", "")]).unwrap_err(),
            format!("0.toml:3: channel a, secret hash_secret: {reason}"),
            "{value}"
        );
    }
    let text = CHANNEL.replace("\"wonderland\"", "{ file = \"/gone/key\" }");
    let error = loaded(&[&text], &[]).unwrap_err();
    assert!(
        error.contains("secret hash_secret: the file /gone/key cannot be read: "),
        "{error}"
    );
    for broken in ["\"wonderland", "wonderland", "\"a\" \"wonderland\""] {
        let text = CHANNEL.replace("\"wonderland\"", broken);
        let error = loaded(&[&text], &[]).unwrap_err();
        assert!(error.starts_with("0.toml:3: this is not TOML: "), "{error}");
        assert!(!error.contains("wonderland"), "{error}");
    }
}

#[test]
fn a_collector_that_cannot_be_called_is_refused() {
    let form = "0.toml:2: traces.otlp_endpoint must be an address such as http://127.0.0.1:4318";
    let secret = "0.toml:2: traces.otlp_endpoint holds a user, a password or a question: headers for \
                  the collector come from the environment, OTEL_EXPORTER_OTLP_HEADERS";
    let table = [
        ("[traces]\notlp_endpoint = \"127.0.0.1:4318\"\n", form),
        (
            "[traces]\notlp_endpoint = \"grpc://127.0.0.1:4317\"\n",
            form,
        ),
        ("[traces]\notlp_endpoint = \"http://\"\n", form),
        ("[traces]\notlp_endpoint = \"http:///v1/traces\"\n", form),
        ("[traces]\notlp_endpoint = \"http://a b:4318\"\n", form),
        (
            "[traces]\notlp_endpoint = \"https://me:wonderland@h\"\n",
            secret,
        ),
        (
            "[traces]\notlp_endpoint = \"https://h/?key=wonderland\"\n",
            secret,
        ),
        (
            "[traces]\nsample_percent = 101\n",
            "0.toml:2: traces.sample_percent is 101: write 1 to 100",
        ),
        (
            "[traces]\nqueue = 0\n",
            "0.toml:2: traces.queue must be a whole number, 1 or more",
        ),
    ];
    refused(&table);
}
