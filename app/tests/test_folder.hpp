#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <unistd.h>

namespace infra::app {

/// A folder of a test's own, gone at the end. The child of a death test begins the test anew and never ends it: it works in its parent's, which
/// that removes.
class test_folder {
public:
    test_folder() {
        if (const char* parents = std::getenv(variable)) {
            path_ = parents;
            return;
        }
        auto pattern = (std::filesystem::temp_directory_path() / "infra-app-XXXXXX").string();
        if (!::mkdtemp(pattern.data()))
            throw std::runtime_error("no folder can be made like " + pattern);
        path_ = pattern;
        is_mine_ = true;
        ::setenv(variable, pattern.c_str(), 1);
    }
    ~test_folder() {
        if (!is_mine_)
            return;
        ::unsetenv(variable);
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    test_folder(const test_folder&) = delete;
    test_folder& operator=(const test_folder&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }
    std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

private:
    static constexpr const char* variable = "TEST_FOLDER_OF_PARENT";

    std::filesystem::path path_;
    bool is_mine_ = false;
};

} // namespace infra::app
