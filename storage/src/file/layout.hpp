#pragma once

/// A store's directory: what lies where in it.
///
///     <key's path>                      an object (path.hpp); its mtime is a lot drawn by the put that wrote it
///     .infra/format                     which names the file system tells apart, found out once
///     .infra/tmp/<lot>                  what is being written, locked meanwhile
///     .infra/meta/<2>/<62>.<version>    what is known of an object beside its bytes (sidecar.hpp); the digits are its key's SHA-256
///     .infra/locks/<2>                  held by whoever changes an object whose key's SHA-256 begins so
///     .infra/uploads/<id>/              an upload by parts (uploads.hpp)
///     .infra/secret                     what URLs are signed with, drawn once

#include "path.hpp"
#include "tree.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::disk {

inline constexpr std::string_view own_directory = ".infra";

/// A key and what follows of it.
struct place {
    std::string path;   ///< of the object
    std::string digest; ///< SHA-256 of the key, in hex
};

struct layout {
    tree files;
    descriptor temporaries; ///< empty where it is read-only and has none
    names apart = names::exact;
    bool is_read_only = false; ///< the file system, as it was mounted when the directory was opened

    place place_of(std::string_view key) const;
};

/// Whether its file system is mounted so.
bool is_read_only(const tree& files) noexcept;

/// Throws storage_error with infra::errc::io where nothing can be written.
void check_writable(const layout& in, std::string_view what);

/// What is in a small file of `.infra`, which is made of `text` if it is not there: all processes get the same. Where it can be neither
/// read nor made since all is read-only: `text`. Throws as open_layout().
std::string placed_once(const layout& in, const std::string& name, std::string_view text);

std::string meta_path(const place& of, const version& which);
std::string lock_path(const place& of);

/// Opens the directory and makes what is missing; on a read-only file system, as it is. Throws infra::error with errc::io: it cannot be
/// made, is somebody else's, or keeps no fractions of a second with a file's time.
std::shared_ptr<const layout> open_layout(const std::filesystem::path& directory, bool synced,
                                          std::optional<walking> how = {});

/// Whether `in` tells apart what names::exact wants told apart.
names probe_names(int in);

} // namespace infra::storage::disk
