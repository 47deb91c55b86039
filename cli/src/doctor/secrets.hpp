#pragma once

/// Secrets: hard to guess, and in files that others cannot read.

#include "check.hpp"

#include <cstdint>
#include <filesystem>

namespace infra::cli::doctor {

/// Why a secret is easy to guess; empty: it is not. Says nothing of what it is.
std::string weakness_of(std::string_view secret);

findings look_at_secrets(const situation& at);

/// A file with settings; its permissions as stat() has them.
struct file_facts {
    std::filesystem::path file{};
    std::string of{}; ///< RESEND_API_KEY_FILE, or empty for a `.env`
    unsigned mode = 0;
    std::string problem{}; ///< why it cannot be looked at
};

findings judge_file(const file_facts& facts);

std::string no_files(const situation& at);
findings look_at_files(const situation& at);

/// Of RESEND_API_KEY.
findings judge_resend_key(std::string_view key);

std::string no_resend(const situation& at);
findings look_at_resend(const situation& at);

} // namespace infra::cli::doctor
