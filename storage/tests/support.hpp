#pragma once

/// What several tests here need: a folder of their own, a loop that runs one operation, the error of a failure.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/base/id.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/storage/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace infra::storage {

class temporary_folder {
public:
    temporary_folder() : path_(std::filesystem::temp_directory_path() / ("infra-storage-" + random_hex(8))) {
        std::filesystem::create_directory(path_);
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

    /// Writes a file of the folder; its path.
    std::filesystem::path write(std::string_view name, std::string_view bytes) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        return path_ / name;
    }

private:
    std::filesystem::path path_;
};

inline std::string contents_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Bytes that look like nothing else, the same for the same seed.
inline std::string some_bytes(std::size_t size, std::uint64_t seed = 1) {
    std::string bytes(size, '\0');
    for (auto& each : bytes) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        each = static_cast<char>(seed >> 56);
    }
    return bytes;
}

template <class T>
T run(awaitable<T> operation) {
    asio::io_context loop{1};
    auto result = asio::co_spawn(with_context(loop.get_executor()), infra::detail::as_optional(std::move(operation)),
                                 asio::use_future);
    loop.run();
    return std::move(*result.get());
}

/// Runs an operation on a loop of its own, and moves the clock on whenever nothing else is left to do. Time passes while a pool works.
template <class T>
T run_on(manual_clock& time, awaitable<T> operation, std::chrono::milliseconds step = std::chrono::milliseconds(50)) {
    asio::io_context loop{1};
    auto result = asio::co_spawn(with_context(loop.get_executor()), infra::detail::as_optional(std::move(operation)),
                                 asio::use_future);
    const auto is_done = [&] { return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
    for (int i = 0; i < 100'000; ++i) {
        loop.restart();
        loop.poll();
        if (is_done())
            return std::move(*result.get());
        time.advance(step);
    }
    throw std::logic_error("the operation does not end");
}

/// How `f` failed; nothing where it did not.
template <class F>
std::optional<storage_error> refusal_of(F f) {
    try {
        f();
    } catch (const storage_error& e) {
        return e;
    }
    return std::nullopt;
}

} // namespace infra::storage
