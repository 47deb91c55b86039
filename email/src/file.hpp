#pragma once

/// Files that are there whole, and stay there after a power cut. All throw infra::errc::io with path and reason.

#include <filesystem>
#include <string>
#include <string_view>

namespace infra::email::file {

/// The directory and its parents; new ones are the owner's only. Nothing if it is there.
void make_private_directory(const std::filesystem::path& path);

/// A new file `to` with `contents`, on the disk. Until it is whole it is `temporary`, which is locked as long as somebody
/// writes it.
void store_durably(const std::filesystem::path& temporary, const std::filesystem::path& to, std::string_view contents);

/// Removes the temporaries in `directory` that nobody writes: those of processes that died. Spares what it cannot judge.
void sweep(const std::filesystem::path& directory) noexcept;

/// Makes `link` lead to `target`, or finds where it leads already; returns that, on the disk either way.
std::string claim_durably(const std::filesystem::path& link, const std::string& target);

/// Makes `link` lead to `target` from now on, in one step by way of `temporary`. Best effort: a link that could not be
/// changed, or a change that a power cut takes back, leads where it led before.
void redirect(const std::filesystem::path& link, const std::string& target,
              const std::filesystem::path& temporary) noexcept;

/// What was renamed in it stays so.
void sync_directory(const std::filesystem::path& path);

} // namespace infra::email::file
