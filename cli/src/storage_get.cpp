#include "progress_bar.hpp"
#include "storage_verbs.hpp"
#include "until_interrupted.hpp"

#include "printable.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>

namespace infra::cli {
namespace {

struct get_words {
    std::string key;
    std::string to;
    bool resume = false;
};

awaitable<storage::object_info> write_to(storage::storage files, std::string key, std::ostream& out,
                                         storage::progress_function told) {
    auto reader = co_await files.open(std::move(key));
    storage::progress now{.total = reader.length()};
    for (auto piece = co_await reader.read(); !piece.empty() && out; piece = co_await reader.read()) {
        out << piece;
        now.done += piece.size();
        if (told)
            told(now);
    }
    co_return reader.info();
}

std::filesystem::path target_of(const get_words& words) {
    std::error_code ignored;
    const std::filesystem::path given(words.to);
    return std::filesystem::is_directory(given, ignored) ? given / words.key.substr(words.key.rfind('/') + 1) : given;
}

exit_code get_into_file(const get_words& words, const storage_session& with) {
    const auto target = target_of(words);
    storage::object_info info;
    {
        progress_bar bar(with.to, words.key);
        info = until_interrupted(
            with.files.download(words.key, target, {.resume = words.resume, .on_progress = bar.follow()}));
    }
    auto document = document_of(info);
    document["file"] = target.string();
    with.to.print(printable(target.string()) + ", " + shown_size(info.size), document);
    return exit_code::ok;
}

exit_code get(const get_words& words, const storage_session& with) {
    if (words.to != "-")
        return get_into_file(words, with);
    std::optional<progress_bar> bar;
    if (!is_terminal(with.to.out))
        bar.emplace(with.to, words.key);
    until_interrupted(write_to(with.files, words.key, with.to.out, bar ? bar->follow() : storage::progress_function()));
    return exit_code::ok;
}

} // namespace

void add_storage_get(const storage_group& to) {
    const auto words = std::make_shared<get_words>();
    auto& app = to.add(
        {.name = "get",
         .description = "Writes an object into a file, which is there whole or not at all, or to the standard output. "
                        "Nothing there exits with 3.",
         .examples = {"infra storage get backups/today.tar . --resume", "infra storage get exports/a.csv - | head"}},
        storage_opening::existing, [words](const storage_session& with) { return get(*words, with); });
    app.add_option("key", words->key, "Of the object")->required();
    app.add_option("file", words->to, "Where to: a file, a directory, or - for the standard output")
        ->required()
        ->type_name("FILE");
    app.add_flag("--resume", words->resume, "Goes on with what an earlier try left, and leaves it for the next");
}

} // namespace infra::cli
