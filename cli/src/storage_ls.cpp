#include "progress_bar.hpp"
#include "storage_verbs.hpp"

#include "printable.hpp"
#include "shell_word.hpp"
#include "shown_words.hpp"
#include "table.hpp"

#include <infra/runtime/wait.hpp>

#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

struct ls_words {
    std::string prefix;
    std::string after;
    std::size_t limit = 1000;
    bool recursive = false;
    bool longer = false;
    bool bytes = false;
};

struct found_names {
    std::vector<storage::object_info> objects{};
    std::vector<std::string> prefixes{};
    std::string last{}; ///< behind which there is more; empty: that was all
};

std::string last_of(const storage::list_page& page) {
    const std::string object = page.objects.empty() ? "" : page.objects.back().key;
    const std::string prefix = page.prefixes.empty() ? "" : page.prefixes.back();
    return std::max(object, prefix);
}

awaitable<found_names> find(storage::storage files, ls_words words, progress_bar& bar) {
    found_names found;
    storage::list_options what{
        .prefix = words.prefix, .delimiter = words.recursive ? "" : "/", .start_after = words.after};
    for (std::size_t left = words.limit; left > 0;) {
        what.limit = std::min<std::size_t>(left, 1000);
        auto page = co_await files.list(what);
        left -= std::min(left, page.objects.size() + page.prefixes.size());
        found.last = page.token.empty() ? "" : last_of(page);
        found.objects.insert(found.objects.end(), std::make_move_iterator(page.objects.begin()),
                             std::make_move_iterator(page.objects.end()));
        found.prefixes.insert(found.prefixes.end(), page.prefixes.begin(), page.prefixes.end());
        bar.show({.done = found.objects.size() + found.prefixes.size()});
        what.token = page.token;
        if (what.token.empty())
            break;
    }
    co_return found;
}

// One order for both, as the store has it.
std::vector<table_row> rows_of(const found_names& found, const ls_words& words) {
    std::vector<table_row> rows;
    auto object = found.objects.begin();
    auto prefix = found.prefixes.begin();
    while (object != found.objects.end() || prefix != found.prefixes.end()) {
        if (prefix == found.prefixes.end() || (object != found.objects.end() && object->key < *prefix)) {
            rows.push_back({words.bytes ? std::to_string(object->size) : shown_size(object->size),
                            text_of(std::optional(object->modified)), object->key});
            ++object;
        } else {
            rows.push_back({"", "", *prefix});
            ++prefix;
        }
    }
    return rows;
}

std::string listing_text(const found_names& found, const ls_words& words) {
    const auto rows = rows_of(found, words);
    if (words.longer)
        return table({"SIZE", "MODIFIED", "KEY"}, rows);
    std::string text;
    for (const auto& each : rows)
        text.append(text.empty() ? "" : "\n").append(printable(each.back()));
    return text;
}

json::value listing_document(const found_names& found) {
    json::array objects;
    for (const auto& each : found.objects)
        objects.push_back(document_of(each));
    return {{"objects", std::move(objects)},
            {"prefixes", json::array(found.prefixes.begin(), found.prefixes.end())},
            {"next", found.last.empty() ? json::value() : json::value(found.last)}};
}

found_names find_visibly(const ls_words& words, const storage_session& with) {
    progress_bar bar(with.to, words.prefix, "keys found");
    return wait(find(with.files, words, bar));
}

exit_code ls(const ls_words& words, const storage_session& with) {
    const auto found = find_visibly(words, with);
    const bool none = found.objects.empty() && found.prefixes.empty();
    if (!none || with.to.json)
        with.to.print(listing_text(found, words), listing_document(found));
    if (with.to.json)
        return exit_code::ok;
    if (none)
        with.to.err << "infra: nothing is there" << (words.prefix.empty() ? "" : " that begins so") << '\n';
    if (!found.last.empty())
        with.to.err << "infra: there is more: --after=" << shell_word(printable(found.last))
                    << ", or a higher --limit\n";
    return exit_code::ok;
}

} // namespace

void add_storage_ls(const storage_group& to) {
    const auto words = std::make_shared<ls_words>();
    auto& app =
        to.add({.name = "ls",
                .description = "Lists objects, and what begins with several of them, in the order of their keys.",
                .examples = {"infra storage ls", "infra storage ls avatars/ --long",
                             "infra storage ls -r --prefix 2026- --limit 100000 --json"}},
               storage_opening::existing, [words](const storage_session& with) { return ls(*words, with); });
    app.add_option("prefix,--prefix", words->prefix, "Only what begins so");
    app.add_flag("-r,--recursive", words->recursive, "Each object, not what lies behind the next '/' as one");
    app.add_flag("-l,--long", words->longer, "Sizes and times too");
    app.add_flag("--bytes", words->bytes, "Sizes as numbers of bytes");
    app.add_option("--after", words->after, "Only keys behind this one");
    app.add_option("--limit", words->limit, "At most so many")->capture_default_str()->check(CLI::Range(1, 10'000'000));
}

} // namespace infra::cli
