#pragma once

/// Forms that a browser posts to a bucket: their hidden fields, and whether one that was posted may be.
///
///     auto hidden = sigv4::form_fields(policy, "photos", 10min, keys, {"us-east-1", now});
///
///     if (sigv4::check_form(form, secret_of, scope) != sigv4::verdict::good) …       // the other side
///     if (auto why = sigv4::check_policy(document, form, size, now)) answer(why->status, why->code, why->sentence);
///
/// Source: Amazon S3 API Reference, "Creating an HTML Form" and "POST Policy". Names of fields are compared without case.

#include "sigv4.hpp"

#include <infra/storage/signing.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::storage::sigv4 {

inline constexpr std::string_view file_name_variable = "${filename}";

/// What is hidden in the form: key, bucket, policy and what signs it. Throws std::invalid_argument naming the member of the
/// policy that cannot be.
std::map<std::string, std::string> form_fields(const post_policy& policy, const std::string& bucket,
                                               std::chrono::seconds expires, const credentials& keys, const scope& in);

// --- The other side -----------------------------------------------------------------------------------------------

/// Why a form is refused, in S3's words.
struct form_refusal {
    int status = 403;
    std::string code{};
    std::string sentence{};

    friend bool operator==(const form_refusal&, const form_refusal&) = default;
};

/// Whether the form's policy was signed by whoever has the secret; not what is in it.
verdict check_form(const fields& form, const std::function<std::optional<std::string>(std::string_view)>& secret_of,
                   const scope& in);

/// A policy document, read.
class form_conditions {
public:
    /// Of the JSON text. Empty for what is none.
    static std::optional<form_conditions> read(std::string_view document);

    /// The fields as they were sent, but with `bucket` among them and the file's name in `key`. Each must be allowed by a
    /// condition, and each condition hold.
    std::optional<form_refusal> check_fields(const fields& form, wall_time now) const;

    /// The file's.
    std::optional<form_refusal> check_size(std::uint64_t size) const;

    std::uint64_t min_size() const noexcept { return min_size_; }
    std::uint64_t max_size() const noexcept { return max_size_; }

private:
    struct condition {
        std::string field{}; ///< in lower case
        bool exactly = true; ///< or a beginning
        std::string value{};
    };
    struct reading;

    wall_time expires_{};
    std::vector<condition> conditions_{};
    std::uint64_t min_size_ = 0;
    std::uint64_t max_size_ = UINT64_MAX;
};

/// All of it. Empty: it may be stored.
std::optional<form_refusal> check_policy(std::string_view document, const fields& form, std::uint64_t size,
                                         wall_time now);

} // namespace infra::storage::sigv4
