#include "progress_bar.hpp"
#include "storage_verbs.hpp"

#include "printable.hpp"

#include <infra/runtime/wait.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

constexpr std::size_t keys_at_once = 1000; // of a request to S3

struct rm_words {
    std::vector<std::string> keys;
    std::string prefix;
    bool yes = false;
};

struct removed {
    std::size_t count = 0;
    bool were_listed = false; ///< otherwise no store tells whether they were there
    std::vector<storage::remove_outcome> failed{};
};

void add(removed& sum, std::vector<storage::remove_outcome> done) {
    for (auto& each : done)
        if (each.failure)
            sum.failed.push_back(std::move(each));
        else
            ++sum.count;
}

// A page at a time: there may be millions. The next page begins behind the last key, so that what cannot be removed is met once.
awaitable<removed> remove_below(storage::storage files, std::string prefix, progress_bar& bar) {
    removed sum{.were_listed = true};
    storage::list_options what{.prefix = std::move(prefix)};
    for (;;) {
        const auto page = co_await files.list(what);
        std::vector<std::string> keys;
        for (const auto& each : page.objects)
            keys.push_back(each.key);
        if (keys.empty())
            co_return sum;
        what.start_after = keys.back();
        add(sum, co_await files.remove_many(std::move(keys)));
        bar.show({.done = sum.count});
        if (page.token.empty())
            co_return sum;
    }
}

awaitable<removed> remove_keys(storage::storage files, std::vector<std::string> keys, progress_bar& bar) {
    removed sum;
    for (std::size_t i = 0; i < keys.size(); i += keys_at_once) {
        const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(i);
        const auto end = begin + static_cast<std::ptrdiff_t>(std::min(keys_at_once, keys.size() - i));
        add(sum, co_await files.remove_many({begin, end}));
        bar.show({.done = sum.count, .total = keys.size()});
    }
    co_return sum;
}

removed remove_visibly(const rm_words& words, const storage_session& with) {
    progress_bar bar(with.to, words.prefix.empty() ? words.keys.front() : words.prefix, "keys removed");
    auto removing =
        words.prefix.empty() ? remove_keys(with.files, words.keys, bar) : remove_below(with.files, words.prefix, bar);
    return wait(std::move(removing));
}

std::string text_of(const removed& sum) {
    const auto keys = std::to_string(sum.count) + (sum.count == 1 ? " key" : " keys");
    return keys + (sum.were_listed ? " removed" : " removed or not there");
}

bool is_out_of_reach(const storage::remove_outcome& one) {
    return storage_code_for(one.failure->code()) == exit_code::unreachable;
}

exit_code told(const removed& sum, const output& to) {
    if (sum.count == 0 && !sum.failed.empty() && std::ranges::all_of(sum.failed, is_out_of_reach))
        throw *sum.failed.front().failure;
    json::array failed;
    for (const auto& each : sum.failed) {
        failed.push_back({{"key", each.key}, {"problem", each.failure->what()}});
        if (!to.json)
            to.err << "infra: " << printable(each.failure->what()) << '\n';
    }
    const bool none_failed = failed.empty();
    to.print(text_of(sum), {{"gone", sum.count}, {"failed", std::move(failed)}});
    return none_failed ? exit_code::ok : sum.count > 0 ? exit_code::partial : exit_code::failed;
}

exit_code rm(const rm_words& words, const storage_session& with) {
    if (words.keys.empty() == words.prefix.empty())
        throw std::invalid_argument("either keys or --prefix are needed");
    if (!words.prefix.empty() && !words.yes)
        throw std::invalid_argument(
            "--prefix removes all that begins so; look with `infra storage ls -r` and say --yes");
    return told(remove_visibly(words, with), with.to);
}

struct cp_words {
    std::string from, to;
    bool if_absent = false;
};

// The store copies, and says nothing until it has.
storage::object_info copy_visibly(const cp_words& words, const storage_session& with) {
    const progress_bar bar(with.to, "copying " + words.from);
    auto copying = with.files.copy(words.from, words.to, {.if_absent = words.if_absent});
    return wait(std::move(copying));
}

exit_code cp(const cp_words& words, const storage_session& with) {
    const auto info = copy_visibly(words, with);
    with.to.print(printable(info.key) + ", " + shown_size(info.size), document_of(info));
    return exit_code::ok;
}

} // namespace

void add_storage_rm(const storage_group& to) {
    const auto words = std::make_shared<rm_words>();
    auto& removing =
        to.add({.name = "rm",
                .description = "Removes objects; what is not there is removed already.",
                .examples = {"infra storage rm avatars/user-123.jpg", "infra storage rm --prefix tmp/ --yes"}},
               storage_opening::existing, [words](const storage_session& with) { return rm(*words, with); });
    removing.add_option("keys", words->keys, "Of the objects");
    removing.add_option("--prefix", words->prefix, "All that begins so");
    removing.add_flag("--yes", words->yes, "… and it is meant");

    const auto copied = std::make_shared<cp_words>();
    auto& copying =
        to.add({.name = "cp",
                .description = "Copies an object in the store, with its metadata.",
                .examples = {"infra storage cp a.jpg archive/a.jpg --if-absent"}},
               storage_opening::existing, [copied](const storage_session& with) { return cp(*copied, with); });
    copying.add_option("from", copied->from, "The key")->required();
    copying.add_option("to", copied->to, "The key of the copy")->required();
    copying.add_flag("--if-absent", copied->if_absent, "Only if there is no object");
}

} // namespace infra::cli
