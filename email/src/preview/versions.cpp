#include "versions.hpp"

#include "../template/load.hpp"

#include <infra/base/error.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <boost/container_hash/hash.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

namespace infra::email::preview {
namespace {

namespace fs = std::filesystem;

constexpr auto between_looks = std::chrono::milliseconds(200);
constexpr auto patience = std::chrono::seconds(25); // under the minute that servers and proxies give an answer
constexpr int most_files = 10'000;
constexpr int deepest = 8;

bool concerns_templates(const fs::path& file) {
    static const std::array<fs::path, 3> endings{".md", ".html", ".json"};
    return std::ranges::find(endings, file.extension()) != endings.end();
}

std::size_t hash_of(const file_stamp& s) {
    std::size_t seed = 0;
    for (const auto part : {s.device, s.file, s.size, static_cast<std::uint64_t>(s.modified.time_since_epoch().count()),
                            static_cast<std::uint64_t>(s.changed.time_since_epoch().count())})
        boost::hash_combine(seed, part);
    return seed;
}

// Counts one in for as long as it lives.
class seat {
public:
    seat(std::atomic<std::size_t>& taken, std::size_t most) : taken_(taken) {
        if (taken_.fetch_add(1) >= most) {
            taken_.fetch_sub(1);
            throw error(infra::errc::overloaded, "too many pages wait for a change");
        }
    }
    ~seat() { taken_.fetch_sub(1); }
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;

private:
    std::atomic<std::size_t>& taken_;
};

} // namespace

std::string version_of(const std::string& directory) {
    std::map<std::string, std::size_t> files; // the disk's order may change by itself
    std::error_code ec;
    fs::recursive_directory_iterator each(directory, ec);
    for (int seen = 0; !ec && each != fs::recursive_directory_iterator() && seen < most_files;
         ++seen, each.increment(ec)) {
        if (each.depth() >= deepest)
            each.disable_recursion_pending();
        if (concerns_templates(each->path()))
            files.emplace(each->path().string(), hash_of(stamp_of(each->path().string())));
    }
    std::size_t seed = 0;
    for (const auto& [path, stamp] : files) {
        boost::hash_combine(seed, path);
        boost::hash_combine(seed, stamp);
    }
    return std::to_string(seed);
}

blocking_pool& versions::pool() const { return pool_ ? *pool_ : default_blocking_pool(); }

std::string versions::looked_up() {
    const std::scoped_lock lock(mutex_);
    const auto now = time_.steady();
    if (last_.empty() || now - looked_ >= between_looks) {
        last_ = version_of(directory_);
        looked_ = now;
    }
    return last_;
}

awaitable<std::string> versions::next(std::string since) {
    const auto self = shared_from_this();
    const seat taken(self->waiting_, self->max_waiting_);
    const auto limit = deadline::after(patience, self->time_.steady());
    for (;;) {
        auto now = co_await self->pool().run([self] { return self->looked_up(); });
        if (now != since || limit.passed(self->time_.steady()))
            co_return now;
        co_await self->time_.sleep_for(between_looks);
    }
}

} // namespace infra::email::preview
