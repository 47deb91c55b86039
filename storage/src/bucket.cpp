#include <infra/storage/bucket.hpp>

#include "public_url.hpp"

#include <infra/base/error.hpp>
#include <infra/storage/file.hpp>
#include <infra/storage/memory.hpp>

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace infra::storage {
namespace {

std::shared_ptr<bucket> memory_of(std::string_view url, const environment& variables, clock& time) {
    if (url != "memory:")
        throw error(infra::errc::misconfigured, "memory: takes nothing behind it");
    return make_memory_bucket({.public_url = public_url_from(variables), .time = &time});
}

std::shared_ptr<bucket> file_of(std::string_view url, const environment& variables, clock& time) {
    auto options = file_options_from(variables);
    options.directory = url.substr(url.find(':') + 1);
    options.time = &time;
    if (options.directory.empty())
        throw error(infra::errc::misconfigured, "file: needs a directory behind it, such as file:var/storage");
    return make_file_bucket(std::move(options));
}

struct schemes {
    std::mutex mutex;
    std::map<std::string, bucket_factory, std::less<>> factories{
        {"file", file_of},
        {"memory", memory_of},
    }; // guarded by mutex
};

// Made at first use, since components register from the constructors of globals.
schemes& known_schemes() {
    static schemes all;
    return all;
}

std::string names_of(const schemes& all) {
    std::string names;
    for (const auto& [scheme, factory] : all.factories)
        names.append(names.empty() ? "" : ", ").append(scheme).append(":");
    return names;
}

bucket_factory factory_of(std::string_view scheme) {
    auto& all = known_schemes();
    const std::scoped_lock lock(all.mutex);
    const auto found = all.factories.find(scheme);
    if (found == all.factories.end())
        throw error(infra::errc::misconfigured, "where objects are kept is a URL with a scheme that is linked (" +
                                                    names_of(all) +
                                                    "), such as file:var/storage; s3: needs infra::storage_s3");
    return found->second;
}

} // namespace

bool register_bucket(std::string scheme, bucket_factory factory) {
    auto& all = known_schemes();
    const std::scoped_lock lock(all.mutex);
    all.factories.insert_or_assign(std::move(scheme), std::move(factory));
    return true;
}

bool knows_bucket(std::string_view scheme) {
    auto& all = known_schemes();
    const std::scoped_lock lock(all.mutex);
    return all.factories.contains(scheme);
}

std::shared_ptr<bucket> make_bucket(std::string_view url, const environment& variables, clock& time) {
    const auto colon = url.find(':');
    return factory_of(url.substr(0, colon == std::string_view::npos ? 0 : colon))(url, variables, time);
}

} // namespace infra::storage
