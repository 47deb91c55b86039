#pragma once

/// Objects in a directory: whole or absent after any crash, with their metadata, and with signed URLs of their own.
///
///     storage::storage files({.bucket = storage::make_file_bucket({.directory = "var/storage"})});
///
/// A key such as `avatars/user-123.jpg` is the file of that name under the directory; the README tells the layout.

#include <infra/base/clock.hpp>
#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/environment.hpp>
#include <infra/storage/bucket.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace infra::storage {

/// What a successful put means.
enum class durability {
    synced,   ///< on the disk: file and directory are synced (fsync)
    unsynced, ///< in the system's memory: survives a crash of the process, not of the machine. For tests
};

struct file_options {
    std::filesystem::path directory = "var/storage"; ///< made if it is not there, with mode 0700

    durability sync = durability::synced; ///< what an object that was put survives

    /// What signed URLs begin with: where add_signed_urls() (serve.hpp) is mounted, as browsers see it.
    std::string public_url = "http://127.0.0.1:3000/storage";

    /// What they are signed with, at least 16 bytes. Empty: a random one, made once and kept in the directory (0600), so that all
    /// processes with this directory agree.
    std::string signing_secret{};

    blocking_pool* pool = nullptr; ///< where files are read and written; null: default_blocking_pool(). Outlives it
    clock* time = &real_clock();   ///< outlives it
};

/// STORAGE_PUBLIC_URL, STORAGE_SIGNING_SECRET; without the first, HOST and PORT of the service and `/storage`.
file_options file_options_from(const environment& variables);

/// Throws infra::error with errc::io when the directory cannot be made or used.
std::shared_ptr<bucket> make_file_bucket(file_options options = {});

} // namespace infra::storage
