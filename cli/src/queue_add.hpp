#pragma once

/// `infra queue add` without the queue.

#include <infra/base/json.hpp>
#include <infra/queue/options.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace infra::cli {

/// What the flags of `add` say; empty is not said.
struct add_words {
    std::string queue{};
    std::string name{};
    std::string data{};
    std::string delay{};
    std::string id{};
    std::string backoff{};
    std::string job_timeout{};
    std::string ttl{};
    std::string deduplicate{};
    std::string group{};
    std::optional<int> priority{};
    std::optional<int> attempts{};
    bool lifo = false;
    bool from_stdin = false;
};

/// Throws std::invalid_argument naming the flag.
queue::enqueue_options enqueue_options_from(const add_words& words);

struct numbered_line {
    std::size_t number = 0;
    std::string text{};
    bool too_long = false; ///< `text` is its beginning
};

/// Lines of anything, each in bounded memory.
class line_reader {
public:
    line_reader(std::istream& from, std::size_t most_bytes) : from_(from), most_(most_bytes) {}

    /// Empty at the end.
    std::optional<numbered_line> next();

private:
    std::istream& from_;
    const std::size_t most_;
    std::size_t number_ = 0;
};

/// Some jobs to be added at once, and the lines that are none.
struct job_batch {
    struct bad_line {
        std::size_t number = 0;
        std::string problem{};
    };
    std::vector<json::value> jobs{};
    std::size_t first = 0; ///< number of the first job's line
    std::size_t last = 0;
    std::vector<bad_line> bad{};

    bool empty() const noexcept { return jobs.empty() && bad.empty(); }
};

/// Empty at the end.
job_batch next_batch(line_reader& from);

} // namespace infra::cli
