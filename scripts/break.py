#!/usr/bin/env python3
"""Breaks each guarantee on purpose and shows which tests notice.

Works on a copy of shared/ below target/, so the tree stays as it is. `scripts/break.py` runs them all,
`scripts/break.py 3 7` only those. With `--simulate N` no test is run but N schedules of the fault simulation, and the
first seed that notices is shown. Exit code 1 when a break goes unnoticed.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "broken"
APP, DOMAIN = "shared/app/src/", "shared/domain/src/"

# (what is broken, file, what stands there, what is put there)
BREAKS = [
    ("messages are sent before the commit", APP + "outgoing.rs",
     "    env.catalog.commit(changes).await?;\n    send(env, &entries).await;",
     "    send(env, &entries).await;\n    env.catalog.commit(changes).await?;"),
    ("no outbox entry", APP + "outgoing.rs",
     "    changes.extend(entries.iter().cloned().map(Change::PutOutbox));\n", ""),
    ("deletions before the copies", APP + "copy_edition.rs",
     "    let progress = Progress {",
     "    let gone: Vec<ObjectKey> = plan.deletions.iter()\n"
     "        .map(|path| ObjectKey::new(format!(\"{}{path}\", message.destination))).collect();\n"
     "    removal::delete_all(env, &gone).await.map_err(StepError::objects)?;\n    let progress = Progress {"),
    ("the manifest is trusted after a torn copy", DOMAIN + "plan.rs",
     "there.same_content(file) && torn.iter().all(untouched)",
     "{ let _ = (torn, untouched); there.same_content(file) }"),
    ("what a torn copy added is left there", DOMAIN + "plan.rs",
     "std::iter::once(published).chain(torn)", "{ let _ = torn; std::iter::once(published) }"),
    ("a copy is not noted before its first write", APP + "copy_edition.rs",
     "if order == CopyOrder::Start && begin(env, message).await? == Begun::TooLate {",
     "if false && begin(env, message).await? == Begun::TooLate {"),
    ("the home page is not last", DOMAIN + "plan.rs", 'if file.path.as_str() == "index.html" {', "if false {"),
    ("no generation check: superseded copies run", DOMAIN + "edition.rs", " || wanted > Some(generation)", ""),
    ("a late older build takes the edition back", DOMAIN + "edition.rs",
     "Standing::Same if Some(build.id) >= newest => Verdict::Moves,",
     "Standing::Same if Some(build.id) >= newest || true => Verdict::Moves,"),
    ("the newest build is forgotten after a roll-back", DOMAIN + "edition.rs",
     "self.newest_seen.max(current.map(|pointer| pointer.build))", "current.map(|pointer| pointer.build)"),
    ("a failed purge is swallowed", APP + "purge_cdn.rs",
     "Some((_, error)) => Err(step_error(error)),",
     "Some((_, error)) => { let _ = step_error(error); publish(env, order, &mut renderings).await.map(|told| news.extend(told)) }"),
    ("published before the purge", APP + "copy_edition.rs",
     ".finish_copy(&message.pointer, now);",
     ".finish_copy(&message.pointer, now).finish_purge(&message.pointer, now);"),
    ("no purge after a copy", APP + "copy_edition.rs",
     "commit_and_send(env, changes, messages)", "commit_and_send(env, changes, { drop(messages); vec![] })"),
    ("an old name's pages go before its redirect is there", APP + "retire_name.rs",
     "            let headers = Headers::redirect_to_edition(&own.surrogate_key, &slug);",
     "            removal::delete_all(env, &below(env, &place).await?).await.map_err(StepError::objects)?;\n"
     "            let headers = Headers::redirect_to_edition(&own.surrogate_key, &slug);"),
    ("earlier names still lead to the last one", APP + "copy_edition.rs",
     "rest: edition.former.clone(),", "rest: Vec::new(),"),
    ("a copy to a place that was left counts", APP + "copy_edition.rs",
     "        if edition.place() != message.destination {\n            return superseded",
     "        if false {\n            return superseded"),
    ("a name that was taken is led away again", DOMAIN + "rename.rs",
     "let leading = all.iter().filter(leads).cloned();", "let leading = all.iter().filter(leads).take(0).cloned();"),
    ("a rename's task ends when a newer build comes", APP + "copy_edition.rs",
     ".is_some_and(|renaming| renaming.task == message.task)", ".is_some_and(|_| false)"),
    ("what the CDN holds of a name's last owner stays", DOMAIN + "rename.rs",
     "self.stale_keys.extend(stale);", "drop(stale);"),
    ("pages are not written anew after a publication", APP + "purge_cdn.rs",
     "changes.push(Change::PutOutbox(entry.clone()));", "let _ = &entry;"),
    ("a product's pages are not purged", APP + "render_dashboard.rs",
     "if let Some(service) = &env.organization.fastly_service {",
     "if let Some(service) = env.organization.fastly_service.as_ref().filter(|_| false) {"),
    ("names on pages are not escaped", APP + "pages/templates.rs", "AutoEscape::Html);", "AutoEscape::None);"),
    ("errors inside a 200 of DeleteObjects are ignored", APP + "removal.rs",
     "        keys = failures.into_iter().map(|failure| failure.key).collect();",
     "        drop(failures); keys = Vec::new();"),
    ("an edition's prefix without its slash", DOMAIN + "key.rs",
     'Self(format!("{}{product}/v/{edition}/", root(organization)))',
     'Self(format!("{}{product}/v/{edition}", root(organization)))'),
    ("a resumed copy trusts whatever has the right ETag", APP + "copy_edition.rs",
     "object.written_at > journal.written_at", "object.written_at > journal.written_at || true"),
    ("a resumed copy begins anew", APP + "copy_edition.rs", "if order == CopyOrder::Resume {", "if false {"),
    ("a failure is measured at each try", APP + "step.rs", "    let now = env.clock.now();\n    let (failure, entry, disposal)",
     "    failed(env, &delivery.envelope.message, code);\n    let now = env.clock.now();\n    let (failure, entry, disposal)"),
    ("headers are known by ETag alone", APP + "register_build/files.rs", " && same_kind", " && { let _ = same_kind; true }"),
    ("a busy store fails the copy at once", APP + "pace.rs", "error.is_retryable() && number", "number == 0 && number"),
    ("a step that keeps failing ends as done", APP + "step.rs",
     "    let code = error.code();\n",
     "    if delivery.receive_count >= MAX_RECEIVES { return Disposal::Done; }\n    let code = error.code();\n"),
    ("the sweep sends nothing", APP + "sweep.rs", "                send(env, &[again]).await;", "                drop(again);"),
    ("what lay there before a first copy stays", DOMAIN + "plan.rs",
     "Present::Names(names) => names.iter().map(String::as_str).collect(),", "Present::Names(_) => BTreeSet::new(),"),
    ("objects keep the build's surrogate key", DOMAIN + "manifest.rs",
     "key.to_string());", "{ let _ = key; String::new() });"),
    ("a second confirmation by the same marker is a second task", APP + "builds/confirm.rs",
     "                    derived_task(&format!(\"completion marker of build {id}, {sequencer}\"))",
     "                    let _ = (derived_task(\"\"), sequencer); TaskId::from_bytes(env.random.identity())"),
    ("a deletion begins without a last look at who runs it", APP + "retention/deletion.rs",
     "    if last_look::is_used(env, look, &own.into_iter().collect()).await? {",
     "    if false && last_look::is_used(env, look, &own.into_iter().collect()).await? {"),
    ("nobody is told that a version goes", APP + "retention/deletion.rs",
     "    let mut changes = last_look::say_gone(look, &versions);",
     "    let mut changes = { let _ = last_look::say_gone; Vec::new() };"),
    ("a check-in does not note what is in use", APP + "registry/clusters.rs",
     "        note_use(env, &cluster, source).await?;\n", "        let _ = (note_use, source);\n"),
    ("what nobody has verified protects as well", DOMAIN + "retention/rules.rs",
     "Trust::Unverified => self.unverified_use_protects,", "Trust::Unverified => true,"),
    ("the latest release of a train is not protected", DOMAIN + "retention/in_use.rs",
     "self.latest.contains(&build.id)\n            || ", ""),
    ("a publication moves no edition", APP + "registry/releases.rs",
     "    let mut all = changes;", "    drop(changes);\n    let mut all = Vec::new();"),
    ("a train cannot go back", DOMAIN + "registry/release.rs",
     "Some(latest) if latest.version == new.version => runner_up,",
     "Some(latest) if latest.version == new.version => { let _ = runner_up; None }"),
    ("a rebuild makes a release young again", APP + "registry/following.rs",
     "        docs: Some(docs),\n        ..stored.clone()", "        docs: Some(docs),\n        released: jiff::Timestamp::MAX,\n        ..stored.clone()"),
    ("a stolen identity is taken", DOMAIN + "registry/cluster.rs",
     "None if cluster.is_verified => return Err(Refused),", "None if cluster.is_verified => true,"),
    ("documents: a burst of edits is not waited for", DOMAIN + "document/version.rs",
     "if self.edit <= edit || ", "if true || "),
    ("documents: who writes on for minutes is never rendered", DOMAIN + "document/version.rs",
     " || self.dirty.is_some_and(has_waited)", " || { let _ = has_waited; false }"),
    ("documents: somebody else's lease is not heeded", DOMAIN + "document/rendering.rs",
     "if *lease_until > now => Claim::Busy", "if *lease_until > now && false => Claim::Busy"),
    ("documents: what was made is made again", DOMAIN + "document/rendering.rs",
     "RenderingState::Succeeded => ended(),", "RenderingState::Succeeded => again(),"),
    ("documents: a late rendering takes a newer one back", DOMAIN + "document/version.rs",
     ".is_none_or(|(known, _)| *known <= edit)", ".is_none_or(|_| true)"),
    ("documents: the status is written before the outputs", APP + "documents/render.rs",
     "            Ok(files) => match self.keep(files).await {",
     "            Ok(files) => match { let _ = self.tell(&self.rendering).await; self.keep(files).await } {"),
    ("documents: a rendering that went on elsewhere is ended twice", APP + "documents/render.rs",
     "            if !is_ours {", "            if false && !is_ours {"),
    ("documents: a published version is rendered by a new engine", DOMAIN + "document/version.rs",
     "pinned.is_some() && self.current", "false && self.current"),
    ("documents: what has warnings is published", DOMAIN + "document/version.rs",
     ".filter(|warning| !accepts.contains(&warning.code))", ".filter(|warning| !accepts.contains(&warning.code) && false)"),
    ("documents: an image is not in the checksum", DOMAIN + "document/checksum.rs",
     "image.map(|image| &image.sha256)", "image.map(|_| \"\")"),
    ("documents: an event that comes late is taken", DOMAIN + "document/incoming.rs",
     "taken.sequencer >= *sequencer", "taken.sequencer == *sequencer"),
    ("documents: a late publication takes an edition back", APP + "documents/publish.rs",
     "        if !is_still {", "        if false && !is_still {"),
    ("artifacts: a format of other pages is taken", DOMAIN + "artifact.rs",
     "self.site.as_ref() == Some(site) && is_open", "is_open"),
    ("artifacts: an edition waits for nothing", APP + "register_build.rs",
     "let tried = if build.artifacts.are_final() {", "let tried = if true {"),
    ("artifacts: nobody moves the editions when they have waited", APP + "register_build.rs",
     "    messages.push(Message::MoveEditions(MoveEditions {",
     "    let mut never = Vec::new();\n    never.push(Message::MoveEditions(MoveEditions {"),
    ("artifacts: what is made late is not shown", APP + "move_editions.rs",
     "        if is_moved && (message.patience > 0 || has_other_pages) {", "        if is_moved {"),
    ("artifacts: pages are mixed with the formats of others", APP + "move_editions.rs",
     "        let tried = if has_other_pages {", "        let tried = if has_other_pages && is_moved {"),
    ("artifacts: the last good file of a failed format goes", DOMAIN + "artifact.rs",
     "                format.may_be_older()\n", "                format.may_be_older() && false\n"),
    ("artifacts: a build whose file is shown is not protected", DOMAIN + "edition.rs",
     "std::iter::once(self.build).chain(self.formats.values().copied())", "std::iter::once(self.build)"),
    ("a late failure is shown on what is published", APP + "step.rs",
     "edition.filter(|edition| !edition.has_published(row.pointer.generation))", "edition"),
    ("documents: what is needed again is not spared", DOMAIN + "document/garbage.rs",
     "Some(Doom::Marked { .. }) if is_needed =>", "Some(Doom::Marked { .. }) if is_needed && false =>"),
    ("an effect is not noted with its first commit", APP + "idempotency.rs",
     "        changes.push(Change::KeepRequest(kept.clone()));\n", ""),
    ("a run that was taken over goes on", APP + "idempotency.rs",
     "            Progress::TakenOver => return Err(StoreError::Conflict),",
     "            Progress::TakenOver => return catalog.commit(changes).await,"),
    ("an effect without an answer is had again", DOMAIN + "idempotency.rs",
     "KeptState::Begun | KeptState::Free => Again::Run(Box::new(fresh())),\n            KeptState::Effective => Again::Lost,",
     "KeptState::Begun | KeptState::Free | KeptState::Effective => Again::Run(Box::new(fresh())),"),
]


def fresh_copy():
    COPY.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(COPY / "shared", ignore_errors=True)
    # Fresh times: cargo would take an older file for what it built from the last broken one.
    shutil.copytree(ROOT / "shared", COPY / "shared", copy_function=shutil.copy)
    for name in ("Cargo.lock", "rust-toolchain.toml"):
        shutil.copy(ROOT / name, COPY / name)
    manifest = (ROOT / "Cargo.toml").read_text()
    members = '["shared/domain", "shared/manuscript", "shared/extract", "shared/archive", "shared/app", "shared/testing", "shared/simulator"]'
    manifest = re.sub(r"(?m)^members = .*$", f"members = {members}", manifest)
    manifest = re.sub(r"(?m)^imprint-(?!domain|manuscript|extract|archive|app|testing|simulator).*\n", "", manifest)
    (COPY / "Cargo.toml").write_text(manifest)


def failed_tests():
    environment = dict(os.environ, CARGO_TARGET_DIR=str(COPY / "target"), RUST_BACKTRACE="0")
    command = ["cargo", "test", "--no-fail-fast", "-p", "imprint-domain", "-p", "imprint-app"]
    try:
        run = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return ["(the tests never end)"]
    if "test result" not in run.stdout:
        sys.exit(f"no tests ran:\n{run.stderr[-2000:]}")
    return sorted(set(re.findall(r"(?m)^test (\S+) \.\.\. FAILED", run.stdout)))


def first_seed(count):
    """The first schedule that breaks a promise, and the promise."""
    environment = dict(os.environ, CARGO_TARGET_DIR=str(COPY / "target"))
    command = ["cargo", "run", "--quiet", "-p", "imprint-simulator", "--", "--count", str(count)]
    run = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True)
    found = re.search(r"(?m)^seed (\d+): (.{0,80})", run.stdout)
    if found:
        return [f"seed {found[1]}: {found[2]}"]
    if "schedules in" not in run.stdout:
        sys.exit(f"no schedules ran:\n{run.stderr[-2000:]}")
    return []


def main():
    arguments, find = sys.argv[1:], failed_tests
    if "--simulate" in arguments:
        at = arguments.index("--simulate")
        count = int(arguments[at + 1])
        del arguments[at:at + 2]
        find = lambda: first_seed(count)
    chosen = [int(argument) for argument in arguments] or range(len(BREAKS))
    fresh_copy()
    if failures := find():
        sys.exit(f"unbroken, these fail already: {failures}")
    unnoticed = 0
    for number in chosen:
        what, path, old, new = BREAKS[number]
        file = COPY / path
        text = file.read_text()
        if old not in text:
            sys.exit(f"{number}: {old!r} is not in {path} any more")
        file.write_text(text.replace(old, new, 1))
        tests = find()
        file.write_text(text)
        unnoticed += not tests
        print(f"| {what} | {len(tests)} | {'`' + tests[0] + '`' if tests else '**nobody**'} |", flush=True)
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
