#pragma once

// What goes wrong again and again is told when it begins, when its reason changes, and once a minute while it lasts.

#include <infra/base/time.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace infra::redis::detail {

/// Threads: any.
class complaints {
public:
    /// Of what goes wrong with whom: empty while it is not worth a line, otherwise how many times it was not.
    std::optional<std::uint64_t> tell(const std::string& what, const std::string& whom, const std::string& why,
                                      steady_time now);

    /// The next time is the first again.
    void mended(const std::string& what, const std::string& whom);

private:
    struct told {
        std::string why{};
        steady_time at{};
        std::uint64_t untold = 0;
    };

    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, told> known_; // guarded by mutex_
};

/// What a server said without the words of the command that it repeats.
std::string_view without_arguments(std::string_view said) noexcept;

/// The same for a sentence or a log line of ours: a server may say megabytes.
std::string in_brief(std::string_view said);

/// A warning of module `redis`, when it is worth one.
void complain(complaints& of, const std::string& what, const std::string& server, const std::string& why,
              steady_time now);

} // namespace infra::redis::detail
