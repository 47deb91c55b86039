#pragma once

/// What `infra doctor` found: one thing that it looked at, how it stands, and what to do.

#include <boost/json/value.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cli::doctor {

enum class verdict {
    ok,
    warn,    ///< a service starts, and something is not as it should be in production
    fail,    ///< a service does not start, or does not do its work
    skipped, ///< there is nothing to look at
};

std::string_view to_string(verdict v) noexcept;

struct finding {
    std::string check{}; ///< by whom it was found; filled in by whoever asked
    std::string about{}; ///< a setting, a folder, an address; without secrets
    doctor::verdict verdict = verdict::ok;
    std::string found{};  ///< what is so
    std::string means{};  ///< what comes of it; empty where all is well
    std::string advice{}; ///< what to do; likewise
};

using findings = std::vector<finding>;

finding well(std::string about, std::string found);
finding warning(std::string about, std::string found, std::string means, std::string advice);
finding failure(std::string about, std::string found, std::string means, std::string advice);

/// The worst of them; ok where there is none.
verdict worst_of(const findings& all) noexcept;

/// How a verdict's word is painted.
using painter = std::function<std::string(verdict v, std::string_view word)>;

/// One below the other, with a line that counts them. What was skipped is named where `with_skipped` says so.
std::string text_of(const findings& all, bool with_skipped, const painter& paint = {});

/// `{"verdict":…,"ok":1,"warn":0,"fail":0,"skipped":2,"findings":[{"check":…,"about":…,"verdict":…,"found":…,"means":…,"advice":…}]}`
boost::json::value document_of(const findings& all, bool with_skipped);

} // namespace infra::cli::doctor
