#pragma once

/// What the spellings of every room are tried with.

#include <infra/base.hpp>
#include <infra/logging/sink.hpp>
#include <infra/runtime/wait.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace api {

using infra::awaitable;

/// Runs a coroutine lambda to its end; the closure lives here meanwhile.
template <class F>
auto run(F operation) {
    return infra::wait(operation());
}

/// A text whose loss ASan would notice.
inline std::string long_text(std::string_view tail) {
    return "long enough to live on the heap, not in the string: " + std::string(tail);
}

struct user {
    std::string name{};
    std::string role{};
    std::optional<int> age{};
};
BOOST_DESCRIBE_STRUCT(user, (), (name, role, age))

struct payment {
    std::string order_id{};
    int cents = 0;
};
BOOST_DESCRIBE_STRUCT(payment, (), (order_id, cents))

/// What the default pipeline has written: lines of 2026-01-01T00:00:00Z.
infra::logging::memory_sink& log_lines();

/// A folder that goes with the object.
class temporary_folder {
public:
    temporary_folder();
    ~temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace api
