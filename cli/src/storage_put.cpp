#include "progress_bar.hpp"
#include "storage_verbs.hpp"
#include "until_interrupted.hpp"

#include "printable.hpp"

#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>

namespace infra::cli {
namespace {

constexpr std::size_t piece_size = std::size_t{1} << 20;

struct put_words {
    std::string from;
    std::string key;
    std::vector<std::string> metadata;
    std::string checksum;
    storage::put_options how;
};

awaitable<std::string> next_of_input() {
    co_return co_await default_blocking_pool().run([] {
        std::string piece(piece_size, '\0');
        std::cin.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        piece.resize(static_cast<std::size_t>(std::cin.gcount()));
        if (std::cin.bad())
            throw error(errc::io, "the standard input cannot be read");
        return piece;
    });
}

// `photos/` means: under the file's name there.
std::string key_of(const put_words& words) {
    if (!words.key.ends_with('/'))
        return words.key;
    if (words.from == "-")
        throw std::invalid_argument("the standard input has no name; give a whole key");
    return words.key + std::filesystem::path(words.from).filename().string();
}

storage::metadata_map metadata_of(const std::vector<std::string>& words) {
    storage::metadata_map made;
    for (const auto& each : words) {
        const auto equals = each.find('=');
        if (equals == std::string::npos || equals == 0)
            throw std::invalid_argument("--metadata: expected NAME=VALUE");
        made[each.substr(0, equals)] = each.substr(equals + 1);
    }
    return made;
}

std::optional<storage::checksum_kind> checksum_of(const std::string& word) {
    if (word.empty())
        return std::nullopt;
    if (const auto kind = storage::checksum_kind_from(word))
        return kind;
    throw std::invalid_argument("--checksum: expected crc32c, crc64nvme or sha256");
}

exit_code put(const put_words& words, const storage_session& with) {
    auto how = words.how;
    how.metadata = metadata_of(words.metadata);
    how.checksum = checksum_of(words.checksum);
    const auto key = key_of(words);
    storage::content what = storage::file{words.from};
    if (words.from == "-")
        what = storage::pieces{next_of_input};
    storage::object_info info;
    {
        progress_bar bar(with.to, key, "", words.from == "-" ? &std::cin : nullptr);
        how.on_progress = bar.follow();
        info = until_interrupted(with.files.put(key, std::move(what), std::move(how)));
    }
    with.to.print(printable(info.key) + ", " + shown_size(info.size), document_of(info));
    return exit_code::ok;
}

} // namespace

void add_storage_put(const storage_group& to) {
    const auto words = std::make_shared<put_words>();
    auto& app = to.add(
        {.name = "put",
         .description = "Stores a file, or what comes from the standard input.",
         .examples = {"infra storage put photo.jpg avatars/", "pg_dump shop | infra storage put - backups/shop.sql",
                      "infra storage put a.csv exports/a.csv --if-absent --metadata user=42"}},
        storage_opening::anew, [words](const storage_session& with) { return put(*words, with); });
    app.add_option("file", words->from, "Which, or - for the standard input")->required()->type_name("FILE");
    app.add_option("key", words->key, "Where to; behind a '/' at the end the file's name is put")->required();
    app.add_option("--type", words->how.content_type,
                   "Its content type; default by its name, or by what it begins with");
    app.add_option("--cache-control", words->how.cache_control, "How long whoever reads it may keep it");
    app.add_option("--disposition", words->how.content_disposition, "Such as 'attachment; filename=\"a.csv\"'");
    app.add_option("--metadata", words->metadata, "NAME=VALUE; may be given again")->allow_extra_args(false);
    app.add_option("--checksum", words->checksum, "Which one is kept with it; default a CRC, as the store has it")
        ->type_name("crc32c|crc64nvme|sha256");
    app.add_flag("--if-absent", words->how.if_absent, "Only if there is no object under the key");
    app.add_option("--if-match", words->how.if_match, "Only if the object there has this ETag");
}

} // namespace infra::cli
