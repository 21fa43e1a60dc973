//! `doisoat check`: says in plain sentences what is configured, what is missing and what that means.
//! It changes nothing and sends nothing; it fails when something
//! prevents serving, at all or on one channel.

use serde_json::json;

use super::output::{say, say_json};
use super::{Context, End};
use crate::checkout::providers::{NotAsked, asked};
use crate::config::channel::Channel;
use crate::config::described::description::{Confidence, Description};
use crate::config::load::Loaded;
use crate::config::subscriber::Subscriber;
use crate::intake::configured::describe;
use crate::intake::provider::Provider;
use crate::intake::providers;
use crate::ledger::signing::SigningKey;
use crate::store::failure::Failure;
use crate::web::door::tls::Certificates;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grade {
    Good,
    Warning,
    /// Prevents serving, at all or on one channel.
    Bad,
}

impl Grade {
    fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Bad => "error",
        }
    }
}

/// What was looked at, and a sentence.
struct Finding {
    grade: Grade,
    about: String,
    text: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, grade: Grade, about: impl Into<String>, text: impl Into<String>) {
        self.0.push(Finding {
            grade,
            about: about.into(),
            text: text.into(),
        });
    }
}

/// Runs the command.
///
/// # Errors
/// None of its own: what is wrong is printed.
pub fn run(_: &Arguments, context: &Context) -> anyhow::Result<End> {
    let mut findings = Findings::default();
    match context.loaded() {
        Err(error) => findings.add(Grade::Bad, "configuration", format!("{error:#}")),
        Ok(loaded) => {
            configuration(loaded, &mut findings);
            database(context, loaded, &mut findings);
            for channel in loaded.settings.channels.values() {
                look_at(channel, loaded, &mut findings);
            }
            for subscriber in loaded.settings.subscribers.values() {
                listen(context, subscriber, &mut findings);
            }
        }
    }
    let is_good = findings.0.iter().all(|finding| finding.grade != Grade::Bad);
    print(&findings.0, is_good, context.is_json);
    Ok(if is_good { End::Done } else { End::Failed })
}

fn print(findings: &[Finding], is_good: bool, is_json: bool) {
    if is_json {
        let items: Vec<_> = findings
            .iter()
            .map(|one| json!({ "grade": one.grade.as_str(), "about": one.about, "text": one.text }))
            .collect();
        return say_json(&json!({ "ok": is_good, "findings": items }));
    }
    for one in findings {
        say(&format!(
            "{:<8} {}: {}",
            one.grade.as_str(),
            one.about,
            one.text
        ));
    }
    say(if is_good {
        "everything that is configured can be served"
    } else {
        "not everything that is configured can be served: mend the errors above"
    });
}

fn configuration(loaded: &Loaded, findings: &mut Findings) {
    let sources = loaded.sources.join(", then ");
    findings.add(Grade::Good, "configuration", format!("read from {sources}"));
    for warning in &loaded.warnings {
        findings.add(Grade::Warning, "configuration", warning);
    }
    if loaded.settings.office.provinces.is_empty() {
        let text =
            "no province is named, so dossiers of every province with an imported unit are taken";
        findings.add(Grade::Warning, "office", text);
    }
    signing(loaded, findings);
    server(loaded, findings);
    if let Some(traces) = &loaded.settings.traces {
        let (percent, endpoint) = (traces.sample_percent, &traces.otlp_endpoint);
        let text = format!("of a hundred requests {percent} are followed and told to {endpoint}");
        findings.add(Grade::Good, "traces", text);
    }
}

/// How the doors are served, and whether anybody could listen in.
fn server(loaded: &Loaded, findings: &mut Findings) {
    let server = &loaded.settings.server;
    let text = format!("will be served on {}", public_address(loaded));
    findings.add(Grade::Good, "server", text);
    match &server.tls {
        Some(tls) => match Certificates::open(tls) {
            Ok(_) => {
                let text = format!("shows the certificate {}", tls.certificate_file.display());
                findings.add(Grade::Good, "server", text);
            }
            Err(error) => findings.add(Grade::Bad, "server", error.to_string()),
        },
        None if !server.listen.ip().is_loopback() => {
            let text = "is reached from other machines without TLS: put a proxy in front, or name a \
                        certificate in [server.tls]";
            findings.add(Grade::Warning, "server", text);
        }
        None => {}
    }
}

