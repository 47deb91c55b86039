#include "storage_verbs.hpp"

#include "shown_words.hpp"
#include "verbs.hpp"

#include <infra/base/error.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace infra::cli {
namespace {

void refuse_what_is_not_there(const std::string& url) {
    const auto directory = url.substr(url.find(':') + 1);
    std::error_code ignored;
    if (!directory.empty() && !std::filesystem::is_directory(directory, ignored)) // without one it is no URL
        throw storage::storage_error(storage::errc::no_bucket,
                                     "there is no store in " + directory +
                                         "; set STORAGE_URL or give --url, as the service has it");
}

} // namespace

CLI::App& storage_group::add(verb v, storage_opening how, std::function<exit_code(const storage_session&)> act) const {
    const auto guarded = [how, at = place, act = std::move(act)](const output& o) {
        try {
            return act({open_storage(*at, how, environment::of_process()), o});
        } catch (const boost::system::system_error& e) {
            return o.fail(storage_code_for(e.code()), e.what());
        } catch (const std::invalid_argument& e) {
            return o.fail(exit_code::usage, e.what());
        }
    };
    return to.add(std::move(v), guarded, &app);
}

exit_code storage_code_for(const boost::system::error_code& failure) {
    using storage::errc;
    if (failure == errc::not_found || failure == errc::no_bucket)
        return exit_code::not_found;
    if (failure == infra::errc::misconfigured || failure == infra::errc::invalid_input || failure == errc::unsupported)
        return exit_code::usage;
    if (failure == infra::errc::cancelled) // Ctrl-C, once the operation has tidied up
        return exit_code::interrupted;
    return failure == infra::errc::unavailable || failure == infra::errc::timed_out || failure == errc::throttled
               ? exit_code::unreachable
               : exit_code::failed;
}

storage::storage open_storage(const storage_place& place, storage_opening how, const environment& variables) {
    const auto patience = parse_duration(place.timeout);
    if (!patience || patience->count() <= 0)
        throw std::invalid_argument("--timeout: expected a duration such as 500ms or 60s");
    const auto url = place.url.empty() ? storage::url_from(variables) : place.url;
    if (url.starts_with("memory:"))
        throw error(errc::misconfigured, "a store in memory can be seen by its own service alone; set STORAGE_URL or "
                                         "give --url file:DIRECTORY or s3://BUCKET");
    if (how == storage_opening::existing && url.starts_with("file:"))
        refuse_what_is_not_there(url);
    return storage::storage_from(variables, {.url = url, .timeout = *patience, .environment = &variables});
}

std::string shown_size(std::uint64_t bytes) {
    if (bytes < 1024)
        return std::to_string(bytes) + " B";
    constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    auto amount = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; amount >= 1023.95 && unit + 1 < units.size(); ++unit)
        amount /= 1024;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f %s", amount, units[unit]);
    return text.data();
}

json::object document_of(const storage::object_info& info) {
    json::object made{{"key", info.key},
                      {"size", info.size},
                      {"etag", info.etag},
                      {"modified", document_of(std::optional(info.modified))}};
    const auto add = [&made](const char* name, const std::string& value) {
        if (!value.empty())
            made[name] = value;
    };
    add("content_type", info.content_type);
    add("cache_control", info.cache_control);
    add("content_disposition", info.content_disposition);
    add("content_encoding", info.content_encoding);
    add("content_language", info.content_language);
    if (info.checksum)
        made[std::string("checksum_") + std::string(to_string(info.checksum->kind()))] = info.checksum->base64();
    if (info.composite)
        made[std::string("checksum_") + std::string(to_string(info.composite->of_parts.kind()))] =
            info.composite->base64();
    if (!info.metadata.empty())
        for (auto& metadata = made["metadata"].emplace_object(); const auto& [name, value] : info.metadata)
            metadata[name] = value;
    return made;
}

void add_storage(frame& f) {
    const auto place = std::make_shared<storage_place>();
    auto& app =
        f.add_group({.name = "storage",
                     .description = "Looks at stored objects, moves them, signs URLs of them, and tries a store out.",
                     .examples = {"infra storage ls avatars/ --long", "infra storage put backup.tar backups/today.tar",
                                  "infra storage sign avatars/user-123.jpg --expires 600",
                                  "infra storage verify --url s3://photos"}});
    app.add_option("--url", place->url,
                   "Where objects are: file:DIRECTORY or s3://BUCKET; default $STORAGE_URL, the bucket $S3_BUCKET, or "
                   "file:var/storage. Keys are in the environment");
    app.add_option("--timeout", place->timeout, "How long to wait for an answer, or for another byte")
        ->capture_default_str();
    const storage_group group{f, app, place};
    add_storage_ls(group);
    add_storage_put(group);
    add_storage_get(group);
    add_storage_rm(group);
    add_storage_head(group);
    add_storage_care(group);
}

} // namespace infra::cli
