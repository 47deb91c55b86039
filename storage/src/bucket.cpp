#include <infra/storage/bucket.hpp>

#include "public_url.hpp"

#include <infra/base/error.hpp>
#include <infra/runtime/scheme_table.hpp>
#include <infra/storage/file.hpp>
#include <infra/storage/memory.hpp>

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

using bucket_table = scheme_table<bucket_factory>;

// Made at first use, since components register from the constructors of globals.
bucket_table& table() {
    static bucket_table one{{{"file", file_of}, {"memory", memory_of}}};
    return one;
}

} // namespace

bool register_bucket(std::string scheme, bucket_factory factory) {
    return table().add(std::move(scheme), std::move(factory));
}

bool knows_bucket(std::string_view scheme) { return table().knows(scheme); }

std::shared_ptr<bucket> make_bucket(std::string_view url, const environment& variables, clock& time) {
    if (const auto make = table().find(scheme_of(url)))
        return make(url, variables, time);
    throw error(infra::errc::misconfigured, "where objects are kept is a URL with a scheme that is linked (" +
                                                table().names() +
                                                "), such as file:var/storage; s3: needs infra::storage_s3");
}

} // namespace infra::storage
