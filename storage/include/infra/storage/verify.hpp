#pragma once

/// What a store can do, tried out: writes, reads, ranges, lists, signs and removes a probe.
///
///     auto report = co_await storage::verify(files);
///     for (auto& c : report.checks) std::cout << c.name << ' ' << to_string(c.outcome) << ' ' << c.note << '\n';

#include <infra/storage/storage.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace infra::storage {

enum class outcome {
    works,
    missing, ///< the store cannot do this, and says so; the note tells what the module does instead
    wrong,   ///< it says that it can, and does not: what relies on it is not safe here
    failed,  ///< it should be possible, and an error came: the note is its sentence
    skipped, ///< because what it stands on did not work
};

std::string_view to_string(outcome o) noexcept;

struct check_result {
    std::string name{}; ///< "put", "conditional create", "signed get" …
    infra::storage::outcome outcome = outcome::skipped;
    std::string note{};
    std::chrono::microseconds took{};
};

struct verify_report {
    std::string store{}; ///< its description
    std::vector<check_result> checks{};

    /// Objects can be written, read, listed and removed, and nothing is wrong.
    bool usable() const noexcept;
};

struct verify_options {
    std::string prefix = ".infra-verify/"; ///< where the probes lie for a moment; they are removed whatever happens
    bool signed_urls = true;               ///< asks for them over HTTP too, where a client for it is linked
    std::chrono::milliseconds timeout = std::chrono::seconds(60); ///< for all checks together
};

/// Never throws for what the store does.
awaitable<verify_report> verify(storage files, verify_options options = {});

} // namespace infra::storage
