#pragma once

/// Files a service can trust: whole or absent, checked end to end, the same in a directory as in any S3.
///
///     auto storage = infra::storage::create_storage();
///     co_await storage.put("avatars/user-123.jpg", bytes, {.content_type = "image/jpeg"});
///     auto file = co_await storage.get("avatars/user-123.jpg");
///     co_await storage.remove("avatars/user-123.jpg");
///     auto url = co_await storage.signed_url("avatars/user-123.jpg", 1h);
///
/// storage/storage.hpp is the page to read; storage/bucket.hpp is for those who write a backend.

#include <infra/storage/bucket.hpp>
#include <infra/storage/checksum.hpp>
#include <infra/storage/content.hpp>
#include <infra/storage/error.hpp>
#include <infra/storage/file.hpp>
#include <infra/storage/key.hpp>
#include <infra/storage/lister.hpp>
#include <infra/storage/memory.hpp>
#include <infra/storage/object.hpp>
#include <infra/storage/options.hpp>
#include <infra/storage/signing.hpp>
#include <infra/storage/storage.hpp>
#include <infra/storage/upload.hpp>

namespace infra::storage {

/// A storage of its own. Where the options name neither bucket nor URL, the environment decides: see storage_from(). Throws
/// infra::error with infra::errc::misconfigured when the URL is not understood, and std::invalid_argument for a bad option.
[[nodiscard]] storage create_storage(storage_options options = {});

/// Where the environment wants objects kept: STORAGE_URL, otherwise `s3:` where S3_BUCKET is set (an error where no backend for it is
/// linked, or half of what it needs is missing), otherwise `file:var/storage`.
std::string url_from(const environment& variables);

/// The storage that is kept there; a URL or bucket among the options wins.
[[nodiscard]] storage storage_from(const environment& variables, storage_options options = {});

/// One storage for the process, made at first use by create_storage().
storage default_storage();

/// Replaces it, for calls that begin afterwards.
void set_default_storage(storage instead);

} // namespace infra::storage
