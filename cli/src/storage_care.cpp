#include "progress_bar.hpp"
#include "storage_verbs.hpp"
#include "until_interrupted.hpp"

#include "printable.hpp"
#include "shown_words.hpp"
#include "table.hpp"

#include <infra/base/clock.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/storage/verify.hpp>

#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

// --- verify ---------------------------------------------------------------------------------------------------------

ink ink_of(storage::outcome outcome) {
    switch (outcome) {
    case storage::outcome::works: return ink::good;
    case storage::outcome::missing: return ink::doubt;
    case storage::outcome::skipped: return ink::faint;
    case storage::outcome::wrong:
    case storage::outcome::failed: break;
    }
    return ink::bad;
}

std::string text_of(const storage::verify_report& report, const output& to) {
    std::vector<table_row> rows;
    for (const auto& each : report.checks) {
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(each.took);
        rows.push_back({each.name, std::string(to_string(each.outcome)),
                        each.outcome == storage::outcome::skipped ? "" : shown(ms), each.note});
    }
    return printable(report.store) + "\n\n" +
           table({"CHECK", "OUTCOME", "TOOK", "NOTE"}, rows,
                 [&](std::size_t row, std::size_t column, std::string_view cell) {
                     return column == 1 ? to.painted(ink_of(report.checks[row].outcome), cell) : std::string(cell);
                 });
}

json::value document_of(const storage::verify_report& report) {
    json::array checks;
    for (const auto& each : report.checks)
        checks.push_back({{"name", each.name},
                          {"outcome", to_string(each.outcome)},
                          {"note", each.note},
                          {"took_us", each.took.count()}});
    return {{"store", report.store}, {"usable", report.usable()}, {"checks", std::move(checks)}};
}

storage::verify_report verify_visibly(const storage::verify_options& how, const storage_session& with) {
    const progress_bar bar(with.to, "trying it out");
    auto trying = storage::verify(with.files, how);
    return until_interrupted(std::move(trying));
}

exit_code verify(const storage::verify_options& how, const storage_session& with) {
    const auto report = verify_visibly(how, with);
    with.to.print(text_of(report, with.to), document_of(report));
    if (!report.usable() && !with.to.json)
        with.to.err << "infra: do not rely on this store: see what is wrong or failed\n";
    return report.usable() ? exit_code::ok : exit_code::failed;
}

// --- sweep ----------------------------------------------------------------------------------------------------------

struct sweep_words {
    std::string older_than = "24h";
    std::string prefix;
    std::string staged;
    bool dry_run = false;
};

struct swept {
    storage::sweep_result by_store;
    std::optional<std::size_t> staged;
};

swept sweep_visibly(const sweep_words& words, std::chrono::milliseconds age, const storage_session& with) {
    progress_bar bar(with.to, "looking for uploads that nobody completed");
    auto sweeping = with.files.sweep(age, words.prefix);
    swept done{.by_store = wait(std::move(sweeping)), .staged = {}};
    if (!words.staged.empty()) {
        bar.begin("looking at " + words.staged);
        auto removing = with.files.remove_older(words.staged, age);
        done.staged = wait(std::move(removing));
    }
    return done;
}

// In the bucket's own keys, as it tells them.
awaitable<std::vector<storage::upload_info>> unfinished(storage::storage files, wall_time before, progress_bar& bar) {
    constexpr std::chrono::seconds a_page{60};
    std::vector<storage::upload_info> old;
    std::string token;
    do {
        auto page = co_await files.bucket()->list_uploads({}, token, deadline::after(a_page));
        for (auto& each : page.uploads)
            if (each.begun <= before)
                old.push_back(std::move(each));
        bar.show({.done = old.size()});
        token = std::move(page.token);
    } while (!token.empty());
    co_return old;
}

exit_code list_unfinished(const sweep_words& words, std::chrono::milliseconds age, const storage_session& with) {
    if (!words.staged.empty() || !words.prefix.empty())
        throw std::invalid_argument(
            "--dry-run: lists all uploads that nobody completed; leave --prefix and --staged out");
    std::vector<table_row> rows;
    json::array documents;
    {
        progress_bar bar(with.to, "looking for uploads that nobody completed", "uploads");
        auto listing = unfinished(with.files, saturating_add(real_clock().wall(), -age), bar);
        for (const auto& each : wait(std::move(listing))) {
            rows.push_back({cli::text_of(std::optional(each.begun)), each.upload.key, each.upload.id});
            documents.push_back({{"key", each.upload.key},
                                 {"id", each.upload.id},
                                 {"begun", cli::document_of(std::optional(each.begun))}});
        }
    }
    if (with.to.json || !rows.empty())
        with.to.print(table({"BEGUN", "KEY", "ID"}, rows), {{"uploads", std::move(documents)}});
    else
        with.to.err << "infra: no upload is unfinished for so long\n";
    return exit_code::ok;
}

exit_code sweep(const sweep_words& words, const storage_session& with) {
    const auto age = parse_duration(words.older_than);
    if (!age)
        throw std::invalid_argument("--older-than: expected a duration such as 90m, 24h or 7d");
    if (words.dry_run)
        return list_unfinished(words, *age, with);
    const auto done = sweep_visibly(words, *age, with);
    auto text = std::to_string(done.by_store.uploads) + " uploads aborted, " + std::to_string(done.by_store.leavings) +
                " leavings removed";
    json::object document{{"uploads", done.by_store.uploads}, {"leavings", done.by_store.leavings}};
    if (done.staged) {
        text += ", " + std::to_string(*done.staged) + " staged objects removed";
        document["staged"] = *done.staged;
    }
    with.to.print(text, std::move(document));
    return exit_code::ok;
}

} // namespace

void add_storage_care(const storage_group& to) {
    const auto how = std::make_shared<storage::verify_options>();
    const auto no_urls = std::make_shared<bool>(false);
    auto& verifying = to.add({.name = "verify",
                              .description = "Tries out what a store can do, with probes that it removes. Exits with 1 "
                                             "if the store is not to be relied on.",
                              .examples = {"infra storage verify --url s3://photos", "infra storage verify --json"}},
                             storage_opening::anew, [how, no_urls](const storage_session& with) {
                                 how->signed_urls = !*no_urls;
                                 return verify(*how, with);
                             });
    verifying.add_option("--prefix", how->prefix, "Where the probes lie for a moment")->capture_default_str();
    verifying.add_flag("--no-urls", *no_urls, "Without following signed URLs over HTTP");

    const auto words = std::make_shared<sweep_words>();
    auto& sweeping = to.add(
        {.name = "sweep",
         .description = "Aborts uploads that nobody completed, and removes what crashes left.",
         .examples = {"infra storage sweep --older-than 7d --prefix in/", "infra storage sweep --staged staged/"}},
        storage_opening::existing, [words](const storage_session& with) { return sweep(*words, with); });
    sweeping.add_option("--older-than", words->older_than, "Begun so long ago")->capture_default_str();
    sweeping.add_flag("--dry-run", words->dry_run, "Only lists those uploads");
    sweeping.add_option("--prefix", words->prefix, "Only uploads to keys that begin so");
    sweeping.add_option("--staged", words->staged,
                        "Also removes the objects whose keys begin so, and that were put so long ago");
}

} // namespace infra::cli
