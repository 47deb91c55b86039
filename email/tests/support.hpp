#pragma once

/// What several tests here need: a folder of their own, a loop that runs one operation, the code of an error.

#include <infra/base/awaitable.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>
#include <infra/base/id.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

class temporary_folder {
public:
    temporary_folder() : path_(std::filesystem::temp_directory_path() / ("infra-email-" + random_hex(8))) {
        std::filesystem::create_directory(path_);
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    std::string string() const { return path_.string(); }

    void write(std::string_view name, std::string_view text) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }

private:
    std::filesystem::path path_;
};

inline std::string contents_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The names of the .eml files in a folder, sorted.
inline std::vector<std::string> mails_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".eml")
            names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

template <class T>
T run(awaitable<T> operation) {
    asio::io_context loop{1};
    auto result = asio::co_spawn(with_context(loop.get_executor()), std::move(operation), asio::use_future);
    loop.run();
    return result.get();
}

/// How `f` failed: its code and sentence; a code that tests false if it did not.
struct failure {
    boost::system::error_code code;
    std::string sentence;
};

template <class F>
failure failure_of(F f) {
    try {
        f();
        return {};
    } catch (const error& e) {
        return {e.code(), e.what()};
    }
}

} // namespace infra::email
