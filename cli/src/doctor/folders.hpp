#pragma once

/// The folders that a service writes into: can it, and is there room.

#include "check.hpp"

#include <cstdint>
#include <filesystem>

namespace infra::cli::doctor {

/// A folder and whose it is: `EMAIL_URL`, or `var` where nothing is set.
struct folder {
    std::filesystem::path path{};
    std::string of{};
    friend bool operator==(const folder&, const folder&) = default;
};

/// Each once, with the first that names it. What lives on a server has none.
std::vector<folder> folders_of(const environment& variables);

/// Of a file system; 0 and 0 of inodes where it does not count them.
struct room {
    std::uint64_t total = 0;
    std::uint64_t free = 0; ///< that an ordinary user may take
};

struct folder_facts {
    folder of{};
    bool exists = false; ///< otherwise the rest is said of the nearest one around it that does
    int refused = 0;     ///< errno of making a file there; 0: it can be made
    bool is_folder = true;
    room bytes{};
    room inodes{};
};

findings judge_folder(const folder_facts& facts);

/// Makes a file without a name, or one that it removes, where the folder is.
folder_facts read_folder(const folder& of);

findings look_at_folders(const situation& at);

} // namespace infra::cli::doctor