fn public_address(loaded: &Loaded) -> String {
    let server = &loaded.settings.server;
    let scheme = if server.tls.is_some() {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://{}", server.listen)
}

/// Whether a day can be closed.
fn signing(loaded: &Loaded, findings: &mut Findings) {
    let Some(file) = &loaded.settings.signing.key_file else {
        let text = "no key is named, so that no day can be closed: doisoat key create, then [signing] key_file";
        return findings.add(Grade::Warning, "signing", text);
    };
    match SigningKey::read(file) {
        Ok(_) => findings.add(
            Grade::Good,
            "signing",
            format!("closed days are signed with {}", file.display()),
        ),
        Err(error) => findings.add(
            Grade::Warning,
            "signing",
            format!("{error}; no day can be closed until then"),
        ),
    }
}

fn database(context: &Context, loaded: &Loaded, findings: &mut Findings) {
    let shown = loaded.settings.database.shown();
    let missing = context.db().and_then(|db| Ok(db.pending_migrations()?));
    match missing {
        Err(error) => findings.add(Grade::Bad, "database", format!("{error:#}")),
        Ok(missing) if missing.is_empty() => {
            findings.add(
                Grade::Good,
                "database",
                format!("{shown} answers and is up to date"),
            );
        }
        Ok(missing) if loaded.settings.migrate_on_serve => {
            let names = missing.join(", ");
            let text = format!("{shown} answers; serve will apply {names} first");
            findings.add(Grade::Warning, "database", text);
        }
        Ok(missing) => {
            let names = missing.join(", ");
            let text = format!("{shown} lacks {names}: run doisoat migrate");
            findings.add(Grade::Bad, "database", text);
        }
    }
}

fn look_at(channel: &Channel, loaded: &Loaded, findings: &mut Findings) {
    let about = format!("channel {}", channel.name);
    let Some(provider) = providers::of(channel) else {
        let text = format!("the provider {} is not known", channel.provider);
        return findings.add(Grade::Bad, about, text);
    };
    let scheme = channel.scheme.as_deref();
    let schemes = provider.schemes();
    let scheme = scheme.or_else(|| schemes.first().copied());
    let shown = scheme.map_or(String::new(), |scheme| format!(" ({scheme})"));
    let address = format!("{}/webhooks/{}", public_address(loaded), channel.name);
    let name = &channel.provider;
    let text = format!("{name}{shown} calls {address}, through the public address of the proxy");
    findings.add(Grade::Good, about.clone(), text);
    let missing: Vec<&str> = needed(provider, scheme)
        .into_iter()
        .filter(|secret| channel.secret(secret).is_empty())
        .collect();
    if missing.is_empty() {
        findings.add(Grade::Good, about.clone(), "has every key to verify calls");
    } else {
        let names = missing.join(", ");
        let text = format!("lacks secrets.{names}: every call of {name} will be refused");
        findings.add(Grade::Bad, about.clone(), text);
    }
    let optional = provider.secrets().into_iter().filter(|(secret, needed)| {
        !needed && own_scheme(name, secret).is_none() && channel.secret(secret).is_empty()
    });
    for (secret, _) in optional {
        // Said below, with what it means.
        if matches!(asked(channel), Err(NotAsked::Lacks(lacking)) if lacking == secret) {
            continue;
        }
        let text = if is_identity(channel, secret) {
            format!("without secrets.{secret} a call for any merchant that our key signed is taken")
        } else {
            format!("without secrets.{secret} no request to {name} can be signed")
        };
        findings.add(Grade::Warning, about.clone(), text);
    }
    if let Some(description) = &channel.described {
        told_in_words(description, channel, findings);
    }
    let (grade, text) = status_queries(channel, loaded);
    findings.add(grade, about.clone(), text);
    if channel.accounts.is_empty() {
        let text = "no settings.accounts: money to any receiving account is placed";
        findings.add(Grade::Warning, about, text);
    }
}

/// Whether the provider is asked what became of payments, or why not.
fn status_queries(channel: &Channel, loaded: &Loaded) -> (Grade, String) {
    let settings = &loaded.settings.status_queries;
    let name = &channel.provider;
    match asked(channel) {
        Ok(_) if !settings.is_enabled => {
            let text = "status queries are switched off by status_queries.enabled: a lost webhook \
                        is found by reconciliation only";
            (Grade::Warning, text.to_owned())
        }
        Ok(asked) => {
            let (address, minutes) = (asked.address, settings.first_after_s.div_ceil(60));
            let text = format!(
                "{name} is asked at {address} about payments without a webhook, first {minutes} \
                 minutes after the order"
            );
            (Grade::Good, text)
        }
        Err(why @ (NotAsked::Lacks(_) | NotAsked::NoAddress)) => (Grade::Warning, why.to_string()),
        Err(why @ (NotAsked::NoQuery(_) | NotAsked::NotOurs)) => (Grade::Good, why.to_string()),
    }
}

/// Who is told of what, and whether it wants to hear.
fn listen(context: &Context, subscriber: &Subscriber, findings: &mut Findings) {
    let about = format!("subscriber {}", subscriber.name);
    let kinds: Vec<&str> = subscriber.events.iter().map(|kind| kind.as_str()).collect();
    let url = subscriber.shown_url();
    let text = format!("{url} is told of {}", kinds.join(", "));
    findings.add(Grade::Good, about.clone(), text);
    if let [_, old @ ..] = subscriber.secrets.as_slice()
        && !old.is_empty()
    {
        let text = format!(
            "signs with {} secrets: take the old ones away when the receiver knows the new one",
            subscriber.secrets.len()
        );
        findings.add(Grade::Warning, about.clone(), text);
    }
    // A schema that is not up to date is a finding of its own.
    let Ok(db) = context.ready_db() else {
        return;
    };
    let tenant = subscriber.tenant.0;
    let asked = db.read(|queries| {
        let known = queries.list_subscribers(tenant)?;
        let is_gone = known.iter().any(|row| {
            row.subscriber == subscriber.name && row.gone_url.as_ref() == Some(&subscriber.url)
        });
        Ok::<_, Failure>((is_gone, queries.count_deliveries(tenant, &subscriber.name)?))
    });
    match asked {
        Err(failure) => findings.add(Grade::Bad, about, failure.to_string()),
        Ok((is_gone, counts)) => {
            if is_gone {
                let name = &subscriber.name;
                let text = format!(
                    "answered 410 and is sent nothing: doisoat outbox switch-on {name}, or another url"
                );
                findings.add(Grade::Warning, about.clone(), text);
            }
            if counts.given_up > 0 {
                let given_up = counts.given_up;
                let text = format!(
                    "{given_up} deliveries were given up: doisoat outbox redeliver --all-given-up"
                );
                findings.add(Grade::Warning, about, text);
            }
        }
    }
}

/// Whether a secret holds our own name at a described provider.
fn is_identity(channel: &Channel, secret: &str) -> bool {
    let described = channel.described.iter();
    let mut names = described.flat_map(|description| &description.identity);
    names.any(|(_, name)| name == secret)
}

/// What a described provider does, and why one may not trust it yet.
fn told_in_words(description: &Description, channel: &Channel, findings: &mut Findings) {
    let about = format!("channel {}", channel.name);
    for sentence in describe::sentences(description, channel.replay_window.as_secs()) {
        findings.add(Grade::Good, about.clone(), sentence);
    }
    if description.confidence == Confidence::Low {
        let note = match description.note.as_str() {
            "" => "confirm its rules with the provider before you rely on them",
            note => note,
        };
        let text = format!("{} is unconfirmed: {note}", description.title);
        findings.add(Grade::Warning, about.clone(), text);
    } else if !description.note.is_empty() {
        findings.add(Grade::Good, about.clone(), description.note.clone());
    }
    for doubt in describe::doubts(description) {
        findings.add(Grade::Warning, about.clone(), doubt);
    }
}

/// The secrets without which no call of the scheme can be verified.
fn needed<'a>(provider: &'a dyn Provider, scheme: Option<&str>) -> Vec<&'a str> {
    let is_needed = |(secret, needed): &(&str, bool)| match own_scheme(provider.name(), secret) {
        Some(own) => Some(own) == scheme,
        None => *needed,
    };
    let names = provider.secrets().into_iter().filter(is_needed);
    names.map(|(secret, _)| secret).collect()
}

/// The one scheme that uses a secret, where schemes of a provider use different ones.
fn own_scheme(provider: &str, secret: &str) -> Option<&'static str> {
    match (provider, secret) {
        ("sepay", "hmac_secret") => Some("sepay-hmac"),
        ("sepay", "api_key") => Some("sepay-apikey"),
        ("sepay", "pg_secret_key") => Some("sepay-pg-secret"),
        _ => None,
    }
}
