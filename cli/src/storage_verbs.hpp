#pragma once

// `infra storage`, a file for each kind of verb.

#include "frame.hpp"

#include <infra/base/json.hpp>
#include <infra/storage.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace infra::cli {

/// Where objects are, from the command line or the environment.
struct storage_place {
    std::string url;
    std::string timeout = "60s";
};

/// What a verb works with.
struct storage_session {
    storage::storage files;
    const output& to;
};

/// Looking into a store must not make one: `anew` says whether a directory that is not there may be made.
enum class storage_opening { existing, anew };

/// The word `storage`, on which the verbs hang.
struct storage_group {
    frame& to;
    CLI::App& app;
    std::shared_ptr<const storage_place> place;

    /// What `act` throws is told, and becomes an exit code.
    CLI::App& add(verb v, storage_opening how, std::function<exit_code(const storage_session&)> act) const;
};

void add_storage_ls(const storage_group& to);   ///< ls
void add_storage_put(const storage_group& to);  ///< put
void add_storage_get(const storage_group& to);  ///< get
void add_storage_rm(const storage_group& to);   ///< rm, cp
void add_storage_head(const storage_group& to); ///< head, sign
void add_storage_care(const storage_group& to); ///< verify, sweep

exit_code storage_code_for(const boost::system::error_code& failure);

/// The store of a URL or, where that is empty, of the environment. Throws infra::error with errc::misconfigured for what is no place
/// that others can see, and storage::errc::no_bucket where a directory is to be there and is not.
storage::storage open_storage(const storage_place& place, storage_opening how, const environment& variables);

/// "12.3 KiB"; below 1024 "7 B".
std::string shown_size(std::uint64_t bytes);

json::object document_of(const storage::object_info& info);

} // namespace infra::cli
