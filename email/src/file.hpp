#pragma once

/// Files that are there whole, and stay there after a power cut. All throw infra::errc::io with path and reason.

#include <filesystem>
#include <string>
#include <string_view>

namespace infra::email::file {

/// The directory and its parents; new ones are the owner's only. Nothing if it is there.
void make_private_directory(const std::filesystem::path& path);

/// A new file with `contents`, on the disk; removed again if that fails.
void write_durably(const std::filesystem::path& path, std::string_view contents);

/// Renames, and makes the new name last. `from` is removed if that fails.
void move_durably(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes `link` lead to `target`, or finds where it leads already; returns that, on the disk either way.
std::string claim_durably(const std::filesystem::path& link, const std::string& target);

} // namespace infra::email::file
